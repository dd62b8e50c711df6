"""Trouble on the way to a mail server, in one clear sentence each, with what to do."""

import smtplib
import socket
import ssl

from agent.core.text.plain import printable
from agent.errors import MailError

LONGEST_REPLY = 200
NO_ADDRESS = "that is no mail address"
# OpenSSL's numbers of what is wrong with a certificate
NOT_YET, EXPIRED = 9, 10
FOREIGN = (18, 19, 20, 21)
WRONG_NAME = (62, 64)


class TooSlow(Exception):
    """The server did not answer in time, or never ends its answer."""


def spoken(reply: bytes | str) -> str:
    """What a server said, on one line, short, and safe for terminals: it may be hostile."""
    text = reply.decode("utf-8", "surrogateescape") if isinstance(reply, bytes) else reply
    shown = printable(" ".join(text[: 8 * LONGEST_REPLY].split()))
    return shown if len(shown) <= LONGEST_REPLY else shown[: LONGEST_REPLY - 3] + "..."


def refusal(server: str, code: int, reply: bytes | str, doing: str) -> MailError:
    """The server said no before anybody was reached."""
    later = 400 <= code < 500
    said = f"{code} {spoken(reply)}".strip()
    return MailError(
        f"{server} {'is not ready' if later else 'refused'} {doing}: {said}",
        "Try again later." if later else "Ask whoever runs that server, or correct [mail].",
        "mail-later" if later else "mail-refused",
    )


def login_refused(server: str, user: str, code: int, reply: str) -> MailError:
    """A wrong user or password, or a moment in which the server cannot tell."""
    if 400 <= code < 500:
        return refusal(server, code, reply, "to log us in")
    return MailError(
        f"{server} does not accept user {printable(user)} with the password from password_file:"
        f" {code} {spoken(reply)}".rstrip(),
        "Correct user or the password; some providers want a password of its own for each program.",
        "mail-login",
    )


def no_tls(server: str) -> MailError:
    """STARTTLS is not offered; nothing is sent in the clear."""
    return MailError(
        f"{server} offers no STARTTLS, so nothing was sent: it would go over the net in the clear.",
        'Use another server or port; security = "tls" with port 465 if that is what it speaks.'
        " If it always had STARTTLS, somebody between may be taking it out.",
        "mail-no-tls",
    )


def no_login(server: str) -> MailError:
    """It wants no password, or one in a way that we do not know."""
    return MailError(
        f"{server} offers no way to log in that is known here (AUTH PLAIN or LOGIN).",
        "Use the port for sending mail, usually 587, or take user and password_file out.",
        "mail-no-login",
    )


def translated(error: Exception, server: str, host: str) -> MailError:
    """Whatever smtplib, ssl or the network raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, server, host)
    if isinstance(error, ssl.SSLError):
        return _tls(error, server)
    if isinstance(error, smtplib.SMTPResponseException):
        return refusal(server, error.smtp_code, error.smtp_error, "to talk to us")
    return _unreachable(error, server, host)


def _unreachable(error: Exception, server: str, host: str) -> MailError:
    what, code = f"{server} cannot be reached: {spoken(str(error))}", "mail-unreachable"
    if isinstance(error, TooSlow | TimeoutError):
        what, code = f"{server} does not answer in time", "mail-timed-out"
    elif isinstance(error, socket.gaierror):
        what = f"The name {host} of the mail server cannot be looked up"
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        what, code = f"{server} closed the connection", "mail-broken"
    elif isinstance(error, OSError) and error.strerror:
        what = f"{server} cannot be reached: {error.strerror}"
    hint = "Check server, port and security in [mail], and the network."
    return MailError(f"{what}.", hint, code)


def _tls(error: ssl.SSLError, server: str) -> MailError:
    if error.reason == "WRONG_VERSION_NUMBER":
        return MailError(
            f"{server} does not speak TLS from the first byte on.",
            'Write security = "starttls" (usually port 587), or the port that speaks TLS (usually 465).',
            "mail-tls",
        )
    reason = (error.reason or "the handshake broke").replace("_", " ").lower()
    return MailError(
        f"{server} and this machine cannot agree on a safe connection (TLS: {spoken(reason)}).",
        "It has to speak TLS 1.2 or newer: ask whoever runs that server.",
        "mail-tls",
    )


def _certificate(error: ssl.SSLCertVerificationError, server: str, host: str) -> MailError:
    number = error.verify_code
    if number == EXPIRED:
        what, todo = "has expired", "Whoever runs that server has to renew it. Is this machine's clock right?"
    elif number == NOT_YET:
        what, todo = "is not valid yet", "Is this machine's clock right?"
    elif number in WRONG_NAME:
        what = f"is for another name than {host}"
        todo = (
            "Write the name that the certificate is for as server, or have a certificate made for this one."
        )
    elif number in FOREIGN:
        what = "is signed by nobody whom this machine trusts"
        todo = "If the server has a certificate of its own, name the one that signed it as ca_file in [mail]."
    else:
        what, todo = f"is wrong ({spoken(error.verify_message)})", "Ask whoever runs that server."
    return MailError(f"The certificate of {server} {what}.", todo, "mail-certificate")
