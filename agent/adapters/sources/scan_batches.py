"""Reads changed files in batches, in two threads, and writes the lines in the order of the walk."""

import os
import stat
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from msgspec import Struct, structs

from agent.adapters.looking.packed import is_packed
from agent.adapters.sources.census import Census
from agent.adapters.sources.dump_ends import Dumps, Met, is_for_looking, plain_kind
from agent.adapters.sources.hashing import Digest, digest
from agent.adapters.sources.walk import Visit, comparable_attribute
from agent.adapters.sources.witness_files import WitnessLines, WitnessWriter
from agent.core.kinds.kinds import CUT, LOG_ENDING, kind_of
from agent.core.snapshot.dumps import is_dump
from agent.core.snapshot.witness import MOVING, UNREADABLE, WIPED, ZEROED, content_fields

BATCH_ENTRIES = 256
BATCH_BYTES = 16 << 20
BATCHES_AHEAD = 8
MTIME = 5  # the place of the time of change among the fields from lstat
LISTED = 1000  # paths of one kind that a scan keeps

OnExcluded = Callable[[bytes], None]
OnRead = Callable[[int, int], None]  # bytes and entries so far


class Line(Struct, gc=False):
    """An entry on its way into the witness."""

    path: bytes
    fields: bytes  # from lstat
    text: bytes = b""  # the whole line, once it is known
    sha256: bytes = b""
    blocks: int = 0
    size: int = 0
    to_read: bool = False
    had_content: bool = False  # as the last witness knows
    was_dump: bool = False  # likewise
    kind: str = ""  # flag of a database


class Tally:
    """Counts and lists what the walk and the readers find."""

    def __init__(self, on_read: OnRead, census: Census | None = None) -> None:
        self.on_read = on_read
        self.census = census or Census([], first=True)
        self.files = self.size = self.allocated = self.entries = self.read = 0
        self.moving: list[bytes] = []
        self.unreadable: list[tuple[bytes, str]] = []
        self.zeroed: list[bytes] = []
        self.oversize: list[tuple[bytes, int]] = []
        self.excluded: list[bytes] = []
        self.excluded_held: list[bytes] = []

    def exclude(self, previous: WitnessLines, also: OnExcluded | None = None) -> OnExcluded:
        def note(path: bytes) -> None:
            if also:
                also(path)
            if len(self.excluded) < LISTED:
                self.excluded.append(path)
            if previous.holds_below(path) and len(self.excluded_held) < LISTED:
                self.excluded_held.append(path)

        return note

    def look(self, met: Visit, base: int) -> None:
        """Notice a sparse file that claims more than its file system could ever hold."""
        status = met.status
        if (
            stat.S_ISREG(status.st_mode)
            and status.st_size > 1 << 32
            and status.st_blocks * 1024 < status.st_size
        ):
            room = os.fstatvfs(met.directory)
            if status.st_size > room.f_blocks * room.f_frsize:
                self.oversize.append((met.path, status.st_size))

    def count(self, line: Line) -> None:
        self.entries += 1
        if line.fields.startswith(b"f"):
            self.files += 1
            self.size += line.size
            self.allocated += line.blocks * 512
        if line.kind:
            mtime_ns = int(line.fields.split(b"\t", MTIME + 1)[MTIME])
            self.census.content(line.path, line.size, line.kind, line.to_read, mtime_ns)


class Batches:
    """Hands entries to the readers in batches and writes them in order as they come back."""

    def __init__(
        self,
        readers: ThreadPoolExecutor,
        base: int,
        writer: WitnessWriter,
        tally: Tally,
        dumps: Dumps,
    ) -> None:
        self._readers = readers
        self._dumps = dumps
        self._base = base
        self._writer = writer
        self._tally = tally
        self._batch: list[Line] = []
        self._bytes = 0
        self._ahead: deque[Future[list[tuple[Line, Digest | None]]]] = deque()

    def add(self, line: Line) -> None:
        if self._tally.oversize:
            line.to_read = False  # the snapshot is refused already, and this may be the terabyte itself
        self._batch.append(line)
        if line.to_read:
            self._bytes += line.size
            if is_for_looking(line.path):
                self._dumps.packed.begin()
        if len(self._batch) >= BATCH_ENTRIES or self._bytes >= BATCH_BYTES:
            self._hand_over()

    def finish(self) -> None:
        self._hand_over()
        while self._ahead:
            self._write(self._ahead.popleft().result())

    def _hand_over(self) -> None:
        batch, self._batch, self._bytes = self._batch, [], 0
        if any(line.to_read for line in batch) or self._ahead:
            self._ahead.append(self._readers.submit(_read, self._base, batch))
            if len(self._ahead) > BATCHES_AHEAD:
                self._write(self._ahead.popleft().result())
        else:
            self._write([(line, None) for line in batch])

    def _write(self, batch: list[tuple[Line, Digest | None]]) -> None:
        for line, result in self._with_kinds(batch):
            if result is not None and not self._complete(line, result):
                continue
            self._tally.count(line)
            self._writer.write(line.text, line.sha256, line.path)
        self._tally.on_read(self._tally.read, self._tally.entries)

    def _with_kinds(self, batch: list[tuple[Line, Digest | None]]) -> list[tuple[Line, Digest | None]]:
        """With those of packed files: who looks is asked from here alone, and not by the readers."""
        packed = {
            number: Met(line.path, found.head, line.was_dump)
            for number, (line, found) in enumerate(batch)
            if found is not None and not found.error and not found.kind and is_packed(found.head)
        }
        if not packed:
            return batch
        kinds = dict(zip(packed, self._dumps.kinds(self._base, list(packed.values())), strict=True))
        return [
            (line, structs.replace(found, kind=kinds[number]) if found and kinds.get(number) else found)
            for number, (line, found) in enumerate(batch)
        ]

    def _complete(self, line: Line, result: Digest) -> bool:
        """Finish the line of a file that was read; False when it vanished meanwhile."""
        if result.error and result.moved:
            return False
        line.kind = flags = result.kind
        if line.path.endswith(LOG_ENDING):
            self._tally.census.log(line.path, result.head)
        self._tally.read += result.size
        if result.error:
            flags = UNREADABLE
            self._tally.unreadable.append((line.path, result.error))
        elif result.moved:
            flags = MOVING
            self._tally.moving.append(line.path)
        elif result.zeros and line.size:
            flags = WIPED if line.had_content else ZEROED
            if line.had_content:
                self._tally.zeroed.append(line.path)
        line.sha256 = result.sha256
        line.text = line.fields + content_fields(
            line.blocks, result.sha256, flags, b"", result.xattrs, line.path
        )
        return True


def _read(base: int, batch: list[Line]) -> list[tuple[Line, Digest | None]]:
    return [(line, _read_one(base, line) if line.to_read else None) for line in batch]


def _read_one(base: int, line: Line) -> Digest:
    """What reading a file gave, with its kind: a plain dump is looked at once more, whether it is whole.

    As many bytes as lstat said: of a file that grows meanwhile, a restore can be compared with these.
    """
    found = digest(base, line.path, line.size, comparable_attribute)
    if found.error:
        return found
    kind = kind_of(found.head)
    if line.was_dump and not line.size:
        kind = CUT  # a dump program that failed at once leaves an empty file
    elif not kind and not is_packed(found.head) and is_dump(line.path, found.head):
        kind = plain_kind(base, line.path)
    return structs.replace(found, kind=kind) if kind else found
