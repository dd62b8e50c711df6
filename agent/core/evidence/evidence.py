"""What the ledger knows of one process in one repository, and which part of it still counts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from posixpath import normpath

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.post import Post
from agent.core.model.drills import DrillRecord
from agent.core.model.life import Life
from agent.core.model.notices import PingRecord
from agent.core.model.records import CheckRecord, PruneRecord, RetentionRecord, WatchRecord
from agent.core.model.snapshots import SnapshotRecord

CLOCK_TOLERANCE = timedelta(hours=1)
WHOLE = 1 - 1e-9  # shares of sampled drills add up to the whole, but for rounding


class Copy(Struct, frozen=True, kw_only=True):
    """The selected records of one process in one repository, newest first as the ledger has them."""

    process: str
    repository: str
    snapshots: tuple[SnapshotRecord, ...] = ()
    drills: tuple[DrillRecord, ...] = ()

    @property
    def newest(self) -> tuple[SnapshotRecord | DrillRecord, ...]:
        """The newest snapshot and the newest drill, whatever became of them."""
        return (*self.snapshots[:1], *self.drills[:1])

    @property
    def records(self) -> tuple[SnapshotRecord | DrillRecord, ...]:
        """All of them; the order says nothing."""
        return (*self.snapshots, *self.drills)


class Freeze(Struct, frozen=True):
    """A reason to remove no snapshot, and the number and time of the record that opened it."""

    code: str
    sequence: int
    at: datetime
    message: str


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything a verdict is made from, and where in the ledger it was taken."""

    copies: tuple[Copy, ...] = ()
    watches: tuple[WatchRecord, ...] = ()  # the newest look at each process's live files
    checks: tuple[CheckRecord, ...] = ()  # of each repository the newest that passed or found damage
    freezes: Mapping[str, tuple[Freeze, ...]] = {}  # what is open, by process, where anything is removed
    upkeep: tuple[RetentionRecord | CheckRecord | PruneRecord, ...] = ()  # the newest of each kind and place
    pings: tuple[PingRecord, ...] = ()  # the newest, where somebody outside is to be told
    post: Post = Post()  # what is known of the mail, where any is configured
    life: Life = Life()  # what shows whether the service lives; nothing for a moment that is past
    sequence: int = 0
    head: str = "0" * 64

    def of(self, process: str) -> tuple[Copy, ...]:
        """The copies of one process, in the order of the config's repositories."""
        return tuple(copy for copy in self.copies if copy.process == process)


class Standing(Struct, frozen=True, kw_only=True):
    """What counts of one copy at one moment; every sequence is newest first."""

    copy: Copy
    good: tuple[SnapshotRecord, ...]  # whole, cover today's paths, not refuted by a drill
    failures: tuple[DrillRecord, ...]  # failed, and no later drill has shown otherwise
    proofs: tuple[DrillRecord, ...]  # passed, at any time
    current: tuple[DrillRecord, ...]  # the proofs that are young enough

    @property
    def repository(self) -> str:
        return self.copy.repository

    @property
    def same_device(self) -> bool:
        """The newest good snapshot lies on the same device as what it is a copy of."""
        return bool(self.good) and self.good[0].same_device

    @property
    def covered(self) -> float:
        """How much of the process the current proofs cover: 1.0 is everything."""
        return min(1.0, sum(drill.share for drill in self.current))


def standing(copy: Copy, process: CriticalProcess, now: datetime) -> Standing:
    """Sort out what still counts. Passes from the future count for nothing, failures always do."""
    repository_id = next((s.repository_id for s in copy.snapshots if s.outcome == "passed"), "")
    failures = tuple(
        drill
        for index, drill in enumerate(copy.drills)
        if drill.outcome == "failed" and not _is_cleared(drill, copy.drills[:index])
    )
    proofs = tuple(
        drill
        for drill in copy.drills
        if drill.outcome == "passed"
        and not is_future(drill.started, now)
        and (not repository_id or drill.repository_id in ("", repository_id))
    )
    good = _good_snapshots(copy, process, now, _refuted(copy, failures))
    return Standing(
        copy=copy,
        good=good,
        failures=tuple(failure for failure in failures if not _is_outdated(failure, good)),
        proofs=proofs,
        current=tuple(drill for drill in proofs if _is_current(drill, process, now)),
    )


