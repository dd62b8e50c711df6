"""Whether a dump ends as its kind does: plain ones by their last bytes, packed ones read through."""

import bz2
import gzip
import lzma
import os
import time
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

from agent.adapters.sources.walk import open_beneath
from agent.core.kinds.kinds import HEAD
from agent.core.snapshot.dumps import TAIL, is_dump, is_whole, unpacked_head

MOST_PACKED = 1 << 30  # bytes; of larger ones an archive proof reads every byte
LONGEST = 600.0  # seconds
CHUNK = 1 << 20
_BEGINNINGS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)


class _Unpacked(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_cut(base: int, path: bytes) -> bool:
    """Whether the dump `path` below the directory descriptor `base` is not whole; what is not known is no."""
    try:
        handle = open_beneath(base, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as file:
        try:
            head = file.read(HEAD)
        except OSError:
            return False
        return _is_cut(file, head)


def is_cut_file(file: Path) -> bool:
    """The same of a file by its name."""
    base = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return is_cut(base, os.fsencode(file.name))
    finally:
        os.close(base)


def is_no_dump(file: Path) -> bool:
    """Whether a file does not even begin as a dump."""
    with file.open("rb") as content:
        return not is_dump(os.fsencode(file), content.read(HEAD))


def _is_cut(file: BinaryIO, head: bytes) -> bool:
    length = os.fstat(file.fileno()).st_size
    opener = next((opener for begins, opener in _BEGINNINGS if head.startswith(begins)), None)
    if head.startswith(_ZSTD) or (opener and length > MOST_PACKED):
        return False
    if opener is None:
        file.seek(max(0, length - TAIL))
        return not is_whole(unpacked_head(head), file.read(TAIL))
    file.seek(0)
    try:
        with opener(file) as unpacked:
            return _is_cut_inside(unpacked)
    except _DAMAGE:
        return True


def _is_cut_inside(unpacked: _Unpacked) -> bool:
    until = time.monotonic() + LONGEST
    head = unpacked.read(HEAD)
    tail = head
    while chunk := unpacked.read(CHUNK):
        tail = (tail + chunk)[-TAIL:]
        if time.monotonic() > until:
            return False
    return not is_whole(head, tail)
