"""Dumps that are more than one file: pieces of `split`, and directories of `pg_dump -Fd`.

Each has one path by which it is known: its first piece, or its table of contents.
"""

import re
from collections.abc import Callable, Iterator, Mapping

CONTENTS = "/toc.dat"
# compiled when they are needed: `readiness status` has few milliseconds
_LETTERS = rb"(?s)(.*?)(a{2,3})\Z"
_NUMBER = rb"(?s)(.*?)(0*[01])\Z"
_TABLE = rb"(?:\d+|blob_\d+)\.dat(?:\.gz|\.lz4|\.zst)?|blobs(?:_\d+)?\.toc"
_NAMED = rb"\d+\.dat|blobs(?:_\d+)?\.toc"
_OBJECT = rb"(?m)^\d+ (blob_\d+\.dat)$"
_PACKINGS = (b"", b".gz", b".lz4", b".zst")
_HEADER, _WIDTH_AT = b"PGDMP", 8  # after the version: how many bytes a number has
_LEAST_WIDTH = 2  # of any machine's
MOST_PIECES = 26**2


def piece_names(first: bytes) -> Iterator[bytes]:
    """How the pieces of a file are named that `split` cut up, when this is the name of the first; else none.

    `.aa`, `.ab` ...; `.00`, `.01` ...; `.001`, `.002` ...; `.part1`, `.part2` ...
    """
    if found := re.match(_NUMBER, first):
        name, number = found[1], found[2]
        begin = int(number)
        for count in range(begin, begin + MOST_PIECES):
            yield name + str(count).encode().zfill(len(number))
    elif found := re.match(_LETTERS, first):
        for count in range(MOST_PIECES):
            yield found[1] + _letters(count, len(found[2]))


def pieces(first: bytes, is_there: Callable[[bytes], bool]) -> list[bytes]:
    """The pieces that are there, in order; none where there is no second one."""
    found: list[bytes] = []
    for name in piece_names(first):
        if found and not is_there(name):
            break
        found.append(name)
    return found if len(found) > 1 else []


def is_table(name: bytes) -> bool:
    """Whether `pg_dump -Fd` calls the data of a table so, or its large objects."""
    return re.fullmatch(_TABLE, name) is not None


def tables_named(contents: bytes) -> set[bytes]:
    """The files of which a table of contents says that they hold tables and lists of large objects.

    A number in there is a byte for the sign, and as many as the header says. The name of a file follows its
    length, and that the end of a list, which is -1; a table may have such a name, too, and stands elsewhere.
    """
    if not contents.startswith(_HEADER) or len(contents) <= _WIDTH_AT:
        return set()
    width = contents[_WIDTH_AT]
    if width < _LEAST_WIDTH:
        return set()
    end = b"\x01" + (1).to_bytes(width, "little") + b"\x00"
    entry = re.escape(end) + b"(.{%d})(%b)" % (width, _NAMED)
    found = re.finditer(entry, contents, re.DOTALL)
    return {name for length, name in (each.groups() for each in found) if _number(length) == len(name)}


def _number(written: bytes) -> int:
    return int.from_bytes(written, "little")


def objects_named(contents: bytes) -> set[bytes]:
    """The files of large objects that a list of them names."""
    return set(re.findall(_OBJECT, contents))


def is_there(name: bytes, sizes: Mapping[bytes, int]) -> bool:
    """Whether what a table of contents names is among these files, packed or not; a table is never empty."""
    return any(sizes.get(name + packing, -1) >= name[:1].isdigit() for packing in _PACKINGS)


def _letters(count: int, width: int) -> bytes:
    found = bytearray()
    for _ in range(width):
        count, letter = divmod(count, 26)
        found.append(ord("a") + letter)
    return bytes(reversed(found))
