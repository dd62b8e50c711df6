"""The state directory, where everything of ours is kept, and the lock that lets one readiness work in it."""

import errno
import fcntl
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import Busy, StateError


def prepare(state: Path) -> Path:
    """Make the state directory (mode 0700) when it is missing, and return it.

    Raises StateError when it is no directory, belongs to somebody else, lies open to others, or cannot be
    written.
    """
    with _translated(state):
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


@contextmanager
def exclusive(state: Path) -> Iterator[bool]:
    """Hold the state directory alone until the block or the process ends.

    Yields whether the last holder was killed, so that its clean-up is still to be done.
    Programs that we start do not inherit the lock. Raises Busy at once when another readiness holds it.
    """
    prepare(state)
    with _translated(state):
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(state / "lock", flags, 0o600)
    try:
        killed = _take(state, lock)
        try:
            yield killed
        finally:
            os.ftruncate(lock, 0)
    finally:
        # the file stays: removing it would let two processes lock two files of the same name
        os.close(lock)


def _take(state: Path, lock: int) -> bool:
    """Note our number in the lock; True when another's still stood there."""
    with _translated(state):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(state, lock) from None
        killed = bool(os.pread(lock, 1, 0))
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return killed


def _busy(state: Path, lock: int) -> Busy:
    holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
    number = f" (PID {holder})" if holder.isdecimal() else ""
    return Busy(f"Another readiness{number} is at work on {state}.", "Try again when it has finished.")


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
def _translated(state: Path) -> Iterator[None]:
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
        errno.ELOOP: "its lock file is a symbolic link",
    }
    return reasons.get(error.errno or 0, error.strerror or type(error).__name__)


def _hint(error: OSError) -> str:
    if error.errno == errno.EROFS:
        return "Mount it writable, or set another [agent] state."
    return "Check [agent] state in the config, and run readiness as the user that owns it."