def is_future(moment: datetime, now: datetime) -> bool:
    """So far ahead that a clock must have been changed."""
    return moment > now + CLOCK_TOLERANCE


def taken_at(record: SnapshotRecord) -> datetime:
    """The moment whose data the snapshot holds."""
    return record.snapshot_at or record.started


def is_whole(record: SnapshotRecord) -> bool:
    """Nothing is wrong with the snapshot itself: it passed, or all that was wrong is that others vanished."""
    errors = {finding.code for finding in record.findings if finding.severity == "error"}
    return record.outcome == "passed" or (bool(record.snapshot) and errors == {"snapshots-vanished"})


def covers(record: SnapshotRecord, process: CriticalProcess) -> bool:
    """The snapshot holds every path that the process has today."""
    kept = record.paths
    return not kept or all(is_within(path, kept) for path in process.paths)


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Whether `path` is one of `roots`, or lies below one."""
    here, tops = normpath(path), map(normpath, roots)
    return any(here == root or here.startswith(root.rstrip("/") + "/") for root in tops)


def _is_cleared(failure: DrillRecord, later: Iterable[DrillRecord]) -> bool:
    """A failure ends with a full pass of the same or a newer snapshot, or with samples that add up to one.

    A pass of an older snapshot says nothing of the one that failed, and neither does another sample of
    it. Samples may leave proofs out, so only a full drill clears a failed proof.
    """
    passes = [drill for drill in later if drill.outcome == "passed" and _is_as_new(drill, failure)]
    if any(drill.share >= WHOLE for drill in passes):
        return True
    if any(proof.outcome == "failed" for proof in failure.proofs):
        return False
    return sum(drill.share for drill in passes) >= WHOLE


def is_only_stale(failure: DrillRecord) -> bool:
    """The drill found nothing wrong but the age of the newest snapshot in the repository."""
    return {finding.code for finding in failure.findings if finding.severity == "error"} == {"snapshot-stale"}


def _is_outdated(failure: DrillRecord, good: Sequence[SnapshotRecord]) -> bool:
    """A snapshot taken since makes the newest one young again, whatever a drill said of its age before."""
    return is_only_stale(failure) and bool(good) and taken_at(good[0]) > failure.started


def _is_as_new(drill: DrillRecord, failure: DrillRecord) -> bool:
    if failure.snapshot_at is None or drill.snapshot == failure.snapshot:
        return True
    return drill.snapshot_at is not None and drill.snapshot_at >= failure.snapshot_at


def _refuted(copy: Copy, failures: Iterable[DrillRecord]) -> frozenset[str]:
    """Snapshots that were taken for good until a drill tried them."""
    refused = {skipped.snapshot for drill in copy.drills for skipped in drill.refused}
    proven = {drill.snapshot for drill in copy.drills if drill.outcome == "passed" and drill.share >= WHOLE}
    return frozenset((refused - proven) | {drill.snapshot for drill in failures if not is_only_stale(drill)})


def _good_snapshots(
    copy: Copy, process: CriticalProcess, now: datetime, refuted: frozenset[str]
) -> tuple[SnapshotRecord, ...]:
    return tuple(
        record
        for record in copy.snapshots
        if is_whole(record)
        and record.snapshot not in refuted
        and not is_future(taken_at(record), now)
        and covers(record, process)
    )


def _is_current(drill: DrillRecord, process: CriticalProcess, now: datetime) -> bool:
    """Young enough, and of a snapshot that was young enough: an old snapshot proves the past."""
    limit = timedelta(seconds=process.max_proof_age)
    taken = drill.snapshot_at or drill.started
    return now - drill.started <= limit and drill.started - taken <= limit
