"""Mutated files by a number: each item of a corpus can be made again from its seed and its number alone.

A reader stops at the first checksum that is wrong, so most items have theirs made right again after they
were changed: those of a database's log and journal, of the headers of a tar archive, and of what is packed.
"""

import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from support.hostile.seeds import PACKERS, Seed

CONTROL = 20  # one of so many is a sound file
HANGING = 500  # one of so many keeps its reader for ever, or asks it for all memory
MOST = 4 << 20  # bytes of one file
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LONG_NUMBER = b"\xff" * 9  # as SQLite writes them
JOURNAL = bytes.fromhex("d9d505f920a163d7")
SQLITE_FIELDS = (16, 18, 19, 20, 21, 22, 23, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 92)
LOG_FIELDS = (0, 4, 8, 12, 16, 20, 32, 36, 40)
JOURNAL_FIELDS = (8, 12, 16, 20, 24)
ZIP_MARKS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07")
PAGE_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
BLOCK = 512  # of a tar archive
TAR_FIELDS = ((0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (345, 155))
OCTALS = (b"77777777777", b"00000000000", b"-1", b"\x80" + b"\xff" * 10, b"\xff" * 12, b"999", b"17777777777")


class Item(Struct, frozen=True, kw_only=True):
    """One file and what lies beside it. A `control` is sound; one that `hangs` must be given up."""

    number: int
    seed: Seed
    files: Mapping[str, bytes]
    control: bool = False
    hangs: bool = False

    def __str__(self) -> str:
        return f"item {self.number} ({self.seed.name})"


class Corpus:
    """The items of one seed of chance. `victim` is a path that no reader may touch."""

    def __init__(self, made: Sequence[Seed], chance: int, victim: str) -> None:
        self.sound = [seed for seed in made if not seed.hangs]
        self.hanging = [seed for seed in made if seed.hangs]
        self.chance = chance
        self.victim = victim.encode()

    def items(self, count: int) -> Iterator[Item]:
        return (self.item(number) for number in range(count))

    def item(self, number: int) -> Item:
        """The first ones are those that hang."""
        rng = random.Random(f"{self.chance}/{number}")
        if number < len(self.hanging) or number % HANGING == 0:
            seed = self.hanging[number % len(self.hanging)]
            return Item(number=number, seed=seed, files=seed.files, hangs=True)
        seed = rng.choice(self.sound)
        if number % CONTROL == 0:
            return Item(number=number, seed=seed, files=seed.files, control=True)
        return Item(number=number, seed=seed, files=self._mutated(rng, seed))

    def _mutated(self, rng: random.Random, seed: Seed) -> dict[str, bytes]:
        if seed.inside and rng.random() < 0.6:  # what is packed, and packed again: its checksum is right
            inside = bytearray(seed.inside)
            kind = "tar" if seed.name.startswith(("ustar", "pax", "gnu")) else "stream"
            self._mutate(rng, inside, MUTATIONS[kind], kind)
            _mend_tar(inside)
            return {"": PACKERS[seed.packer](bytes(inside[:MOST]))}
        files = {ending: bytearray(content) for ending, content in seed.files.items()}
        ending = rng.choice(sorted(files))
        self._mutate(rng, files[ending], MUTATIONS[ending or seed.kind], seed.kind)
        if ending == "-journal" and rng.random() < 0.1:
            files[ending] += _tail(self.victim)
        if rng.random() < 0.8:
            mend = MENDS.get(ending or seed.kind)
            if mend:
                mend(files[ending])
        return {ending: bytes(content[:MOST]) for ending, content in files.items()}

    def _mutate(self, rng: random.Random, content: bytearray, ways: Sequence["Way"], kind: str) -> None:
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            if content:
                way = rng.choice((*ANY, *ways))
                if way is _splice:
                    other = rng.choice([seed for seed in self.sound if seed.kind == kind])
                    _splice(rng, content, rng.choice(list(other.files.values())))
                else:
                    way(rng, content)


Way = Callable[[random.Random, bytearray], None]


# ---- what may become of any file ------------------------------------------------------------


def _flip(rng: random.Random, content: bytearray) -> None:
    for _ in range(rng.randint(1, 16)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _run(rng: random.Random, content: bytearray) -> None:
    start, length = rng.randrange(len(content)), rng.randint(1, 300)
    filling = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length)))
    content[start : start + length] = filling[: len(content) - start]


