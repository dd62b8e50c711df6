"""A connection to a mail server that waits for nothing longer than it should."""

import re
import smtplib
import socket
import ssl
import time
from datetime import UTC, datetime
from typing import Any

from agent.adapters.mail.words import TooSlow, spoken
from agent.core.telling.mail_trial import Protection

PATIENCE = 30.0  # seconds for every step
LONGEST_ANSWER = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+")


class _Answers:
    """Reads a server's answers, each of them whole within the time that it has."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""
        self.expect(PATIENCE)

    def expect(self, seconds: float) -> None:
        """An answer begins; it may take so long."""
        self._deadline = time.monotonic() + seconds
        self._left = LONGEST_ANSWER

    def readline(self, limit: int) -> bytes:
        """As smtplib wants it: empty at the end of the connection."""
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0 or self._left <= 0:
                raise TooSlow
            self._sock.settimeout(seconds)
            chunk = self._sock.recv(4096)
            if not chunk:
                return b""
            self._left -= len(chunk)
            self._buffer += chunk
        end = self._buffer.find(b"\n") + 1 or limit
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        """The socket is somebody else's."""


class Patient(smtplib.SMTP):
    """smtplib waits for every single byte anew: a server could hold us for ever."""

    patience = PATIENCE

    def getreply(self) -> tuple[int, bytes]:
        assert self.sock is not None
        if self.file is None:
            self.file = _Answers(self.sock)
        self.file.expect(self.patience)
        try:
            return super().getreply()
        except TooSlow:
            self.close()
            raise
        finally:
            if self.sock is not None:
                self.sock.settimeout(PATIENCE)


class PatientTls(smtplib.SMTP_SSL, Patient):
    """The same with TLS from the first byte on."""


def own_name(sock: socket.socket) -> str:
    """How we introduce ourselves: a full name, otherwise our address."""
    name = socket.getfqdn()
    if _NAME.fullmatch(name) and not name.startswith("localhost"):
        return name
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def protection_of(sock: socket.socket) -> Protection | None:
    """None for a connection in the clear; fails where the certificate was not checked."""
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate: dict[str, Any] = sock.getpeercert() or {}
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    subject = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return Protection(
        version=sock.version() or "TLS",
        issued_to=spoken((subject + names)[0]) if subject + names else "",
        valid_until=datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC),
    )
