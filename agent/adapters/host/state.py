"""The state directory, where everything of ours is kept."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.host.trusted import Untrusted, user, weakness_of
from agent.core.text.plain import printable
from agent.errors import StateError


def prepare(state: Path) -> Path:
    """Make the state directory (mode 0700) when it is missing, and return it.

    Raises StateError when it is no directory, belongs to somebody else, lies open to others, may be replaced
    by others, or cannot be written.
    """
    with translated(state):
        make(state, "state directory")
        found = state.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        _require_private(state, found)
        require_guarded(state, "state directory")
        if os.statvfs(state).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if not os.access(state, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return state


def make(directory: Path, what: str) -> None:
    """Make a directory, with mode 0700, where it is missing. Raises OSError, and StateError where others may
    change the way to it."""
    if not directory.exists():
        require_guarded(next(each for each in directory.absolute().parents if each.exists()), what)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def require_guarded(directory: Path, what: str) -> None:
    """Nobody less trusted may change what lies in a directory, or the way to it; else StateError."""
    hint = "Name the real path"
    try:
        weakness = weakness_of(str(directory.absolute()))
        if weakness is None:
            return
        hint = "Name one in a directory of root's" if weakness.is_theirs else weakness.hint
        why = f"{weakness.path} {weakness.why}"
    except Untrusted as error:
        why = error.strerror or str(error)
    raise StateError(
        f"The {what} {printable(str(directory))} is not safe from others: {printable(why)}.",
        f"{hint}, or set another in [agent]." if hint.startswith("Run") else f"{hint} in [agent].",
    )


def _require_private(state: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        owner, we = user(found.st_uid), user(os.geteuid())
        raise StateError(
            f"The state directory {state} belongs to {owner}, but this is {we}.",
            f"Run readiness as {owner}, or set another [agent] state.",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError(
            f"The state directory {state} can be changed by other users (mode {found.st_mode & 0o7777:04o}).",
            f"Give readiness a directory of its own, or run: chmod 700 {state}",
        )


@contextmanager
def translated(state: Path) -> Iterator[None]:
    """Turn what the system says about the state directory into one clear sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StateError(
                f"The disk that holds the state directory {state} is full.",
                "Make room there, or set another [agent] state.",
                code="state-full",
            ) from error
        raise StateError(
            f"The state directory {state} cannot be used: {_reason(error)}.", _hint(error)
        ) from error


def _reason(error: OSError) -> str:
    reasons = {
        errno.EROFS: "its file system is read-only",
        errno.ENOTDIR: "it is not a directory",
        errno.EEXIST: "it is not a directory",
        errno.EACCES: "access is denied",
        errno.ELOOP: "a lock file is a symbolic link",
    }
    return reasons.get(error.errno or 0, error.strerror or type(error).__name__)


def _hint(error: OSError) -> str:
    if error.errno == errno.EROFS:
        return "Mount it writable, or set another [agent] state."
    return "Check [agent] state in the config, and run readiness as the user that owns it."