def _cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def _repeat(rng: random.Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    content[start:start] = content[start : start + rng.randint(1, 5000)]


def _extreme(rng: random.Random, content: bytearray) -> None:
    """A number somewhere becomes one at an end of its range."""
    order = rng.choice("<>") + rng.choice("HIQ")
    number = rng.choice(EXTREMES) & (0xFFFF if order[1] == "H" else 0xFFFFFFFF)
    _put(content, rng.randrange(len(content)), struct.pack(order, number))


def _splice(rng: random.Random, content: bytearray, other: bytes = b"") -> None:
    """The end is that of another file."""
    start = rng.randrange(len(content))
    content[start:] = other[min(start, len(other)) :]


def _put(content: bytearray, start: int, number: bytes) -> None:
    content[start : start + len(number)] = number[: max(0, len(content) - start)]


ANY: tuple[Way, ...] = (_flip, _run, _cut, _repeat, _extreme, _splice)


# ---- what becomes of one kind ---------------------------------------------------------------


def _number_at(rng: random.Random, content: bytearray, fields: Sequence[int]) -> None:
    number = rng.choice(EXTREMES)
    _put(
        content,
        rng.choice(fields),
        rng.choice((struct.pack(">I", number), struct.pack(">H", number & 0xFFFF))),
    )


def _page_size(content: bytes | bytearray) -> int:
    size = int.from_bytes(content[16:18], "big")
    return 65536 if size == 1 else size if size in PAGE_SIZES else 4096


def _page(rng: random.Random, content: bytearray) -> None:
    """Kind, cells or free space of a page are other than they were."""
    size = _page_size(content)
    start = size * rng.randrange(max(1, len(content) // size)) or 100
    field = rng.choice((0, 0, 1, 3, 5, 7, 8, *range(12, 40, 2)))
    kind = bytes([rng.choice((0, 2, 5, 10, 13, 255))])
    value = struct.pack(">H", rng.choice((0, 1, 7, size & 0xFFFF, size - 1, 0xFFFF, rng.randrange(size))))
    _put(content, start + field, kind if field == 0 else value)


def _cell(rng: random.Random, content: bytearray) -> None:
    """A length or a row's number is longer than anything."""
    _put(content, rng.randrange(len(content)), LONG_NUMBER[: rng.randint(1, 9)])


def _schema(rng: random.Random, content: bytearray) -> None:
    """A word of the schema is another of the same length."""
    words = (
        (b"TABLE", b"INDEX"),
        (b"length(text) > 3", b"zeroblob(9999999)"[:16]),
        (b"replace(upper(text), '0', 'O')", b"printf('%.*c', 000999999, 'x')"),
        (b"WITHOUT ROWID", b"STRICT       "),
        (b"by_words", b"by_text\0"),
        (b"fts5", b"fts9"),
        (b"substr(name, 1, 4)", b"hex(randomblob(9))"),
        (b"CREATE", b"create"),
        (b"customers", b"sqlite_se"),
        (b"NOCASE", b"UNKNOW"),
    )
    old, new = rng.choice(words)
    start = content.find(old)
    if start >= 0:
        _put(content, start, new)


def _database_header(rng: random.Random, content: bytearray) -> None:
    _number_at(rng, content, SQLITE_FIELDS)


def _log_header(rng: random.Random, content: bytearray) -> None:
    _number_at(rng, content, LOG_FIELDS)


def _journal_header(rng: random.Random, content: bytearray) -> None:
    _number_at(rng, content, JOURNAL_FIELDS)


def _zip_field(rng: random.Random, content: bytearray) -> None:
    found = [at for mark in ZIP_MARKS for at in _places(content, mark)]
    if found:
        number = struct.pack("<I", rng.choice(EXTREMES))
        _put(content, rng.choice(found) + rng.randrange(4, 46), number[: rng.choice((1, 2, 4))])


def _tar_field(rng: random.Random, content: bytearray) -> None:
    headers = _tar_headers(content)
    if headers:
        offset, length = rng.choice(TAR_FIELDS)
        value = rng.choice((*OCTALS, b"L", b"x", b"g", b"S", b"5", b"\0", rng.randbytes(length)))
        _put(content, rng.choice(headers) + offset, value[:length])


def _places(content: bytearray, mark: bytes) -> list[int]:
    found, at = [], content.find(mark)
    while at >= 0:
        found.append(at)
        at = content.find(mark, at + 1)
    return found


def _tar_headers(content: bytearray) -> list[int]:
    return [at - 257 for at in _places(content, b"ustar") if at >= 257 and (at - 257) % BLOCK == 0]


MUTATIONS: dict[str, tuple[Way, ...]] = {
    "database": (_database_header, _page, _page, _cell, _schema),
    "-wal": (_log_header, _page, _cell, _schema),
    "-journal": (_journal_header, _page, _cell, _schema),
    "zip": (_zip_field, _zip_field, _zip_field),
    "tar": (_tar_field, _tar_field, _tar_field),
    "stream": (),
}


# ---- checksums, made right again ------------------------------------------------------------


def _mend_log(content: bytearray) -> None:
    """Of the header of a write-ahead log and each frame of it, and the salts of the frames."""
    magic, _, size = struct.unpack(">3I", content[:12].ljust(12, b"\0"))
    order = ">" if magic & 1 else "<"
    if size not in PAGE_SIZES:
        return
    content[0:4] = struct.pack(">I", 0x377F0682 | (magic & 1))
    first, second = _log_sum(content[:24], 0, 0, order)
    content[24:32] = struct.pack(">2I", first, second)
    for start in range(32, len(content) - size - 23, size + 24):
        content[start + 8 : start + 16] = content[16:24]
        first, second = _log_sum(content[start : start + 8], first, second, order)
        first, second = _log_sum(content[start + 24 : start + 24 + size], first, second, order)
        content[start + 16 : start + 24] = struct.pack(">2I", first, second)


def _log_sum(content: bytes | bytearray, first: int, second: int, order: str) -> tuple[int, int]:
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for odd, even in zip(words[::2], words[1::2], strict=True):
        first = (first + odd + second) & 0xFFFFFFFF
        second = (second + even + first) & 0xFFFFFFFF
    return first, second


def _mend_journal(content: bytearray) -> None:
    """Of each page, after each header: what is written in one go has one."""
    if len(content) < 28:
        return
    content[:8] = JOURNAL
    sector, size = struct.unpack(">2I", content[20:28])
    if size not in PAGE_SIZES or not 0 < sector <= 65536:
        return
    start = 0
    while content[start : start + 8] == JOURNAL and start + 28 <= len(content):
        pages, nonce = struct.unpack(">2I", content[start + 8 : start + 16])
        start += sector
        last = min(start + pages * (size + 8), len(content) - size - 7)
        for page in range(start, last, size + 8):
            total = nonce + sum(content[page + 4 + size - 200 : page + 4 : -200])
            content[page + 4 + size : page + 8 + size] = struct.pack(">I", total & 0xFFFFFFFF)
        start = -(-(start + pages * (size + 8)) // sector) * sector


def _tail(name: bytes) -> bytes:
    """What names a super-journal at the end of a journal: SQLite removes that file."""
    check = sum(byte - 256 if byte > 127 else byte for byte in name) & 0xFFFFFFFF
    return struct.pack(">I", 1) + name + struct.pack(">2I", len(name), check) + JOURNAL


def _mend_tar(content: bytearray) -> None:
    for start in _tar_headers(content):
        header = content[start : start + BLOCK]
        if len(header) == BLOCK:
            header[148:156] = b" " * 8
            content[start + 148 : start + 156] = b"%06o\0 " % sum(header)


MENDS: dict[str, Callable[[bytearray], None]] = {
    "-wal": _mend_log,
    "-journal": _mend_journal,
    "tar": _mend_tar,
}
