"""A mail server that says what a test has written for it, word by word."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.adapters.mail import connection, smtp
from agent.adapters.mail.connection import Patient
from agent.adapters.mail.smtp import SmtpCourier
from agent.core.configuration.config import Mail
from agent.core.model.notices import Receipt
from agent.errors import MailError
from support.builders.mails import LETTERHEAD, message
from support.servers.backends import LOOPBACK

SHORT = 0.4  # seconds that an impatient courier waits
Say = dict[str, bytes]
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
    """What is said of a message that is not taken: one short and harmless sentence."""
    with pytest.raises(MailError) as error:
        deliver(server, begun)
    assert error.value.message.isascii()
    assert error.value.message.isprintable()
    assert len(error.value.message) < 400
    return error.value


def make_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the courier give up after a moment."""
    for module in (smtp, connection):
        monkeypatch.setattr(module, "PATIENCE", SHORT)
    monkeypatch.setattr(smtp, "LAST_PATIENCE", SHORT)
    monkeypatch.setattr(Patient, "patience", SHORT)
