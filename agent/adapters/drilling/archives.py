"""Reads archives to their end, extracting nothing, bounded in time, memory and bytes."""

import bz2
import errno
import io
import lzma
import os
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

from agent.core.drill.proofs import Judgement, failed, not_tested, passed
from agent.core.snapshot.dumps import TAIL, is_whole, last_line
from agent.core.text.plain import duration, printable, size

CHUNK = 1 << 20
MOST_BYTES = 1 << 40  # unpacked
LONGEST = 3600.0  # seconds
XZ_MEMORY = 512 << 20
BLOCK = 512  # of a tar archive
HOLLOW = "it holds no file with content"
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    struct.error,
)


class _Unread(Exception):
    """Nothing is known about the archive: encrypted, or too large to read here."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Budget:
    """What one archive may still take; `spend` raises _Unread when it is used up."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self.left = self.most_bytes = most_bytes
        self.seconds = seconds
        self.until = time.monotonic() + seconds

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _Unread(f"it unpacks to more than {size(self.most_bytes)}")
        if time.monotonic() > self.until:
            raise _Unread(f"it was not read to its end within {duration(self.seconds)}")


class Archives:
    """The `ArchiveReader` of the proofs."""

    def __init__(self, most_bytes: int = MOST_BYTES, seconds: float = LONGEST) -> None:
        self.most_bytes = most_bytes
        self.seconds = seconds

    def examine(self, archive: Path) -> Judgement:
        """Read everything in it and compare its checksums. Its kind is told by its content."""
        budget = Budget(self.most_bytes, self.seconds)
        try:
            with _open(archive) as file:
                _read(file, budget)
        except (_Unread, NotImplementedError, RuntimeError) as error:  # too large, odd method, encrypted
            return not_tested(printable(str(error)))
        except DAMAGE as error:
            return failed(printable(str(error)) or "it ends too early")
        return passed(size(self.most_bytes - budget.left))


def _open(archive: Path) -> IO[bytes]:
    handle = os.open(archive, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(handle, "rb")  # noqa: PTH123


def _read(file: IO[bytes], budget: Budget) -> None:
    head = file.read(BLOCK)
    file.seek(0)
    if not head:
        raise EOFError("it is empty")
    maker = _decompressor(head)
    if maker:
        _read_stream(Unpacked(file, maker, budget))
    elif head[257:262] == b"ustar":
        _read_tar(Unpacked(file, _Plain, budget))
    elif head[:2] == b"PK" or zipfile.is_zipfile(file):
        file.seek(0)
        _read_zip(file, budget)
    else:
        raise ValueError("it is no zip, tar, gzip, bzip2 or xz archive")


def _decompressor(head: bytes) -> Callable[[], _Decompressor] | None:
    if head[:2] == b"\x1f\x8b":
        return _Gzip
    if head[:3] == b"BZh":
        return bz2.BZ2Decompressor
    if head[:6] == b"\xfd7zXZ\x00":
        return lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)
    return None


class _Gzip:
    """zlib's decompressor with the manners of the others: it keeps what it was given too much."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = CHUNK) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


class _Plain:
    """No compression: an end that is nowhere but at the end of the file."""

    eof = False
    unused_data = b""

    def decompress(self, data: bytes, max_length: int = CHUNK) -> bytes:
        return data


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a file with one or more compressed streams, checked to their ends."""

    def __init__(self, file: IO[bytes], make: Callable[[], _Decompressor], budget: Budget) -> None:
        self._file = file
        self._make = make
        self._budget = budget
        self._decompressor = make()
        self._started = False  # the current stream has begun
        self._ready = b""

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes, fewer only at the end."""
        pieces = []
        while count > 0:
            if not self._ready:
                self._ready = self._next()
                if not self._ready:
                    break
            pieces.append(self._ready[:count])
            self._ready = self._ready[count:]
            count -= len(pieces[-1])
        return b"".join(pieces)

    def _next(self) -> bytes:
        """The next unpacked bytes; empty at the end."""
        rest = b""
        while True:
            if self._decompressor.eof:
                rest = self._decompressor.unused_data.lstrip(b"\0") or self._file.read(CHUNK).lstrip(b"\0")
                if not rest:
                    return b""
                self._decompressor, self._started = self._make(), False
            unpacked = self._decompressor.decompress(rest, CHUNK)
            if not unpacked and not self._decompressor.eof:
                rest = self._file.read(CHUNK >> 4)
                if not rest:
                    if self._make is _Plain:
                        return b""
                    raise EOFError("it ends too early")
                unpacked = self._decompressor.decompress(rest, CHUNK)
            rest = b""
            self._budget.spend(len(unpacked))
            if unpacked:
                return unpacked


def _read_stream(unpacked: Unpacked) -> None:
    """A compressed file, and the tar archive or the dump in it when there is one."""
    head = unpacked.read(BLOCK)
    unpacked._ready = head + unpacked._ready
    if head[257:262] == b"ustar":
        _read_tar(unpacked)
        return
    tail, holds = b"", False
    while chunk := unpacked.read(CHUNK):
        tail = (tail + chunk)[-TAIL:]
        holds = holds or chunk.count(0) < len(chunk)
    if not holds:  # a tar archive without a member consists of zeros as well
        raise ValueError(HOLLOW)
    if last_line(head) and not is_whole(head, tail):
        raise ValueError("the dump in it is cut off: it does not end as a dump of its kind does")


class _StrictEntry(tarfile.TarInfo):
    """tarfile takes a damaged or missing header for the end of the archive; here only the end mark is."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> "_StrictEntry":
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if type(error).__name__ == "EOFHeaderError":
                raise
            raise tarfile.ReadError(f"an entry's header is damaged or missing: {error}") from error


def _read_tar(unpacked: Unpacked) -> None:
    holds = False
    with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_StrictEntry) as tar:
        while member := tar.next():
            holds = holds or (member.isreg() and member.size > 0)
            tar.members = []  # type: ignore[attr-defined]  # a million entries must not fill the memory
    while unpacked.read(CHUNK):
        continue
    if not holds:
        raise ValueError(HOLLOW)


def _read_zip(file: IO[bytes], budget: Budget) -> None:
    holds = False
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as content:
                while chunk := content.read(CHUNK):
                    budget.spend(len(chunk))
                    holds = True
    if not holds:
        raise ValueError(HOLLOW)
