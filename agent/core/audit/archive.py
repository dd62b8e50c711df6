"""An archive that has one spelling for the same files, so that not one byte of it can be changed unseen."""

import zlib
from collections.abc import Mapping
from hashlib import sha256
from struct import pack

SUMS = "SHA256SUMS"
TOP = "audit/"  # the directory that it unpacks to
LARGEST = (1 << 32) - 1  # bytes that the plain format can count, and files
MOST_FILES = (1 << 16) - 1
GZIP = 31  # of zlib: with gzip's header, in which nothing depends on the time
EPOCH = 33  # 1 January 1980, as early as such an archive can tell


class Compressed:
    """Text that is compressed as it comes."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        self._pieces: list[bytes] = []

    def add(self, text: str) -> None:
        """ASCII only."""
        self._pieces.append(self._stream.compress(text.encode("ascii")))

    def finished(self) -> bytes:
        """Everything, as gzip writes it."""
        return b"".join([*self._pieces, self._stream.flush()])


def with_sums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same with SHA256SUMS, in the form that `sha256sum -c` takes."""
    lines = [f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return {**files, SUMS: "".join(lines).encode("ascii")}


def fits(files: Mapping[str, bytes]) -> bool:
    """Whether the plain format can hold them."""
    size = sum(len(content) + 2 * len(name) + 200 for name, content in files.items())
    return size < LARGEST and len(files) < MOST_FILES


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip archive whose files only their owner may read; names are ASCII, nothing is compressed again."""
    body, index = bytearray(), bytearray()
    for name in sorted(files):
        raw, content = f"{TOP}{name}".encode("ascii"), files[name]
        size = len(content)
        facts = pack("<5H3L2H", 20, 0, 0, 0, EPOCH, zlib.crc32(content), size, size, len(raw), 0)
        index += b"PK\1\2" + pack("<H", 3 << 8 | 20) + facts
        index += pack("<3H2L", 0, 0, 0, 0o100600 << 16, len(body)) + raw
        body += b"PK\3\4" + facts + raw + content
    end = pack("<4H2LH", 0, 0, len(files), len(files), len(index), len(body), 0)
    return bytes(body + index + b"PK\5\6" + end)
