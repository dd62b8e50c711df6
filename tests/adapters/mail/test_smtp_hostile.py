"""A mail server that breaks off, stalls, lies and shouts: nothing is lost, nothing hangs, nothing leaks."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.adapters.mail import connection as smtp_connection
from agent.adapters.mail import smtp
from agent.adapters.mail.connection import Patient
from agent.adapters.mail.smtp import SmtpCourier
from agent.core.configuration.config import Mail
from agent.core.model.notices import Receipt
from agent.errors import MailError
from support.builders.mails import LETTERHEAD, message
from support.servers.backends import LOOPBACK

Say = dict[str, bytes]
SHORT = 0.4
EVERYTHING = {
    "": b"220 hello\r\n",
    "EHLO": b"250-hello\r\n250 AUTH PLAIN\r\n",
    "AUTH": b"235 ok\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 taken\r\n",
    "QUIT": b"221 bye\r\n",
    "RSET": b"250 ok\r\n",
}


class Scripted:
    """Answers by the first word of each command; an empty answer closes the connection."""

    def __init__(self, says: Say, then: Callable[[socket.socket], None] | None) -> None:
        self.says = {**EVERYTHING, **says}
        self.then = then  # what an answer that begins with "!" does instead
        self.heard: list[bytes] = []
        self.socket = socket.create_server((LOOPBACK, 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection, suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if not self._say(connection, ""):
            return
        for line in (lines := connection.makefile("rb")):
            self.heard.append(line.strip())
            word = line.split()[0].decode().upper()
            if not self._say(connection, word):
                break
            if word == "DATA" and self.says["DATA"].startswith(b"354"):
                while (text := lines.readline()) not in (b".\r\n", b""):
                    self.heard.append(text)
                if not self._say(connection, "."):
                    break
        lines.close()

    def _say(self, connection: socket.socket, word: str) -> bool:
        answer = self.says.get(word, b"502 what?\r\n")
        if answer == b"!" and self.then:
            self.then(connection)
        elif answer:
            connection.sendall(answer)
        return bool(answer)

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


@contextmanager
def serving(says: Say, then: Callable[[socket.socket], None] | None = None) -> Iterator[Scripted]:
    server = Scripted(says, then)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (smtp, smtp_connection):
        monkeypatch.setattr(module, "PATIENCE", SHORT)
    monkeypatch.setattr(smtp, "LAST_PATIENCE", SHORT)
    monkeypatch.setattr(Patient, "patience", SHORT)


@pytest.fixture
def begun() -> list[str]:
    return []


def courier_to(server: Scripted, password_file: Path | None = None) -> SmtpCourier:
    mail = Mail(
        sender="a@x.example",
        owner=("o@x.example",),
        admin=(),
        server=LOOPBACK,
        port=server.port,
        security="none",
        user="readiness" if password_file else "",
        password_file=str(password_file or ""),
    )
    return SmtpCourier(mail, LETTERHEAD)


def deliver(
    server: Scripted, begun: list[str], recipients: tuple[str, ...] = ("o@x.example", "p@x.example")
) -> tuple[Receipt, ...]:
    with courier_to(server) as courier:
        return courier.deliver(message(), recipients, lambda: begun.append("begun"))


def refused(server: Scripted, begun: list[str]) -> MailError:
    with pytest.raises(MailError) as error:
        deliver(server, begun)
    assert error.value.message.isascii()
    assert error.value.message.isprintable()
    assert len(error.value.message) < 400
    return error.value


def test_the_script_itself_takes_a_message(begun: list[str]) -> None:
    with serving({}) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == ["accepted", "accepted"]

    assert server.heard[1].lower() == b"mail from:<a@x.example>"  # Python 3.13 writes it otherwise
    assert begun == ["begun"]


def test_we_introduce_ourselves_with_a_full_name_or_an_address(begun: list[str]) -> None:
    with serving({}) as server:
        deliver(server, begun)

    name = server.heard[0].decode("ascii").removeprefix("ehlo ")
    assert name == "[127.0.0.1]" or "." in name


@pytest.mark.parametrize(
    "name", ["localhost", "localhost.localdomain", "shop", "my_host.example", "a b.example"]
)
def test_what_is_no_full_name_is_not_said_to_be_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: name)
    with socket.create_server((LOOPBACK, 0)) as found:
        assert smtp_connection.own_name(found) == "[127.0.0.1]"
        monkeypatch.setattr(socket, "getfqdn", lambda: "shop.harbour-lane.example")
        assert smtp_connection.own_name(found) == "shop.harbour-lane.example"


def test_no_answer_to_the_whole_text_means_that_nobody_knows(begun: list[str]) -> None:
    with serving({".": b"", "RCPT": b"250 ok\r\n"}) as server:
        receipts = deliver(server, begun)

    assert [(receipt.fate, receipt.code) for receipt in receipts] == [("perhaps", 0)] * 2
    assert receipts[0].reply == "the server had the whole message and did not answer"
    assert begun == ["begun"]


def test_a_server_that_falls_silent_behind_the_text_leaves_it_open_as_well(begun: list[str]) -> None:
    with serving({".": b"!"}, then=lambda _: None) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == ["perhaps"] * 2


def test_an_answer_that_comes_too_late_is_not_taken_for_another(begun: list[str]) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(2 * SHORT)
        connection.sendall(b"554 no\r\n")

    with serving({".": b"!"}, then=late) as server, courier_to(server) as courier:
        for _ in range(2):
            receipts = courier.deliver(message(), ("o@x.example",), lambda: begun.append("begun"))
            assert [receipt.fate for receipt in receipts] == ["perhaps"]

    assert len([line for line in server.heard if line.startswith(b"ehlo")]) == 2
    assert b"rset" not in server.heard


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_who_breaks_off_before_the_text_has_certainly_not_got_it(word: str, begun: list[str]) -> None:
    with serving({word: b""}) as server:
        error = refused(server, begun)

    assert error.code in ("mail-broken", "mail-unreachable")
    assert begun == (["begun"] if word == "DATA" else [])
    assert not [line for line in server.heard if b"orders" in line.lower()]


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_silence_is_given_up(word: str, begun: list[str]) -> None:
    with serving({word: b"!"}, then=lambda _: None) as server:
        assert refused(server, begun).code == "mail-timed-out"


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL"])
def test_a_byte_at_a_time_is_given_up(word: str, begun: list[str]) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"250-")
        while True:
            connection.sendall(b"x")
            time.sleep(SHORT / 8)

    with serving({word: b"!"}, then=drip) as server:
        assert refused(server, begun).code == "mail-timed-out"


def test_an_answer_without_end_is_given_up(begun: list[str]) -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"250-more\r\n" * 1000)

    with serving({"EHLO": b"!"}, then=flood) as server:
        assert refused(server, begun).code == "mail-timed-out"


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"": b"554 go away\r\n"}, "mail-refused"),
        ({"": b"421 too busy\r\n"}, "mail-later"),
        ({"": b"SSH-2.0-OpenSSH\r\n"}, "mail-refused"),
        ({"EHLO": b"502 what?\r\n"}, "mail-refused"),
        ({"MAIL": b"550 not you\r\n"}, "mail-refused"),
        ({"MAIL": b"451 not now\r\n"}, "mail-later"),
        ({"EHLO": b"250 " + b"x" * 20_000 + b"\r\n"}, "mail-refused"),
    ],
)
def test_a_no_before_anybody_is_reached_is_told_as_one(says: Say, code: str, begun: list[str]) -> None:
    with serving(says) as server:
        trouble = refused(server, begun)

    assert (trouble.code, begun) == (code, [])
    assert ("is not ready to" in trouble.message) is (code == "mail-later")


@pytest.mark.parametrize(
    ("says", "fates", "begins"),
    [
        ({"RCPT": b"452 full\r\n"}, "deferred", 0),
        ({"RCPT": b"552 full\r\n"}, "refused", 0),
        ({"RCPT": b"what?\r\n"}, "deferred", 0),
        ({"DATA": b"451 not now\r\n"}, "deferred", 1),
        ({"DATA": b"554 no\r\n"}, "refused", 1),
        ({".": b"451 not now\r\n"}, "deferred", 1),
        ({".": b"554 spam\r\n"}, "refused", 1),
        ({".": b"rubbish\r\n"}, "deferred", 1),
    ],
)
def test_an_answer_about_people_or_the_text_is_a_receipt(
    says: Say, fates: str, begins: int, begun: list[str]
) -> None:
    with serving(says) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == [fates] * 2

    assert len(begun) == begins


def test_what_a_server_says_is_short_and_harmless(begun: list[str]) -> None:
    shouted = b"550-\x1b[2J\x1b]0;owned\x07 \xff\xe2\x80\xae\r\n550 " + b"A" * 900 + b"\r\n"
    with serving({"RCPT": shouted}) as server:
        receipts = deliver(server, begun)

    assert receipts[0].reply.startswith("\\x1b[2J\\x1b]0;owned\\x07 \\xff\\u202e AAA")
    assert receipts[0].reply.isprintable()
    assert len(receipts[0].reply) == 200


def test_a_server_that_repeats_the_password_is_not_quoted(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("hunter2")
    both = base64.b64encode(b"\0readiness\0hunter2")
    for echoed in (b"hunter2", both):
        with serving({"AUTH": b"535 wrong: " + echoed + b"\r\n"}) as server:
            with pytest.raises(MailError) as error:
                courier_to(server, password).check()

            assert b"AUTH PLAIN " + both in server.heard
        assert error.value.code == "mail-login"
        assert "hunter2" not in error.value.message
        assert both.decode() not in error.value.message


def test_a_login_that_cannot_be_judged_now_is_no_wrong_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("hunter2")
    with serving({"AUTH": b"454 the directory is down\r\n"}) as server, pytest.raises(MailError) as error:
        courier_to(server, password).check()

    assert error.value.code == "mail-later"


def test_trouble_in_writing_down_that_it_begins_stops_it() -> None:
    def fail() -> None:
        raise RuntimeError("the disk is full")

    with serving({}) as server, courier_to(server) as courier, pytest.raises(RuntimeError):
        courier.deliver(message(), ("o@x.example",), fail)

    assert b"data" not in [line.lower() for line in server.heard]


def test_a_dot_alone_ends_no_message_early() -> None:
    with serving({}) as server, courier_to(server) as courier:
        courier.deliver(message(text=".\n.\n..\n"), ("o@x.example",), lambda: None)
        courier.deliver(message(), ("o@x.example",), lambda: None)

    assert len([line for line in server.heard if line.upper().startswith(b"MAIL FROM")]) == 2


@pytest.mark.parametrize("name", ["a\r\nRSET", "ä@x.example", "a@x\0", "\udcff@x", "", "a b@x>"])
def test_what_is_no_address_is_refused_here_and_says_nothing_to_the_server(
    name: str, begun: list[str]
) -> None:
    with serving({}) as server:
        receipts = deliver(server, begun, (name, "o@x.example"))

    assert [receipt.fate for receipt in receipts] == ["refused", "accepted"]
    assert len([line for line in server.heard if line.startswith(b"rcpt")]) == 1
