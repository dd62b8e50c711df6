"""Whether a dump ends as its kind does: plain ones by their last bytes, packed ones read through.

One in several pieces is read as the one file that they make.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import time
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from agent.adapters.sources.walk import open_beneath
from agent.core.kinds.kinds import CUT, DUMP, HEAD, KNOWN, NAMED
from agent.core.snapshot.dumps import TAIL, is_dump, is_known, is_whole, last_line

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_PACKED = 1 << 30  # bytes; of larger ones an archive proof reads every byte
LONGEST = 600.0  # seconds
CHUNK = 1 << 20
_BEGINNINGS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_ZSTD = b"\x28\xb5\x2f\xfd"
_LZ4 = b"\x04\x22\x4d\x18"
PACKED_HEADS = (*(begins for begins, _ in _BEGINNINGS), _ZSTD)
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)


class _Unpacked(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_cut(base: int, *pieces: bytes) -> bool:
    """Whether the dump that these files below the directory descriptor `base` make is not whole; what is not
    known is no."""
    with ExitStack() as opened:
        try:
            files = [opened.enter_context(open_file(base, path)) for path in pieces]
            head = files[0].read(HEAD)
        except OSError:
            return False
        return _ends_well(files, head) is False


def dump_kind(base: int, path: bytes) -> str:
    """The flag of a dump below the directory descriptor `base`."""
    if is_cut(base, path):
        return CUT
    try:
        with open_file(base, path) as file:
            known = _has_known_kind(file)
    except OSError:
        return DUMP
    return DUMP if known is None else KNOWN if known else NAMED


def is_shown_whole(file: Path) -> bool:
    """Whether a dump is of a kind that has an end, and ends so: half of it would not."""
    with file.open("rb") as content:
        return _ends_well([content], content.read(HEAD)) is True


def begins_with(base: int, path: bytes, size: int, sha256: bytes) -> bool | None:
    """Whether what is packed in a file begins with `size` bytes of this digest; None: nobody can tell."""
    try:
        with open_file(base, path) as file:
            head = file.read(HEAD)
            opener = next((opener for begins, opener in _BEGINNINGS if head.startswith(begins)), None)
            if opener is None or size > MOST_PACKED:
                return None if head.startswith((_ZSTD, _LZ4)) or opener else False
            file.seek(0)
            with opener(file) as unpacked:
                return _digest_of(unpacked, size) == sha256
    except _DAMAGE:
        return False


def _digest_of(unpacked: _Unpacked, size: int) -> bytes:
    found = hashlib.sha256()
    while size and (chunk := unpacked.read(min(size, CHUNK))):
        found.update(chunk)
        size -= len(chunk)
    return found.hexdigest().encode()


def open_file(base: int, path: bytes) -> BinaryIO:
    """A regular file below the directory descriptor `base`; OSError where it is not there."""
    return os.fdopen(open_beneath(base, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def is_no_dump(file: Path, known: bool) -> bool:
    """Whether a file does not even begin as a dump; `known`: the name of a packed one is not enough."""
    with file.open("rb") as content:
        if not is_dump(os.fsencode(file), content.read(HEAD)):
            return True
        return known and _has_known_kind(content) is False


def _has_known_kind(file: BinaryIO) -> bool | None:
    """Whether what is unpacked begins as a dump does that we know; None where that cannot be told."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(_ZSTD):
        return None
    opener = next((opener for begins, opener in _BEGINNINGS if head.startswith(begins)), None)
    try:
        if opener:
            file.seek(0)
            with opener(file) as unpacked:
                head = unpacked.read(HEAD)
    except _DAMAGE:
        return None
    return is_known(head) if head else None


def _ends_well(files: Sequence[BinaryIO], head: bytes) -> bool | None:
    """None where its end says nothing."""
    lengths = [os.fstat(file.fileno()).st_size for file in files]
    opener = next((opener for begins, opener in _BEGINNINGS if head.startswith(begins)), None)
    if head.startswith(_ZSTD) or (opener and sum(lengths) > MOST_PACKED):
        return None
    if opener is None:
        tail = b""
        for file, length in zip(reversed(files), reversed(lengths), strict=True):
            wanted = min(length, TAIL - len(tail))
            file.seek(length - wanted)
            tail = file.read(wanted) + tail
        return _shown(head, tail)
    try:
        with opener(_joined(files)) as unpacked:
            return _ends_well_inside(unpacked)
    except _DAMAGE:
        return False


class _Joined(RawIOBase):
    """Several files as one."""

    def __init__(self, files: Sequence[BinaryIO]) -> None:
        super().__init__()
        self._files = list(files)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        room = memoryview(buffer)
        while self._files:
            if content := self._files[0].read(len(room)):
                room[: len(content)] = content
                return len(content)
            del self._files[0]
        return 0


def _joined(files: Sequence[BinaryIO]) -> BinaryIO:
    for file in files:
        file.seek(0)
    return files[0] if len(files) == 1 else cast("BinaryIO", BufferedReader(_Joined(files)))


def _ends_well_inside(unpacked: _Unpacked) -> bool | None:
    until = time.monotonic() + LONGEST
    head = unpacked.read(HEAD)
    tail = head
    while chunk := unpacked.read(CHUNK):
        tail = (tail + chunk)[-TAIL:]
        if time.monotonic() > until:
            return None
    return _shown(head, tail)


def _shown(head: bytes, tail: bytes) -> bool | None:
    if not is_whole(head, tail):
        return False
    return True if last_line(head) else None
