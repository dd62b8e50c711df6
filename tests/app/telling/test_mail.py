"""The way mail leaves this machine: the one that [mail] names."""

import pytest
from msgspec.structs import replace

from agent.app.telling.mail import courier
from agent.core.configuration.config import Config, Mail
from agent.errors import UsageError
from support.builders.shop import config

LOCAL = Mail(sender="readiness@shop.example", owner=("o@shop.example",), admin=(), sendmail="/opt/sendmail")


def shop(mail: Mail | None) -> Config:
    return replace(config(), mail=mail)


def test_with_a_server_mail_goes_to_it() -> None:
    with courier(shop(replace(LOCAL, server="mail.shop.example", port=587))) as by:
        assert by.name == "mail.shop.example:587"


def test_without_a_server_this_machine_takes_it() -> None:
    with courier(shop(LOCAL)) as by:
        assert by.name == "/opt/sendmail"


def test_without_mail_it_says_what_to_add() -> None:
    with pytest.raises(UsageError) as refused, courier(shop(None)):
        pass
    assert refused.value.message == "There is no [mail] in /etc/readiness/readiness.toml, so nobody gets any."
    assert refused.value.hint == "Add [mail] with from, owner, admin and server."
