"""Dumps that are more than one file: pieces of `split`, and directories of `pg_dump -Fd`.

Each has one path by which it is known: its first piece, or its table of contents.
"""

import re
from collections.abc import Callable, Iterator

CONTENTS = "/toc.dat"
# compiled when they are needed: `readiness status` has few milliseconds
_LETTERS = rb"(?s)(.*?)(a{2,3})\Z"
_NUMBER = rb"(?s)(.*?)(0*[01])\Z"
_TABLE = rb"(?:\d+|blob_\d+)\.dat(?:\.gz|\.lz4|\.zst)?|blobs(?:_\d+)?\.toc"
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


def _letters(count: int, width: int) -> bytes:
    found = bytearray()
    for _ in range(width):
        count, letter = divmod(count, 26)
        found.append(ord("a") + letter)
    return bytes(reversed(found))
