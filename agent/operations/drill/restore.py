"""The restore of a drill: room first, then restic, whole or a part of the witness."""

import time
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from agent.core.configuration.exclude import os_bytes
from agent.core.configuration.vital import vital_paths
from agent.core.drill.sampling import Part, Sample, pattern_of
from agent.core.model.drills import DrillRecord
from agent.core.model.repository import RestoreReport, StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import ResticError
from agent.operations.drill.task import DrillTask, DrillTools
from agent.operations.ports.repository import Restoring

REMEMBERED = 1000  # records that are looked through first


class Restored(Struct, frozen=True, kw_only=True):
    """A restore that ended; `part` is None when it was a full one."""

    report: RestoreReport
    seconds: float
    part: Part | None


class Begun(Struct, frozen=True, kw_only=True):
    """A restore at work."""

    snapshot: str
    restoring: Restoring
    at: float  # on the monotonic clock
    part: Part | None = None


class Restorer:
    """Restores snapshots of one process into the drill's room."""

    def __init__(self, task: DrillTask, tools: DrillTools, records: Sequence[SnapshotRecord]) -> None:
        self._task = task
        self._tools = tools
        self._records = records
        self._known: dict[str, SnapshotRecord] = {}
        self._has_all = False
        self.learn(records)

    def record_of(self, snapshot: str) -> SnapshotRecord | None:
        """What we noted when we took this snapshot."""
        if snapshot not in self._known and len(self._records) == REMEMBERED and not self._has_all:
            self._has_all = True  # there are older ones
            self.learn(self._older())
        return self._known.get(snapshot)

    def learn(self, records: Iterable[SnapshotRecord]) -> None:
        """These are known as well; of one snapshot the first that was learnt."""
        for record in records:
            if record.snapshot:
                self._known.setdefault(record.snapshot, record)

    def _older(self) -> Iterator[SnapshotRecord]:
        found = self._tools.ledger.search(
            SnapshotRecord, process=self._task.process.name, repository=self._task.repository
        )
        return (entry.body for entry in found if isinstance(entry.body, SnapshotRecord))

    def begin_ahead(self) -> Begun | None:
        """Begin to restore what will most likely be chosen, while the listing is still under way."""
        newest = next((record for record in self._records if record.snapshot), None)
        if newest is None or self._task.share < 1 or self._task.select not in ("latest", "last-good"):
            return None
        return self._begin(newest.snapshot)

    def begin(self, snapshot: StoredSnapshot) -> Begun:
        """Begin to restore the whole snapshot, or the part whose turn it is."""
        if self._task.share >= 1:
            return self._begin(snapshot.id)
        carried = [path for path in snapshot.paths if path not in self._task.process.paths]
        patterns = [pattern_of(os_bytes(path)) for path in carried]
        sample = self._choose_sample(snapshot, carried, patterns)
        return self._begin(snapshot.id, sample, [*sample.patterns, *patterns])

    def finish(self, begun: Begun) -> Restored:
        """Wait for the end."""
        try:
            report = begun.restoring.wait()
        finally:
            self._tools.progress.end()
            self._tools.room.end_early()
        return Restored(report=report, seconds=time.monotonic() - begun.at, part=begun.part)

    def give_up(self, begun: Begun) -> None:
        """End it, and throw away what it restored."""
        begun.restoring.stop()
        self._tools.progress.end()
        self._tools.room.renew()

    def _begin(self, snapshot: str, sample: Sample | None = None, patterns: Sequence[bytes] = ()) -> Begun:
        needed, files = self._needed(snapshot)
        if sample:
            needed, files = min(needed, sample.size), min(files, sample.entries)
        self._tools.room.require(needed, files)
        progress = self._tools.progress
        progress.begin(f"{self._task.process.name}: restoring", needed)
        restoring = self._tools.repository.start_restore(
            snapshot,
            self._tools.room.tree,
            patterns,
            lambda done, files, total: progress.advance(done, files, total or None),
        )
        record = self.record_of(snapshot)
        if record and sample is None:
            self._tools.room.read_early(self._task.process.name, record.witness_sha256)
        part = sample.part if sample else None
        return Begun(snapshot=snapshot, restoring=restoring, at=time.monotonic(), part=part)

    def _needed(self, snapshot: str) -> tuple[int, int]:
        """Bytes and files that the restore will write: sparse files are holes only from restic 0.15 on."""
        record = self.record_of(snapshot)
        if record is None:
            return self._tools.repository.restore_size(snapshot)
        sparse = self._tools.repository.version() >= (0, 15, 0)
        return (record.allocated if sparse else record.bytes), record.files

    def _choose_sample(
        self, snapshot: StoredSnapshot, carried: Sequence[str], patterns: Sequence[bytes]
    ) -> Sample:
        """The part that follows the last sampled drill, and what is vital."""
        room = self._tools.room
        record = self.record_of(snapshot.id)
        witness = room.known_witness(self._task.process.name, record.witness_sha256) if record else None
        if witness is None:
            self._tools.repository.start_restore(snapshot.id, room.tree, patterns).wait()
            witness = room.find_witness(carried)
        if witness is None:
            raise ResticError(
                f"Snapshot {snapshot.id[:8]} carries no witness, so that no sample can be chosen.",
                "Take a snapshot with readiness, or drill in full.",
                "witness-missing",
            )
        vital = vital_paths(self._task.process)
        return room.next_sample(witness, self._task.share, self._last_cursor(), vital)

    def _last_cursor(self) -> str:
        before = self._tools.ledger.newest(
            DrillRecord, process=self._task.process.name, repository=self._task.repository, limit=REMEMBERED
        )
        samples = (old for old in before if old.sampled or old.share < 1)
        return next((old.cursor for old in samples if _was_made(old)), "")


def _was_made(old: DrillRecord) -> bool:
    """A part of which nothing could be compared was looked at all the same: the next one is due."""
    return old.outcome != "not_tested" or old.compared is not None
