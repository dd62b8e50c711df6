"""The next mail server, over SMTP: what is asked for in safety is what is used, or nothing is sent."""

import base64
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from agent.adapters.host.secret_file import read_secret
from agent.adapters.mail.connection import PATIENCE, Patient, PatientTls, own_name, protection_of
from agent.adapters.mail.mime import Letterhead, compose, is_address
from agent.adapters.mail.words import (
    NO_ADDRESS,
    TooSlow,
    login_refused,
    no_login,
    no_tls,
    refusal,
    spoken,
    translated,
)
from agent.core.configuration.config import Mail
from agent.core.model.notices import Fate, MessageRecord, Receipt
from agent.core.telling.mail_trial import Protection
from agent.core.text.plain import printable
from agent.errors import MailError

LAST_PATIENCE = 120.0  # for the answer to the text: who gives up too early sends it twice


class SmtpCourier:
    """Implements the port `Courier`; several messages go over one connection."""

    def __init__(self, mail: Mail, letterhead: Letterhead) -> None:
        self.mail = mail
        self.letterhead = letterhead
        host = f"[{mail.server}]" if ":" in mail.server else mail.server
        self.name = f"{host}:{mail.port}"
        self.protection: Protection | None = None  # of the last connection
        self._smtp: Patient | None = None

    def __enter__(self) -> "SmtpCourier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Connect and log in; MailError when a message would not even begin to be sent."""
        with self._translating():
            self._connected()

    def deliver(
        self,
        message: MessageRecord,
        recipients: Sequence[str],
        begun: Callable[[], None],
        *,
        duplicate: bool = False,
    ) -> tuple[Receipt, ...]:
        """What became of it, for each recipient; MailError when it certainly went to nobody."""
        text = compose(message, self.letterhead, duplicate=duplicate)
        with self._translating():
            smtp = self._connected()
            code, reply = smtp.mail(self.mail.sender)
            if code != 250:
                raise refusal(self.name, code, reply, f"to take mail from {self.mail.sender}")
            receipts = [self._ask_for(smtp, recipient) for recipient in recipients]
            if any(receipt.fate == "accepted" for receipt in receipts):
                begun()
                answer = self._hand_over(smtp, text)
                receipts = [_final(receipt, answer) for receipt in receipts]
        return tuple(receipts)

    def close(self) -> None:
        """Say goodbye, if there is anybody to hear it."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError, TooSlow):
                smtp.quit()
            smtp.close()

    def _ask_for(self, smtp: Patient, recipient: str) -> Receipt:
        if not is_address(recipient):
            return Receipt(recipient=recipient, fate="refused", reply=NO_ADDRESS)
        return _receipt(recipient, *smtp.rcpt(recipient))

    def _hand_over(self, smtp: Patient, text: bytes) -> tuple[int, bytes] | None:
        """The server's answer to the text; None when it had all of it and did not answer."""
        code, reply = smtp.docmd("DATA")
        if code != 354:
            return code, reply
        smtp.send(re.sub(rb"(?m)^\.", b"..", text) + b".\r\n")
        smtp.patience = LAST_PATIENCE
        try:
            return smtp.getreply()
        except (smtplib.SMTPException, OSError, TooSlow):
            self._drop()
            return None
        finally:
            smtp.patience = PATIENCE

    def _connected(self) -> Patient:
        """A connection that is logged in and ready for a message."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError, TooSlow):
                if self._smtp.rset()[0] == 250:
                    return self._smtp
            self._drop()
        password = read_secret(self.mail.password_file) if self.mail.user else ""
        self._smtp = smtp = self._open()
        assert smtp.sock is not None
        smtp.local_hostname = own_name(smtp.sock)
        self._greet(smtp)
        if self.mail.security == "starttls":
            self._secure(smtp)
        self.protection = protection_of(smtp.sock)
        if self.mail.user:
            self._log_in(smtp, password)
        return smtp

    def _open(self) -> Patient:
        where: dict[str, Any] = {
            "host": self.mail.server,
            "port": self.mail.port,
            "local_hostname": "localhost",  # what is told is chosen when we know our address
            "timeout": PATIENCE,
        }
        if self.mail.security == "tls":
            return PatientTls(**where, context=self._context())
        return Patient(**where)

    def _greet(self, smtp: Patient) -> None:
        code, reply = smtp.ehlo()
        if code != 250:
            raise refusal(self.name, code, reply, "to talk to us")

    def _secure(self, smtp: Patient) -> None:
        if not smtp.has_extn("starttls"):
            raise no_tls(self.name)
        smtp.starttls(context=self._context())  # it raises for any answer but yes
        self._greet(smtp)

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.mail.ca_file or None)
        except OSError as error:
            raise MailError(
                f"The ca_file {printable(self.mail.ca_file)} of [mail] holds no certificates we can read.",
                "Name a file with the certificates to trust, in PEM form.",
                "mail-ca-file",
            ) from error

    def _log_in(self, smtp: Patient, password: str) -> None:
        known = smtp.esmtp_features.get("auth", "").upper().split()
        user, secret = _base64(self.mail.user), _base64(password)
        both = _base64(f"\0{self.mail.user}\0{password}")
        if "PLAIN" in known:
            code, reply = smtp.docmd("AUTH", f"PLAIN {both}")
        elif "LOGIN" in known:
            code, reply = smtp.docmd("AUTH", f"LOGIN {user}")
            if code == 334:
                code, reply = smtp.docmd(secret)
        else:
            raise no_login(self.name)
        if code != 235:
            said = reply.decode("utf-8", "surrogateescape")
            told = any(each in said for each in (password, secret, both))
            raise login_refused(self.name, self.mail.user, code, "" if told else said)

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Whatever goes wrong ends the connection, and the network's trouble becomes a MailError."""
        try:
            yield
        except (smtplib.SMTPException, OSError, TooSlow) as error:
            self._drop()
            cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
            real = cause if isinstance(cause, OSError) else error
            raise translated(real, self.name, self.mail.server) from error
        except BaseException:
            self._drop()
            raise


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _receipt(recipient: str, code: int, reply: bytes) -> Receipt:
    fate: Fate = "accepted" if 200 <= code < 300 else "refused" if 500 <= code < 600 else "deferred"
    return Receipt(recipient=recipient, fate=fate, code=code, reply=spoken(reply))


def _final(receipt: Receipt, answer: tuple[int, bytes] | None) -> Receipt:
    """For whom the server would take the message, its answer to the text is what counts."""
    if receipt.fate != "accepted":
        return receipt
    if answer is None:
        reply = "the server had the whole message and did not answer"
        return Receipt(recipient=receipt.recipient, fate="perhaps", reply=reply)
    return _receipt(receipt.recipient, *answer)
