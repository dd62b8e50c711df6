"""Mail handed to a real exim4: protected as asked for, or not sent at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.mail.smtp import SmtpCourier
from agent.core.configuration.config import Mail
from agent.core.model.notices import MessageRecord, Receipt
from agent.errors import MailError
from support.builders.mails import LETTERHEAD, message, part
from support.servers.certificates import Issuer
from support.servers.mail_server import DOMAIN, PASSWORD, USER, MailServer, running_mail_server


def address(person: str) -> str:
    return f"{person}@{DOMAIN}"


def mail_to(to: MailServer, **changed: Any) -> Mail:
    fields: dict[str, Any] = {
        "sender": address("readiness"),
        "owner": (address("owner"),),
        "admin": (),
        "server": "127.0.0.1",
        "port": to.port,
        "user": USER,
        "password_file": str(to.password_file),
        "ca_file": str(to.ca_file),
    }
    return Mail(**{**fields, **changed})


class Post:
    """Sends through one courier and remembers when the text was handed over."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.begun = 0

    def send(
        self, *people: str, what: MessageRecord | None = None, duplicate: bool = False
    ) -> tuple[Receipt, ...]:
        with SmtpCourier(self.mail, LETTERHEAD) as courier:
            recipients = tuple(map(address, people))
            return courier.deliver(what or message(), recipients, self._begin, duplicate=duplicate)

    def _begin(self) -> None:
        self.begun += 1

    def trouble(self) -> MailError:
        """What it says when it must not send; nothing may have been handed over, nor be told in secret."""
        with pytest.raises(MailError) as refused:
            self.send("owner")
        assert self.begun == 0
        assert PASSWORD not in refused.value.message + refused.value.hint
        assert refused.value.hint
        return refused.value


def fates(receipts: tuple[Receipt, ...]) -> list[tuple[str, int]]:
    return [(receipt.fate, receipt.code) for receipt in receipts]


def nothing_arrived(server: MailServer) -> bool:
    return not list((server.base / "mail").iterdir()) and not list((server.base / "spool/input").glob("*"))


def test_a_mail_arrives_as_it_was_written(mail_server: MailServer) -> None:
    post = Post(mail_to(mail_server))
    text = "Grüße\n.\n..two\nFrom here\n" + "long " * 300 + "\n"

    receipts = post.send("owner", what=message(text=text, subject="UNKNOWN - Bücher"))

    assert fates(receipts) == [("accepted", 250)]
    assert post.begun == 1
    [arrived] = mail_server.inbox("owner")
    assert part(arrived, "plain").rstrip("\n") == text.rstrip("\n")
    assert arrived["Message-ID"] == "<7.abc@shop>"
    assert arrived["Return-path"] == f"<{address('readiness')}>"
    assert "TLS1.3" in arrived["Received"]
    assert "esmtpsa" in arrived["Received"]


def test_tls_from_the_first_byte_on(mail_server: MailServer) -> None:
    post = Post(mail_to(mail_server, port=mail_server.tls_port, security="tls"))

    assert fates(post.send("owner")) == [("accepted", 250)]
    assert len(mail_server.inbox("owner")) == 1


