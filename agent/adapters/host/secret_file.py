"""A file with one secret, such as the password of a mail server: read just before it is used."""

import os
import shlex
import stat

from agent.core.configuration.location import missing_secret_hint
from agent.core.text.plain import printable
from agent.errors import MailError

LARGEST = 1 << 12
CODE = "mail-password-file"


def read_secret(path: str) -> str:
    """Its first line.

    MailError when the file is missing, open to other users, or holds no one line. What is in it is never part
    of a message.
    """
    shown = printable(path)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # no FIFO makes us wait
        try:
            _require_private(path, os.fstat(file))
            written = os.read(file, LARGEST).decode().removesuffix("\n").removesuffix("\r")
        finally:
            os.close(file)
    except OSError as error:
        hint = missing_secret_hint(path, "mail server")
        raise MailError(f"The password file {shown} cannot be read: {error.strerror}.", hint, CODE) from error
    except UnicodeDecodeError:
        raise _unusable(f"The password file {shown} is not text in UTF-8.") from None  # its bytes are secret
    if not written or not written.isprintable():
        raise _unusable(f"The password file {shown} does not hold one line with a password.")
    return written


def is_open(found: os.stat_result) -> str:
    """That others may read or change a file; its group may be the service's, and read."""
    return f"is open to others (mode {found.st_mode & 0o7777:04o})" if found.st_mode & 0o027 else ""


def _unusable(message: str) -> MailError:
    return MailError(message, "Write the mail server's password into it, and nothing else.", CODE)


def _require_private(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size >= LARGEST:
        raise _unusable(f"The password file {printable(path)} is no small regular file.")
    if why := is_open(found):
        raise MailError(
            f"The password file {printable(path)} {why}.",
            f"Run: chmod 600 {shlex.quote(path)}",
            CODE,
        )
