"""Compares a restored tree with its witness: every entry, metadata and content, in one walk.

Content is read in two threads on batches; what the early reader has read already is not read again.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from msgspec import Struct

from agent.adapters.drilling.early import EarlyReader
from agent.adapters.sources.hashing import Digest, digest
from agent.adapters.sources.walk import Trouble, Visit, extended_attributes, walk
from agent.adapters.sources.witness_files import joined, read_lines
from agent.core.configuration.exclude import os_bytes
from agent.core.drill.sampling import Part
from agent.core.drill.verification import NAMED, MovingFiles, Verification
from agent.core.snapshot.compare import Abilities, differences, restorable
from agent.core.snapshot.witness import MOVING, UNREADABLE, WitnessEntry, parse, sort_key, xattr_values

READERS = 2
BATCH_ENTRIES = 128
BATCH_BYTES = 16 << 20
BATCHES_AHEAD = 8
LONGEST_PATH = 4096  # that the system takes, with its end


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
        self._result = Verification()
        self._links: dict[tuple[int, int], int] = {}
        self._tree = os.open(comparison.tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._batch: list[tuple[WitnessEntry, os.stat_result]] = []
        self._bytes = 0
        self._ahead: deque[Future[list[tuple[WitnessEntry, os.stat_result, Digest]]]] = deque()

    def run(self) -> Verification:
        """Compare everything. WitnessError when the witness is not one."""
        try:
            with ThreadPoolExecutor(READERS) as self._readers:
                lines = read_lines(self._comparison.witness)
                for line, met in joined(lines, self._visits()):
                    if line is None:
                        self._unexpected(met)
                    else:
                        self._expected(parse(line), met)
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
            return
        if met is None:
            self._absent(entry)
            return
        result.restored += 1
        found = self._metadata(entry, met)
        if MOVING in entry.flags or (found and self._may_differ(entry, met)):
            result.moving += 1
        elif found:
            result.changed += 1
            if len(result.changed_paths) < NAMED:
                result.changed_paths.append((entry.path, "; ".join(found)))
        elif entry.type == b"f":
            self._to_read(entry, met.status)
        else:
            result.verified += 1

    def _selected(self, path: bytes) -> bool:
        part = self._comparison.part
        return part is None or part.holds(path) or self._is_vital(path)

    def _is_vital(self, path: bytes) -> bool:
        vital = self._comparison.vital
        return path in vital or path.startswith(tuple(each + b"/" for each in vital))

    def _may_differ(self, entry: WitnessEntry, met: Visit) -> bool:
        mtime = met.status.st_mtime_ns
        return self._comparison.moving.holds(entry.path, mtime if mtime != entry.mtime_ns else None)

    def _absent(self, entry: WitnessEntry) -> None:
        result = self._result
        if MOVING in entry.flags or self._comparison.moving.holds(entry.path, None):
            result.moving += 1
        elif len(os.fsencode(self._comparison.tree)) + 1 + len(entry.path) >= LONGEST_PATH:
            result.too_long += 1
        else:
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

    def _to_read(self, entry: WitnessEntry, status: os.stat_result) -> None:
        expanded = (status.st_blocks - entry.blocks) * 512
        if expanded > entry.size // 4:
            self._result.expanded += expanded
        if self._early and self._early.sha256(status.st_ino) == entry.sha256:
            self._result.verified += 1
            self._result.bytes_read += entry.size
            return
        self._batch.append((entry, status))
        self._bytes += entry.size
        if len(self._batch) >= BATCH_ENTRIES or self._bytes >= BATCH_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self._batch, self._bytes = self._batch, [], 0
        self._ahead.append(self._readers.submit(_read, self._tree, batch))
        if len(self._ahead) > BATCHES_AHEAD:
            self._judge_contents(self._ahead.popleft().result())

    def _judge_contents(self, batch: list[tuple[WitnessEntry, os.stat_result, Digest]]) -> None:
        result = self._result
        for entry, status, content in batch:
            result.bytes_read += content.size
            mtime = status.st_mtime_ns if status.st_mtime_ns != entry.mtime_ns else None
            if content.sha256 == entry.sha256:
                result.verified += 1
            elif self._comparison.moving.holds(entry.path, mtime):
                result.moving += 1
            else:
                result.damaged += 1
                result.note(result.damaged_paths, entry.path)
        self._on_read(result.bytes_read, result.restored)


def _read(
    tree: int, batch: list[tuple[WitnessEntry, os.stat_result]]
) -> list[tuple[WitnessEntry, os.stat_result, Digest]]:
    return [(entry, status, digest(tree, entry.path)) for entry, status in batch]