def test_what_is_asked_for_in_clear_on_this_machine_needs_no_certificate(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail", offers_tls=False, login=False) as server:
        plain = mail_to(server, security="none", user="", password_file="", ca_file="")

        assert fates(Post(plain).send("owner")) == [("accepted", 250)]
        assert "esmtps" not in server.inbox("owner")[0]["Received"]


def test_several_messages_go_over_one_connection(mail_server: MailServer) -> None:
    with SmtpCourier(mail_to(mail_server), LETTERHEAD) as courier:
        for number in range(3):
            one = message(message_id=f"<{number}@shop>")
            courier.deliver(one, (address("owner"),), lambda: None)

    arrived = mail_server.inbox("owner", 3)
    assert sorted(each["Message-ID"] for each in arrived) == ["<0@shop>", "<1@shop>", "<2@shop>"]
    assert mail_server.log().count("TCP/IP connection count") == 2  # the first looked whether it is up


def test_a_possible_second_copy_says_so(mail_server: MailServer) -> None:
    Post(mail_to(mail_server)).send("owner", duplicate=True)

    assert mail_server.inbox("owner")[0]["X-Readiness-Duplicate"] == "possible"


def test_a_wrong_password_sends_nothing_and_is_named(mail_server: MailServer) -> None:
    mail_server.password_file.write_text("wrong\n")
    refused = Post(mail_to(mail_server)).trouble()

    assert refused.code == "mail-login"
    assert refused.message == (
        f"127.0.0.1:{mail_server.port} does not accept user readiness with the password from password_file:"
        " 535 Incorrect authentication data"
    )
    assert nothing_arrived(mail_server)


def test_a_server_that_wants_a_password_says_so_to_one_without(mail_server: MailServer) -> None:
    receipts = Post(mail_to(mail_server, user="", password_file="")).send("owner")

    assert receipts == (
        Receipt(
            recipient=address("owner"),
            fate="refused",
            code=550,
            reply="relay not permitted without a login",
        ),
    )


def test_an_expired_certificate_sends_nothing(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail", days=-1) as server:
        refused = Post(mail_to(server)).trouble()

        assert refused.code == "mail-certificate"
        assert refused.message == f"The certificate of 127.0.0.1:{server.port} has expired."
        assert nothing_arrived(server)


def test_a_certificate_of_a_stranger_sends_nothing(mail_server: MailServer, tmp_path: Path) -> None:
    stranger = Issuer(tmp_path, "somebody else")
    for ca_file in ("", str(stranger.file)):
        refused = Post(mail_to(mail_server, ca_file=ca_file)).trouble()

        assert refused.code == "mail-certificate"
        assert "is signed by nobody whom this machine trusts" in refused.message
        assert "ca_file" in refused.hint
    assert nothing_arrived(mail_server)


def test_a_certificate_for_another_name_sends_nothing(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail", host="mail.shop.example") as server:
        for security, port in (("starttls", server.port), ("tls", server.tls_port)):
            refused = Post(mail_to(server, security=security, port=port)).trouble()

            assert refused.code == "mail-certificate"
            assert refused.message.endswith("is for another name than 127.0.0.1.")
        assert nothing_arrived(server)


def test_without_starttls_nothing_is_sent_in_the_clear(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail", offers_tls=False, login=False) as server:
        refused = Post(mail_to(server)).trouble()

        assert refused.code == "mail-no-tls"
        assert nothing_arrived(server)
        assert PASSWORD not in server.log()


def test_tls_at_a_port_for_starttls_is_explained(mail_server: MailServer) -> None:
    refused = Post(mail_to(mail_server, security="tls")).trouble()

    assert refused.code == "mail-tls"
    assert 'security = "starttls"' in refused.hint


def test_one_refused_recipient_keeps_nobody_else_from_getting_it(mail_server: MailServer) -> None:
    post = Post(mail_to(mail_server))

    receipts = post.send("owner", "nobody", "admin")

    assert fates(receipts) == [("accepted", 250), ("refused", 550), ("accepted", 250)]
    assert [receipt.recipient for receipt in receipts] == list(map(address, ("owner", "nobody", "admin")))
    assert receipts[1].reply == "no such person here"
    assert post.begun == 1
    mail_server.inbox("owner")
    mail_server.inbox("admin")


def test_when_all_are_refused_nothing_begins(mail_server: MailServer) -> None:
    post = Post(mail_to(mail_server))

    assert fates(post.send("nobody", "no-one")) == [("refused", 550)] * 2
    assert post.begun == 0


def test_greylisting_defers_and_a_later_attempt_is_accepted(mail_server: MailServer) -> None:
    grey = mail_server.base / "grey"
    grey.touch()
    post = Post(mail_to(mail_server))

    assert fates(post.send("grey", "owner")) == [("deferred", 451), ("accepted", 250)]
    grey.unlink()
    assert fates(post.send("grey")) == [("accepted", 250)]
    mail_server.inbox("grey")


def test_a_text_that_is_refused_is_refused_for_everybody(mail_server: MailServer) -> None:
    receipts = Post(mail_to(mail_server)).send("owner", "nobody", "admin", what=message(subject="viagra"))

    assert fates(receipts) == [("refused", 550)] * 3
    assert [receipt.reply for receipt in receipts] == [
        "this looks like spam",
        "no such person here",
        "this looks like spam",
    ]


def test_a_server_that_is_down_comes_back(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail") as server:
        post = Post(mail_to(server))
    refused = post.trouble()
    assert refused.code == "mail-unreachable"
    assert refused.message == f"127.0.0.1:{server.port} cannot be reached: Connection refused."

    with running_mail_server(tmp_path / "mail", port=server.port) as again:
        assert fates(post.send("owner")) == [("accepted", 250)]
        again.inbox("owner")


def test_a_server_that_went_away_between_two_messages_is_asked_again(exim: None, tmp_path: Path) -> None:
    with running_mail_server(tmp_path / "mail") as server:
        courier = SmtpCourier(mail_to(server), LETTERHEAD)
        courier.deliver(message(), (address("owner"),), lambda: None)
        server.inbox("owner")
    with running_mail_server(tmp_path / "mail", port=server.port) as again, courier:
        courier.deliver(message(), (address("owner"),), lambda: None)
        again.inbox("owner", 2)


def test_check_goes_all_the_way_and_hands_over_nothing(mail_server: MailServer) -> None:
    with SmtpCourier(mail_to(mail_server), LETTERHEAD) as courier:
        courier.check()

        assert courier.protection
        assert (courier.protection.version, courier.protection.issued_to) == ("TLSv1.3", "127.0.0.1")
        assert timedelta(0) < courier.protection.valid_until - datetime.now(UTC) < timedelta(days=1)
        mail_server.password_file.write_text("wrong")
        courier.check()  # it is logged in already
    with pytest.raises(MailError, match="does not accept user"):
        SmtpCourier(mail_to(mail_server), LETTERHEAD).check()
    assert nothing_arrived(mail_server)


def test_a_password_file_that_others_may_read_sends_nothing(mail_server: MailServer) -> None:
    mail_server.password_file.chmod(0o644)

    assert Post(mail_to(mail_server)).trouble().code == "mail-password-file"
    assert nothing_arrived(mail_server)


def test_a_ca_file_without_a_certificate_is_named(mail_server: MailServer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        refused = Post(mail_to(mail_server, ca_file=str(tmp_path / name))).trouble()

        assert refused.code == "mail-ca-file"
        assert name in refused.message


def test_a_name_that_does_not_exist_is_named(mail_server: MailServer) -> None:
    refused = Post(mail_to(mail_server, server="nowhere.invalid")).trouble()

    assert refused.code == "mail-unreachable"
    assert refused.message == "The name nowhere.invalid of the mail server cannot be looked up."
