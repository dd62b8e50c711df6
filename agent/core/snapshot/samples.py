"""Some of the changed files, evenly picked, and what a look into them says of all."""

import zlib
from collections.abc import Iterable, Sequence
from heapq import heappush, heappushpop
from typing import Literal

from msgspec import Struct

from agent.core.kinds.file_names import has_known_beginning

SAMPLED = 32
ENOUGH = 8  # of a sample; fewer say nothing
SMALLEST = 256  # bytes; less content says nothing
HEAD = 1 << 12
INCOMPRESSIBLE = 0.97
MOSTLY = 0.75

Became = Literal["same", "readable", "unreadable"]


class Picked(Struct, frozen=True):
    """A file to look into; `before` is the SHA-256 that it had, empty when it had another size."""

    path: bytes
    before: bytes = b""


class Pick:
    """Picks the same files each time, from all directories alike."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, bytes, bytes]] = []

    def offer(self, path: bytes, before: bytes) -> None:
        """One more file that may be picked."""
        entry = (-zlib.crc32(path), path, before)
        if len(self._heap) < SAMPLED:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def picked(self) -> list[Picked]:
        """Those that were, `SAMPLED` at most."""
        return [Picked(path, before) for _, path, before in self._heap]


class Samples(Struct, frozen=True):
    """What became of the picked files."""

    changed: Sequence[Became] = ()  # of those that were rewritten or are new, and whose content can tell
    alike: Sequence[Became] = ()  # of those that have another time and the same size
    touched: Sequence[Became] = ()  # of those of which only the inode was changed

    @property
    def unreadable(self) -> bool:
        """Most of what changed cannot be read any more."""
        return len(self.changed) >= ENOUGH and share(self.changed, "unreadable") >= MOSTLY

    @property
    def readable(self) -> bool:
        """Most of what changed is not hidden."""
        return len(self.changed) >= ENOUGH and not self.unreadable

    @property
    def alike_other(self) -> float:
        """The share of files of the same size and another time that have another content."""
        return 1 - share(self.alike, "same") if len(self.alike) >= ENOUGH else 1.0

    @property
    def touched_other(self) -> float:
        """The share of files with another content among those that only look as if nobody had written."""
        return 1 - share(self.touched, "same") if len(self.touched) >= ENOUGH else 0.0


def share(sample: Sequence[Became], what: Became) -> float:
    """The part of a sample."""
    return list(sample).count(what) / len(sample)


def what_became(content: bytes, is_same: bool) -> Became:
    """`content` is the start of a file, which is the same as before or not."""
    if is_same:
        return "same"
    return "unreadable" if is_incompressible(content) and not has_known_beginning(content) else "readable"


def is_incompressible(content: bytes) -> bool:
    """Whether the start of a file, or its first 4 KiB, looks like compressed or encrypted content."""
    heads: Iterable[bytes] = {len(content): content, HEAD: content[:HEAD]}.values()
    return any(len(zlib.compress(part, 1)) > INCOMPRESSIBLE * len(part) for part in heads if part)
