"""Compares a restored tree with its witness: every entry, metadata and content, in one walk.

Content is read in two threads on batches; what the early reader has read already is not read again. Of a
file that grew while the snapshot was taken the part is compared that the witness knows.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from agent.adapters.drilling.early import EarlyReader
from agent.adapters.sources.hashing import Digest, digest
from agent.adapters.sources.walk import Trouble, Visit, extended_attributes, walk
from agent.adapters.sources.witness_files import joined_by, read_lines
from agent.core.configuration.exclude import os_bytes
from agent.core.drill.content import NO_CONTENT, ContentTally
from agent.core.drill.sampling import Part
from agent.core.drill.verification import NAMED, MovingFiles, Verification
from agent.core.model.drills import Why
from agent.core.snapshot.compare import Abilities, differences, restorable
from agent.core.snapshot.witness import (
    MOVING,
    UNREADABLE,
    WIPED,
    ZEROED,
    WitnessEntry,
    parse,
    sort_key,
    xattr_values,
)

READERS = 2
BATCH_ENTRIES = 128
BATCH_BYTES = 16 << 20
BATCHES_AHEAD = 8
LONGEST_PATH = 4096  # that the system takes, with its end
NO_BYTES = {ZEROED, WIPED}


class _ToRead(NamedTuple):
    entry: WitnessEntry
    status: os.stat_result
    grew: bool  # or may have: only as much as the witness knows is read


class Comparison(Struct, frozen=True, kw_only=True):
    """What to compare: `witness` is the file to trust, `part` limits a sampled drill to its entries."""

    tree: Path
    witness: Path
    roots: tuple[str, ...]
    abilities: Abilities
    moving: MovingFiles
    part: Part | None = None
    vital: frozenset[bytes] = frozenset()


class Verifier:
    """Runs one comparison. `on_read` hears of the bytes compared so far."""

    def __init__(
        self, comparison: Comparison, early: EarlyReader | None, on_read: Callable[[int, int], None]
    ) -> None:
        self._comparison = comparison
        self._early = early
        self._on_read = on_read
        self._result = Verification(content=ContentTally(comparison.vital))
        self._content = self._result.content
        self._links: dict[tuple[int, int], int] = {}
        self._tree = os.open(comparison.tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._batch: list[_ToRead] = []
        self._bytes = 0
        self._ahead: deque[Future[list[tuple[_ToRead, Digest]]]] = deque()

    def run(self) -> Verification:
        """Compare everything. WitnessError when the witness is not one."""
        try:
            with ThreadPoolExecutor(READERS) as self._readers:
                entries = map(parse, read_lines(self._comparison.witness))
                for entry, met in joined_by(attrgetter("path"), entries, self._visits()):
                    if entry is None:
                        self._unexpected(met)
                    else:
                        self._expected(entry, met)
                self._hand_over()
                while self._ahead:
                    self._judge_contents(self._ahead.popleft().result())
        finally:
            os.close(self._tree)
        return self._result

    def _visits(self) -> Iterator[Visit]:
        roots = sorted((os_bytes(root).strip(b"/") for root in self._comparison.roots), key=sort_key)
        met: Iterable[Visit | Trouble] = chain.from_iterable(walk(self._tree, root) for root in roots)
        return (visit for visit in met if isinstance(visit, Visit))

    def _unexpected(self, met: Visit | None) -> None:
        assert met is not None
        if self._comparison.moving.explains_new(met.path, met.status.st_mtime_ns):
            self._result.moving += 1
            return
        self._result.unexpected += 1
        self._result.note(self._result.unexpected_paths, met.path)

    def _expected(self, entry: WitnessEntry, met: Visit | None) -> None:
        result = self._result
        result.total_entries += 1
        if entry.type == b"f":
            result.total_files += 1
            result.total_bytes += entry.size
        if not self._selected(entry.path) or not restorable(entry.type, self._comparison.abilities):
            return
        result.expected += 1
        if UNREADABLE in entry.flags:  # whatever came back, there is nothing to compare it with
            result.unreadable += 1
            result.note(result.unreadable_paths, entry.path)
            self._left(entry, entry.size, "unreadable")
            return
        if met is None:
            self._absent(entry)
            return
        result.restored += 1
        if self._comparison.vital and entry.type in b"fd":
            self._content.meet(entry.path)
        found = self._metadata(entry, met)
        if MOVING in entry.flags or (found and self._may_differ(entry, met)):
            self._moved(entry, met.status)
        elif found:
            self._lost(entry)
            result.changed += 1
            if len(result.changed_paths) < NAMED:
                result.changed_paths.append((entry.path, "; ".join(found)))
        elif entry.type == b"f":
            self._to_read(_ToRead(entry, met.status, grew=False))
        else:
            result.verified += 1

    def _selected(self, path: bytes) -> bool:
        part = self._comparison.part
        return part is None or part.holds(path) or self._content.is_vital(path)

    def _left(self, entry: WitnessEntry, size: int, why: Why) -> None:
        if entry.type == b"f":
            self._content.left(entry.path, size, why)

    def _lost(self, entry: WitnessEntry) -> None:
        if entry.type == b"f":
            self._content.lost(entry.path, entry.size)

    def _moved(self, entry: WitnessEntry, status: os.stat_result) -> None:
        """What was recorded must be there all the same where a file only grew, as logs and mailboxes do."""
        if entry.type != b"f":
            self._result.moving += 1
        elif stat.S_ISREG(status.st_mode) and status.st_size >= entry.size > 0 and entry.sha256:
            self._to_read(_ToRead(entry, status, grew=True))
        else:
            self._result.moving += 1
            self._left(entry, max(entry.size, status.st_size), "moving")

    def _may_differ(self, entry: WitnessEntry, met: Visit) -> bool:
        mtime = met.status.st_mtime_ns
        return self._comparison.moving.holds(entry.path, mtime if mtime != entry.mtime_ns else None)

    def _absent(self, entry: WitnessEntry) -> None:
        result = self._result
        explained = MOVING in entry.flags or self._comparison.moving.holds(entry.path, None)
        if explained and entry.path not in self._comparison.vital:
            result.moving += 1
            if entry.path not in self._comparison.moving.gone:
                self._left(entry, entry.size, "absent")
        elif is_too_long(self._comparison.tree, entry.path):
            result.too_long += 1
            self._lost(entry)
        else:
            self._lost(entry)
            result.missing += 1
            result.note(result.missing_paths, entry.path)

    def _metadata(self, entry: WitnessEntry, met: Visit) -> list[str]:
        link = xattrs = None
        if entry.type == b"l" and stat.S_ISLNK(met.status.st_mode):
            link = os.readlink(met.name, dir_fd=met.directory)
        if entry.xattrs:
            xattrs = extended_attributes(met.directory, met.name, lambda _: True)
        found = differences(
            entry,
            met.status,
            link=link,
            xattrs=xattrs,
            witnessed_xattrs=xattr_values(entry.xattrs) if entry.xattrs else {},
            abilities=self._comparison.abilities,
        )
        if entry.links > 1 and entry.type == b"f" and self._comparison.part is None:
            first = self._links.setdefault((entry.device, entry.inode), met.status.st_ino)
            if first != met.status.st_ino:
                found.append("it is no longer the same file as its hard links")
        return found

    def _to_read(self, item: _ToRead) -> None:
        entry, status, grew = item
        expanded = (status.st_blocks - entry.blocks) * 512
        if expanded > entry.size // 4 and not grew:
            self._result.expanded += expanded
        if self._early and not grew and self._early.sha256(status.st_ino) == entry.sha256:
            self._result.bytes_read += entry.size
            self._same(entry, zeros=False)
            return
        self._batch.append(item)
        self._bytes += entry.size
        if len(self._batch) >= BATCH_ENTRIES or self._bytes >= BATCH_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._batch, self._bytes = self._batch, [], 0
        self._ahead.append(self._readers.submit(_read, self._tree, batch))
        if len(self._ahead) > BATCHES_AHEAD:
            self._judge_contents(self._ahead.popleft().result())

    def _judge_contents(self, batch: list[tuple[_ToRead, Digest]]) -> None:
        result = self._result
        for (entry, status, grew), content in batch:
            result.bytes_read += content.size
            if content.sha256 == entry.sha256:
                self._same(entry, content.zeros)
                continue
            mtime = status.st_mtime_ns if status.st_mtime_ns != entry.mtime_ns else None
            if grew or self._comparison.moving.holds(entry.path, mtime):
                result.moving += 1
                self._left(entry, max(entry.size, status.st_size), "moving")
            else:
                self._lost(entry)
                result.damaged += 1
                result.note(result.damaged_paths, entry.path)
        self._on_read(result.bytes_read, result.restored)

    def _same(self, entry: WitnessEntry, zeros: bool) -> None:
        """The content is what it was; zero bytes came back as well, but are none."""
        self._result.verified += 1
        if entry.size >= NO_CONTENT and (zeros or (entry.flags and not NO_BYTES.isdisjoint(entry.flags))):
            self._left(entry, entry.size, "zeros")
        else:
            self._content.compared(entry.path, entry.size)


def is_too_long(tree: Path, path: bytes) -> bool:
    """Whether nothing can restore `path` below `tree`."""
    return len(os.fsencode(tree)) + 1 + len(path) >= LONGEST_PATH


def _read(tree: int, batch: list[_ToRead]) -> list[tuple[_ToRead, Digest]]:
    return [
        (item, digest(tree, entry.path, entry.size if grew else None))
        for item in batch
        for entry, _, grew in (item,)
    ]
