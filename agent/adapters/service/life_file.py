"""The service's sign of life: one small file in the state directory.

Its time says when the service lived; its content, when it last could write all that it had to, by the clock
and by the seconds that the machine has been awake. To set a file's time needs no space, so that a full disk
does not look like a dead service.
"""

import errno
import os
import stat
import time
from datetime import UTC, datetime
from math import inf

from agent.core.model.life import Signs

NAME = "alive"
ROOM = 8192  # bytes that are written: too many for a file system to tuck them away beside the name
READ = 64  # of them that say something


class LifeFile:
    """Implements the port `LifeSign` in the state directory."""

    def __init__(self, state: str) -> None:
        self._file = os.path.join(state, NAME)  # noqa: PTH118 - pathlib is slow to import

    def give(self, now: datetime, *, recorded: bool) -> str:
        """Say that the service lives, and, when everything is `recorded`, that it can write.

        Returns what went wrong; never raises.
        """
        trouble = ""
        if recorded:
            try:
                self._write_anew(now)
            except OSError as error:
                trouble = _words(error)
        if trouble or not recorded:
            try:
                self._set_time()
            except OSError as error:
                trouble = trouble or _words(error)
        return trouble

    def _set_time(self) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.utime(handle)
        finally:
            os.close(handle)

    def _write_anew(self, now: datetime) -> None:
        """In the place of the old one only when there was room for it."""
        new = f"{self._file}.new"
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            content = f"{now.isoformat()} {int(time.monotonic())}".encode()
            written = os.write(handle, content.ljust(ROOM - 1) + b"\n")
        finally:
            os.close(handle)
        if written < ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.replace(new, self._file)  # noqa: PTH105


def read_signs(state: str) -> Signs:
    """What the machine shows right now; never raises."""
    file = os.path.join(state, NAME)  # noqa: PTH118
    alive, up = _time_of(file), time.clock_gettime(time.CLOCK_BOOTTIME)
    wrote, then = _content_of(file)
    since_boot = alive is not None and time.time() - alive.timestamp() < up
    awake = time.monotonic() - then if since_boot else inf
    return Signs(alive=alive, wrote=wrote, awake=awake if awake >= 0 else inf, up=up, trouble=_trouble(state))


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _time_of(file: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(os.stat(file).st_mtime, UTC)  # noqa: PTH116
    except (OSError, ValueError, OverflowError):
        return None


def _content_of(file: str) -> tuple[datetime | None, float]:
    """When it was written, by the clock and in seconds that the machine was awake."""
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            when, _, awake = opened.read(READ).decode().strip().partition(" ")
            found, seconds = datetime.fromisoformat(when), float(awake or -inf)
    except (OSError, ValueError):
        return None, -inf
    return (found, seconds) if found.tzinfo else (None, -inf)


def _trouble(state: str) -> str:
    """Why nothing can be written to the state; empty where there is none yet, or we may not look."""
    try:
        system, facts = os.statvfs(state), os.stat(state)  # noqa: PTH116
    except OSError:
        return ""
    mode = stat.S_IMODE(facts.st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others may change it (mode {mode:04o}), and nothing is written there before chmod 700"
    if system.f_flag & os.ST_RDONLY:
        return "its file system is read-only"
    free = system.f_bavail if os.geteuid() else system.f_bfree  # what is reserved is reserved for root
    if system.f_blocks and free * system.f_frsize < ROOM:
        return "its disk is full"
    if system.f_files and not system.f_favail:
        return "its disk has no room for another file"
    return ""
