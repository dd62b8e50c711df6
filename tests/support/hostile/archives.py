"""Small archives that take gigabytes of whoever reads them without limits."""

import bz2
import gzip
import struct
import tarfile
from pathlib import Path

BLOCK = 45_899_235  # zeros that fill one block of bzip2
PIECE = 16 << 20
_END = f"{0x177245385090:048b}"


def zip_of_zeros(place: Path, blocks: int = 13) -> Path:
    """A zip of a kilobyte whose only file unpacks to half a gigabyte and more, in one piece."""
    packed, size, name = _zeros(blocks), blocks * BLOCK, b"zeros"
    same = struct.pack("<HHHHIIIHH", 0, 12, 0, 0, 0, len(packed), size, len(name), 0)
    body = struct.pack("<4sH", b"PK\3\4", 46) + same + name + packed
    listed = struct.pack("<4sHH", b"PK\1\2", 46, 46) + same + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(listed), len(body), 0)
    place.write_bytes(body + listed + end)
    return place


def _zeros(blocks: int) -> bytes:
    """What bzip2 makes of so many blocks of zeros: it makes the same of each, and that takes a while."""
    packed = bz2.compress(bytes(BLOCK))
    bits = f"{int.from_bytes(packed):0{len(packed) * 8}b}"
    head, block = bits[:32], bits[32 : bits.rindex(_END)]
    one, all_of_them = int(block[48:80], 2), 0
    for _ in range(blocks):
        all_of_them = ((all_of_them << 1 | all_of_them >> 31) & 0xFFFFFFFF) ^ one
    whole = head + block * blocks + _END + f"{all_of_them:032b}"
    whole += "0" * (-len(whole) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8)


def tar_of_a_long_header(place: Path, kind: bytes, size: int = 640 << 20) -> Path:
    """A packed tar whose header, of the kind `L` or `x`, is read whole."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, size
    zeros = gzip.compress(bytes(PIECE), mtime=0)
    place.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT)) + zeros * (size // PIECE))
    return place
