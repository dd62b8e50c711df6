"""Sampled drills: a cursor that rotates through the witness, so that n drills of 1/n read everything.

Drawing anew each time would leave gaps for ever; a cursor covers what there is in one round even while
files come and go (reference: restic's own `--read-data-subset=n/t` rotates for the same reason).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from agent.core.snapshot.witness import sort_key

ENTRY_WEIGHT = 1 << 16  # bytes that restoring one more entry costs as much as


class Weight(NamedTuple):
    """What sampling needs to know of a witnessed entry."""

    path: bytes
    size: int
    is_directory: bool


Weights = Callable[[], Iterable[Weight]]  # a new pass over the whole witness, in the order of a walk


class Part(Struct, frozen=True, kw_only=True):
    """The entries behind `first` up to and including `last`, both sort keys, in the order of a walk."""

    first: bytes  # empty: from the start
    last: bytes
    entries: int
    of: int
    size: int = 0  # in bytes
    of_size: int = 0
    cursor: str  # where the next drill goes on; empty when the round is complete

    @property
    def share(self) -> float:
        """How much of the whole it is, by what parts are cut by: the shares of a round add up to 1, and no
        part that leaves an entry out, be it an empty file, is all of it."""
        return weight(self.size, self.entries) / max(1, weight(self.of_size, self.of))

    def holds(self, path: bytes) -> bool:
        """Whether `path` belongs to the part. Directories that the part cuts through do not."""
        return self.first < sort_key(path) <= self.last and not self.cuts(path)

    def cuts(self, path: bytes) -> bool:
        """Whether the part begins or ends below the directory `path`."""
        below = sort_key(path) + b"\0" if path else b""
        return self.first.startswith(below) or self.last.startswith(below)


class Sample(Struct, frozen=True, kw_only=True):
    """A part and what is vital besides: the restic patterns that include them, and how much that is."""

    part: Part
    patterns: tuple[bytes, ...]
    size: int
    entries: int


def weight(size: int, entries: float) -> float:
    """What restoring so many bytes in so many entries costs, in bytes."""
    return size + ENTRY_WEIGHT * entries


def next_part(weights: Weights, share: float, cursor: str) -> Part:
    """The part that follows `cursor` and makes up about `share` (0 to 1) of all bytes and entries."""
    after = sort_key(cursor.encode("utf-8", "surrogateescape"))
    of_bytes, of, newest = 0, 0, b""
    for each in weights():
        of_bytes, of, newest = of_bytes + each.size, of + 1, sort_key(each.path)
    if newest <= after:
        after = b""
    wanted = share * weight(of_bytes, of)
    gathered, entries, last, may_end = 0, 0, after, False
    for path, size, is_directory in weights():
        key = sort_key(path)
        if key <= after:
            continue
        if may_end and weight(gathered, entries) + weight(size, 1) / 2 > wanted:
            break
        gathered, entries, last = gathered + size, entries + 1, key
        may_end = not is_directory  # a part that ended with a directory would drag in what is below it
    text = "" if last == newest else last.replace(b"\0", b"/").decode("utf-8", "surrogateescape")
    return Part(first=after, last=last, entries=entries, of=of, size=gathered, of_size=of_bytes, cursor=text)


def include_patterns(weights: Weights, part: Part) -> list[bytes]:
    """Few restic include patterns that match the part, and nothing else of the witness.

    Directories that lie wholly inside become one pattern; runs of siblings become prefixes with a star.
    """
    runs: dict[bytes, _Run] = {}
    for path, _, _ in weights():
        parent, _, name = path.rpartition(b"/")
        if part.cuts(parent):
            runs.setdefault(parent, _Run()).meet(name, part.holds(path))
    return [
        b"/" + _escaped(parent) + b"/" + pattern for parent, run in runs.items() for pattern in run.patterns()
    ]


def pattern_of(path: bytes) -> bytes:
    """The restic include pattern that matches `path` and nothing else."""
    return b"/" + _escaped(path.strip(b"/"))


def sample(weights: Weights, share: float, cursor: str, vital: Iterable[bytes]) -> Sample:
    """The part that follows `cursor`, with the entries `vital` and what lies below them."""
    part = next_part(weights, share, cursor)
    exact = frozenset(vital)
    below = tuple(path + b"/" for path in exact)
    size = entries = 0
    for each in weights():
        if part.holds(each.path) or each.path in exact or each.path.startswith(below):
            size, entries = size + each.size, entries + 1
    patterns = (*include_patterns(weights, part), *map(pattern_of, sorted(exact)))
    return Sample(part=part, patterns=patterns, size=size, entries=entries)


class _Run:
    """The siblings of one directory that belong to the part, and their nearest neighbours that do not."""

    def __init__(self) -> None:
        self.inside: list[bytes] = []
        self.before: bytes | None = None
        self.after: bytes | None = None

    def meet(self, name: bytes, inside: bool) -> None:
        if inside:
            self.inside.append(name)
        elif not self.inside:
            self.before = name
        elif self.after is None:
            self.after = name

    def patterns(self) -> Iterator[bytes]:
        previous = b""
        for name in self.inside:
            length = 1 + max(_common(name, other) for other in (self.before, self.after))
            pattern = _escaped(name) if length >= len(name) else _escaped(name[:length]) + b"*"
            if pattern != previous:
                yield pattern
            previous = pattern


def _common(one: bytes, other: bytes | None) -> int:
    """How many leading bytes are the same; -1 with nothing to compare to."""
    if other is None:
        return -1
    for length, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return length
    return min(len(one), len(other))


def _escaped(text: bytes) -> bytes:
    for special in (b"\\", b"*", b"?", b"["):
        text = text.replace(special, b"\\" + special)
    return text
