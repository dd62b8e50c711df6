"""Locks that SQLite heeds, on bytes of a file.

They belong to the descriptor: those that SQLite takes belong to the process, and fall with any other
descriptor of the file that it closes.
"""

import errno
import fcntl
import os
import struct
from contextlib import suppress

_LOCK = "hhqqi4x"


class Locked(Exception):
    """Somebody else has it."""


def lock(handle: int, first: int, length: int) -> bool:
    """Lock it for reading; False where the file system has no such locks."""
    wanted = struct.pack(_LOCK, fcntl.F_RDLCK, os.SEEK_SET, first, length, 0)
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise Locked from error
        return False
    return True


def may_lock(handle: int, first: int, length: int) -> bool:
    """Whether it could be locked for reading."""
    try:
        return lock(handle, first, length)
    except Locked:
        return False


def unlock(handle: int, first: int, length: int) -> None:
    """Give it back."""
    with suppress(OSError):
        fcntl.fcntl(
            handle, fcntl.F_OFD_SETLK, struct.pack(_LOCK, fcntl.F_UNLCK, os.SEEK_SET, first, length, 0)
        )


def is_locked(handle: int, first: int, length: int) -> bool:
    """Whether somebody else has locked it in any way."""
    asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, first, length, 0)
    try:
        found = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, asked)
    except OSError:
        return False
    return bool(struct.unpack(_LOCK, found)[0] != fcntl.F_UNLCK)
