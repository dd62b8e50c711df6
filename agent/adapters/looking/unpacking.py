"""Unpacks what is compressed, in the process that looks: piece by piece, as much as is allowed."""

import bz2
import io
import lzma
import time
import zlib
from collections.abc import Callable
from typing import Protocol

CHUNK = 1 << 20
XZ_MEMORY = 512 << 20


class TooMuch(Exception):
    """It is larger, or takes longer, than it may: nothing is known of the rest."""


class Decompressor(Protocol):
    """What bz2 and lzma have."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Readable(Protocol):
    """What a file has."""

    def read(self, count: int, /) -> bytes: ...


class Budget:
    """What one file may still take; `spend` raises TooMuch when it is used up."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self.left = self.most_bytes = most_bytes
        self.until = time.monotonic() + seconds

    def spend(self, count: int) -> None:
        """Take so many bytes more."""
        self.left -= count
        if self.left < 0:
            raise TooMuch("bytes")
        if time.monotonic() > self.until:
            raise TooMuch("seconds")


def decompressor(head: bytes) -> Callable[[], Decompressor] | None:
    """What unpacks a file that begins like this; None where nothing does."""
    if head[:2] == b"\x1f\x8b":
        return _Gzip
    if head[:3] == b"BZh":
        return bz2.BZ2Decompressor
    if head[:6] == b"\xfd7zXZ\x00":
        return _Xz
    return None


class _Xz:
    """lzma's, which does not tell a want of memory from damage."""

    def __init__(self) -> None:
        self._lzma = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    @property
    def eof(self) -> bool:
        return self._lzma.eof

    @property
    def unused_data(self) -> bytes:
        return self._lzma.unused_data

    def decompress(self, data: bytes, max_length: int = CHUNK) -> bytes:
        try:
            return self._lzma.decompress(data, max_length)
        except lzma.LZMAError as error:
            if "Memory usage limit" in str(error):
                raise MemoryError from error
            raise


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


class Plain:
    """No compression: an end that is nowhere but at the end of the file."""

    eof = False
    unused_data = b""

    def decompress(self, data: bytes, max_length: int = CHUNK) -> bytes:
        return data


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a file with one or more compressed streams, checked to their ends."""

    def __init__(self, file: Readable, make: Callable[[], Decompressor], budget: Budget) -> None:
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

    def give_back(self, head: bytes) -> None:
        """Let it be read again."""
        self._ready = head + self._ready

    def _next(self) -> bytes:
        """The next unpacked bytes; empty at the end."""
        rest = b""
        while True:
            if self._decompressor.eof:
                rest = self._behind_zeros(self._decompressor.unused_data)
                if not rest:
                    return b""
                self._decompressor, self._started = self._make(), False
            unpacked = self._decompressor.decompress(rest, CHUNK)
            if not unpacked and not self._decompressor.eof:
                rest = self._file.read(CHUNK >> 4)
                if not rest:
                    if self._make is Plain:
                        return b""
                    raise EOFError("it ends too early")
                unpacked = self._decompressor.decompress(rest, CHUNK)
            rest = b""
            self._budget.spend(len(unpacked))
            if unpacked:
                return unpacked

    def _behind_zeros(self, rest: bytes) -> bytes:
        """What comes next, behind the zeros that fill up a block; empty at the end of the file."""
        while not (rest := rest.lstrip(b"\0")):
            self._budget.spend(0)
            rest = self._file.read(CHUNK)
            if not rest:
                return b""
        return rest
