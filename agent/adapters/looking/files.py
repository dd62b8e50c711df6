"""Opens and copies files whose names are in foreign hands: regular files alone, never through a link."""

import errno
import os
import stat
import time

from agent.adapters.host.beneath import open_beneath
from agent.core.text.plain import size as size_text

STEP = 8 << 20  # bytes between two looks at the clock
RESERVE = 256 << 20  # bytes of a disk that large copies leave alone
_NOT_BETWEEN = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF)


class OutOfTime(Exception):
    """The deadline of a copy has passed."""


_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_live(path: str | os.PathLike[str]) -> int:
    """A descriptor to read a regular file of others, to which no link leads; OSError for anything else."""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return open_below(root, os.fsencode(path).lstrip(b"/"))
    finally:
        os.close(root)


def open_below(base: int, path: bytes) -> int:
    """Likewise below the directory descriptor `base`."""
    return _regular(open_beneath(base, path, _READ))


def open_regular(path: str | os.PathLike[str]) -> int:
    """A descriptor to read a regular file in a place of ours; OSError for anything else."""
    return _regular(os.open(path, _READ | os.O_NOFOLLOW))


def _regular(handle: int) -> int:
    """What is none is neither read nor waited for."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return handle


def require_room(place: int, needed: int) -> None:
    """OSError, with figures, unless a copy of `needed` bytes fits onto a disk and leaves some of it.

    A tenth of its size has to be left, or a two-hundredth of the disk, at most RESERVE.
    """
    disk = os.fstatvfs(place)
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if free < needed + min(RESERVE, max(needed // 10, whole // 200)):
        raise OSError(errno.ENOSPC, f"it takes {size_text(needed)}, and {size_text(free)} are free")


def copy_bytes(source: int, target: int, until: float, first: int = 0, size: int | None = None) -> None:
    """Copy `size` bytes from the offset `first` on, or all that the file has now, to the same offset.

    OutOfTime when that takes longer than `until`. Holes stay holes, and where the file system can, nothing is
    really copied.
    """
    here, end = first, os.fstat(source).st_size if size is None else first + size
    if os.fstat(target).st_size < end:
        os.ftruncate(target, end)
    while (here := _next_data(source, here)) < end:
        if time.monotonic() > until:
            raise OutOfTime
        done = _step(source, target, here, min(STEP, end - here))
        if not done:
            return
        here += done


def _next_data(source: int, here: int) -> int:
    """Where there is something from here on."""
    try:
        return os.lseek(source, here, os.SEEK_DATA)
    except OSError as error:
        return 1 << 62 if error.errno == errno.ENXIO else here


def _step(source: int, target: int, here: int, size: int) -> int:
    try:
        return os.copy_file_range(source, target, size, here, here)
    except OSError as error:
        if error.errno not in _NOT_BETWEEN:
            raise
    part = os.pread(source, size, here)
    written = 0
    while written < len(part):
        written += os.pwrite(target, part[written:], here + written)
    return written
