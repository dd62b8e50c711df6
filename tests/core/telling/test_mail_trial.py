"""The mail that only tries whether mail arrives: who gets it, and what is said of how it went."""

from datetime import UTC, datetime

import pytest

from agent.core.configuration.config import Mail
from agent.core.model.notices import Receipt
from agent.core.telling.mail_trial import Protection, Trial, answer, everybody, lines


def test_what_nobody_knows_is_called_so() -> None:
    receipts = (
        Receipt(recipient="a@x", fate="perhaps", reply="the server\x1b[2J had it"),
        Receipt(recipient="admin@x", fate="deferred", code=451),
    )

    assert lines(Trial(via="mail.x:25", protection=None, receipts=receipts)) == [
        "  a@x      nobody knows: the server\\x1b[2J had it",
        "  admin@x  deferred: 451 ",
    ]


def test_everybody_is_named_once_whatever_the_case() -> None:
    mail = Mail(sender="a@x", owner=("o@x", "b@x"), admin=("O@X", "c@x"), deputy=("c@x",))

    assert everybody(mail) == ("o@x", "b@x", "c@x")


@pytest.mark.parametrize(
    ("via", "protection", "how"),
    [
        ("mail.x:25", None, "not encrypted"),
        ("/usr/sbin/sendmail", None, "on this machine"),
        (
            "mail.x:465",
            Protection(version="TLSv1.2", issued_to="mail.x", valid_until=datetime(2027, 3, 1, tzinfo=UTC)),
            "TLSv1.2, certificate of mail.x valid until 1 March 2027",
        ),
    ],
)
def test_the_answer_says_how_it_was_protected(via: str, protection: Protection | None, how: str) -> None:
    receipts = (Receipt(recipient="a@x", fate="perhaps"),)

    assert answer(Trial(via=via, protection=protection, receipts=receipts)) == (
        f"The test mail was accepted for 0 of 1 recipient by {via} ({how})."
    )
