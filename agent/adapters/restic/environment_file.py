"""The file with the environment of one repository's restic: NAME=value lines, comments after #."""

import os
import re
import shlex
import stat

from agent.core.text.plain import printable
from agent.errors import ResticError

CODE = "environment-file-wrong"
LARGEST = 1 << 16
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
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return name, value


def _content(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # no FIFO makes us wait
        try:
            _require_private(path, os.fstat(file))
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


def _require_private(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size >= LARGEST:
        raise ResticError(
            f"The environment file {printable(path)} is no small regular file.",
            "Name a file of NAME=value lines.",
            CODE,
        )
    if found.st_mode & 0o027:  # its group may be the service's, and read
        raise ResticError(
            f"The environment file {printable(path)} is open to others (mode {found.st_mode & 0o7777:04o}).",
            f"Run: chmod 600 {shlex.quote(path)}",
            CODE,
        )
