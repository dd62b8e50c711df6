"""The state directory, where everything of ours is kept."""

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import StateError


def prepare(state: Path) -> Path:
    """Make the state directory (mode 0700) when it is missing, and return it.

    Raises StateError when it is no directory, belongs to somebody else, lies open to others, or cannot be
    written.
    """
    with translated(state):
        if not state.exists():
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = state.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        _require_private(state, found)
        if os.statvfs(state).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return state


def _require_private(state: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        owner, we = _user(found.st_uid), _user(os.geteuid())
        raise StateError(
            f"The state directory {state} belongs to {owner}, but this is {we}.",
            f"Run readiness as {owner}, or set another [agent] state.",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError(
            f"The state directory {state} can be changed by other users (mode {found.st_mode & 0o7777:04o}).",
            f"Give readiness a directory of its own, or run: chmod 700 {state}",
        )


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


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
