"""Opens what lies below a directory without following a single link, whoever swaps names meanwhile.

By openat2(2), where the kernel has it and no filter refuses it; else from directory to directory.
"""

import errno
import os
import stat
from collections.abc import Callable
from functools import cache
from typing import AnyStr

LONGEST = 4000  # bytes of a path that the kernel takes at once; longer ones go in pieces
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENAT2 = 437  # of Linux on every processor that has it, but for two, which say ENOSYS
_NO_MAGIC_LINKS, _NO_LINKS, _BENEATH = 0x02, 0x04, 0x08
_RESOLVE = _NO_MAGIC_LINKS | _NO_LINKS | _BENEATH

OpenAt2 = Callable[[int, bytes, int], int]  # as os.open(path, flags, dir_fd=...) in another order


def open_beneath(base: int, path: bytes, flags: int) -> int:
    """Open `path`, as long as it may be, below the directory descriptor `base`; b"" is `base` itself.

    OSError as of os.open; ELOOP where a link lies anywhere on the way or at the end, but for O_PATH with
    O_NOFOLLOW, which opens the link itself. A path that leads outside is EXDEV.
    """
    if len(path) > LONGEST:
        cut = path.rfind(b"/", 0, LONGEST)
        if cut <= 0:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        middle = open_beneath(base, path[:cut], _STEP)
        try:
            return open_beneath(middle, path[cut:].lstrip(b"/"), flags)
        finally:
            os.close(middle)
    openat2 = by_one_call()
    if not flags & os.O_PATH or flags & os.O_DIRECTORY:
        flags &= ~os.O_NOFOLLOW  # with which a link at the end is "no directory", as anything else
    return openat2(base, path or b".", flags) if openat2 else by_steps(base, path, flags)


def stat_beneath(base: int, path: bytes) -> os.stat_result:
    """What lies at `path` below `base`; of a link at the end, the link. OSError as of `open_beneath`."""
    handle = open_beneath(base, path, os.O_PATH | os.O_NOFOLLOW)
    try:
        return os.fstat(handle)
    finally:
        os.close(handle)


def by_steps(base: int, path: bytes, flags: int) -> int:
    """`open_beneath` from directory to directory."""
    if path.startswith(b"/"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    *above, last = [name for name in path.split(b"/") if name not in (b"", b".")] or [b"."]
    here = os.dup(base)
    try:
        for name in above:
            following = _opened(here, name, _STEP)
            os.close(here)
            here = following
        handle = _opened(here, last, flags | os.O_NOFOLLOW)
    finally:
        os.close(here)
    if not flags & os.O_NOFOLLOW and stat.S_ISLNK(os.fstat(handle).st_mode):  # with O_PATH
        os.close(handle)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return handle


def _opened(directory: int, name: bytes, flags: int) -> int:
    if name == b"..":
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    try:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=directory)
    except NotADirectoryError:
        if stat.S_ISLNK(os.lstat(name, dir_fd=directory).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


@cache
def by_one_call() -> OpenAt2 | None:
    """`open_beneath` by openat2, or None where that is not to be had."""
    import ctypes  # noqa: PLC0415 - slow to import, and not needed by those who open nothing

    call = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]
    call.restype = ctypes.c_long
    kind = ctypes.c_uint64 * 3

    def openat2(base: int, path: bytes, flags: int) -> int:
        if b"\0" in path:
            raise ValueError("embedded null byte")  # as os.open says
        how = kind(flags | os.O_CLOEXEC, 0, _RESOLVE)
        while (handle := int(call(_OPENAT2, base, path, how, ctypes.sizeof(how)))) < 0:
            number = ctypes.get_errno()
            if number not in (errno.EINTR, errno.EAGAIN):
                raise OSError(number, os.strerror(number))
        return handle

    try:
        os.close(openat2(-100, b".", _STEP))  # AT_FDCWD
    except OSError:
        return None
    return openat2


def real_path(path: AnyStr) -> AnyStr:
    """Where its links lead; the path as it is where one may not be read, as many of those below /proc."""
    try:
        return os.path.realpath(path)
    except OSError:
        return os.path.normpath(path)
