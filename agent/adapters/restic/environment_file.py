"""The file with the environment of one repository's restic: NAME=value lines, comments in lines of their own.

What other readers of such files take in different ways is refused: systemd keeps a comment behind a value, a
shell drops it, and what becomes part of a secret opens nothing.
"""

import os
import re
import shlex
import stat

from agent.adapters.host.secret_file import is_open
from agent.adapters.host.trusted import Weakness, deciders, opened
from agent.core.text.plain import printable
from agent.errors import ResticError

CODE = "environment-file-wrong"
LARGEST = 1 << 16
QUOTES = "\"'"
_COMMENT = re.compile(r"(?:^|\s)#")
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_OURS = {
    "RESTIC_REPOSITORY",
    "RESTIC_REPOSITORY_FILE",
    "RESTIC_PASSWORD",
    "RESTIC_PASSWORD_FILE",
    "RESTIC_PASSWORD_COMMAND",
    "RESTIC_KEY_HINT",
    "RESTIC_CACHE_DIR",
    "RESTIC_PROGRESS_FPS",
    "LC_ALL",
    "PATH",
}
_OURS_BEGIN = ("RESTIC_FROM_", "LD_")


def read_environment(path: str) -> dict[str, str]:
    """The names and values; none for an empty `path`.

    ResticError when the file is missing, open to other users, malformed, or sets what the config sets.
    No value is ever part of a message.
    """
    if not path:
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(_content(path).splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            name, value = _pair(words, f"Line {number} of {printable(path)}")
            values[name] = value
    return values


def _pair(line: str, where: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if not found or "\0" in line:
        raise ResticError(
            f"{where} is not NAME=value.",
            "Write one NAME=value a line, without export, and # for comments.",
            CODE,
        )
    name, value = found.groups()
    if name in _OURS or name.startswith(_OURS_BEGIN):
        raise ResticError(f"{where} sets {name}, which readiness sets itself.", "Take that line out.", CODE)
    return name, _value(value, where)


def _value(written: str, where: str) -> str:
    """Without the quotes around it; what stands between them is taken as it stands."""
    quote = written[:1]
    if quote and quote in QUOTES:
        inside, closing, behind = written[1:].partition(quote)
        if not closing or behind:
            raise ResticError(
                f"The value in {_within(where)} begins with a quote that does not close at its end.",
                "Put the whole value in quotes and nothing behind them, or write it without quotes.",
                CODE,
            )
        return inside
    if _COMMENT.search(written):
        raise ResticError(
            f"{where} has a # behind the value: whether that is a comment is not clear.",
            "Give the comment a line of its own, or put the value in quotes if the # is part of it.",
            CODE,
        )
    if written and written[-1] in (*QUOTES, "\\"):
        raise ResticError(
            f"The value in {_within(where)} ends with a quote or a backslash.",
            "Put the whole value in quotes if that is part of it; a value is one line.",
            CODE,
        )
    return written


def _within(where: str) -> str:
    return where[0].lower() + where[1:]


def _content(path: str) -> str:
    try:
        file, weakness = opened(path, users=deciders())  # no FIFO makes us wait
        try:
            _require_private(path, os.fstat(file))
            if weakness:  # what it sets decides what restic starts, and where it goes
                raise ResticError(_not_ours(path, weakness), weakness.hint, CODE)
            return os.read(file, LARGEST).decode()
        finally:
            os.close(file)
    except OSError as error:
        raise ResticError(
            f"The environment file {printable(path)} cannot be read: {error.strerror}.",
            "Write it (mode 0600), or correct environment_file in the config.",
            CODE,
        ) from error
    except UnicodeDecodeError as error:
        raise ResticError(
            f"The environment file {printable(path)} is not text in UTF-8.",
            "Write one NAME=value a line.",
            CODE,
        ) from error


def _not_ours(path: str, weakness: Weakness) -> str:
    if weakness.path == path:
        return f"The environment file {printable(path)} {weakness.why}."
    where = printable(weakness.path)
    return f"The environment file {printable(path)} may be replaced by others: {where} {weakness.why}."


def _require_private(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size >= LARGEST:
        raise ResticError(
            f"The environment file {printable(path)} is no small regular file.",
            "Name a file of NAME=value lines.",
            CODE,
        )
    if why := is_open(found):
        raise ResticError(
            f"The environment file {printable(path)} {why}.",
            f"Run: chmod 600 {shlex.quote(path)}",
            CODE,
        )
