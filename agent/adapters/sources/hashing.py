"""SHA-256 of files, many at a time: reading and hashing release the interpreter, so threads are enough."""

import errno
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Callable

from msgspec import Struct

from agent.adapters.host.beneath import open_beneath
from agent.adapters.host.interrupts import unwinding
from agent.adapters.sources.walk import attributes_of
from agent.core.kinds import kinds
from agent.core.snapshot.witness import xattr_field

BLOCK = 1 << 20
SMALL = 1 << 16
# also what became a link, or lies behind one now: it is not followed
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
ZEROS = 64  # bytes that tell most files from zeros at once
Wanted = Callable[[bytes], bool]  # by the name of an extended attribute
_buffers = threading.local()


class Digest(Struct, frozen=True, gc=False):
    """What reading one file gave. `sha256` is hexadecimal, empty when it could not be read."""

    sha256: bytes
    size: int = 0
    zeros: bool = False  # nothing but zero bytes
    moved: bool = False  # changed while it was read
    error: str = ""
    head: bytes = b""  # the first bytes
    xattrs: bytes = b""  # the extended attributes that were asked for, as a field of the witness
    kind: str = ""  # of a database or a dump, as `core/kinds/kinds.py` has it


def digest(base: int, path: bytes, limit: int | None = None, wanted: Wanted | None = None) -> Digest:
    """Read the regular file `path` below the directory descriptor `base`, its first `limit` bytes at most.

    Also its extended attributes, as far as they are `wanted`.
    """
    try:
        handle = _open(base, path)
    except OSError as error:
        return Digest(b"", error=error.strerror or str(error), moved=error.errno in _GONE)
    try:
        before = os.fstat(handle)
        sha256, size, zeros, head = _read(handle, before.st_size, limit)
        xattrs = xattr_field(attributes_of(handle, wanted)) if wanted else b""
        after = os.fstat(handle)
    except OSError as error:
        return Digest(b"", error=error.strerror or str(error))
    finally:
        os.close(handle)
    moved = (before.st_ctime_ns, before.st_size) != (
        after.st_ctime_ns,
        after.st_size,
    ) or size != after.st_size
    return Digest(sha256.encode(), size, zeros, moved, "", head, xattrs)


def first_bytes(base: int, path: bytes) -> bytes:
    """What the regular file `path` below the directory descriptor `base` begins with; empty if unreadable."""
    try:
        handle = _open(base, path)
    except OSError:
        return b""
    try:
        return os.read(handle, kinds.HEAD)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _open(base: int, path: bytes) -> int:
    """Without touching the access time where we may; without waiting should it have become a FIFO."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = open_beneath(base, path, flags | os.O_NOATIME)
    except PermissionError:
        handle = open_beneath(base, path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(errno.ENOENT, "it is no regular file any more")
    return handle


def _read(handle: int, size: int, limit: int | None) -> tuple[str, int, bool, bytes]:
    if size < SMALL:
        content = os.read(handle, SMALL)
        if len(content) < SMALL:
            content = content[:limit]
            head = content[: kinds.HEAD]
            return hashlib.sha256(content).hexdigest(), len(content), _is_zeros(content), head
        os.lseek(handle, 0, os.SEEK_SET)  # it grew meanwhile
    return _read_blocks(handle, sys.maxsize if limit is None else limit)


def _is_zeros(content: bytes | bytearray) -> bool:
    return not any(content[:ZEROS]) and content == bytes(len(content))


def _read_blocks(handle: int, limit: int) -> tuple[str, int, bool, bytes]:
    buffer = getattr(_buffers, "block", None)
    if buffer is None:
        buffer = _buffers.block = bytearray(BLOCK)
    view = memoryview(buffer)
    sha256 = hashlib.sha256()
    total, zeros, head = 0, True, b""
    while count := min(os.readv(handle, [buffer]), limit - total):
        sha256.update(view[:count])
        head = head or bytes(view[: min(count, kinds.HEAD)])
        zeros = zeros and not any(view[:ZEROS]) and _is_zeros(buffer[:count])
        total += count
        if unwinding():
            raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
    return sha256.hexdigest(), total, zeros, head
