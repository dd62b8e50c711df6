"""What the ledger knows of one process in one repository, and which part of it still counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from posixpath import normpath

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.location import is_excluded
from agent.core.evidence.doubted import asked, doubted
from agent.core.evidence.mild import is_over, spares_the_data
from agent.core.evidence.post import Post
from agent.core.model.drills import DrillRecord
from agent.core.model.life import Life
from agent.core.model.notices import PingRecord
from agent.core.model.records import CheckRecord, RepositoryRecord, UpkeepRecord, WatchRecord
from agent.core.model.sights import Look, SightRecord
from agent.core.model.snapshots import SnapshotRecord

CLOCK_TOLERANCE = timedelta(hours=1)
Refuted = tuple[str, DrillRecord]  # the ID where it was taken of content that a proof found bad; that drill
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
    upkeep: tuple[UpkeepRecord, ...] = ()  # the newest of each kind and place
    pings: tuple[PingRecord, ...] = ()  # the newest, where somebody outside is to be told
    sights: tuple[SightRecord, ...] = ()  # the account of each repository that has one
    repositories: tuple[RepositoryRecord, ...] = ()  # as each was last noted
    looks: tuple[Look, ...] = ()  # what is seen to be wrong with repositories now; nothing for the past
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
    covering: tuple[DrillRecord, ...] = ()  # those of them that hold everything the process has today
    doubted: bool = False  # the newest that would be good was not asked what data elsewhere was found bad by

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
        return min(1.0, sum(drill.share for drill in self.covering))


def standings(process: CriticalProcess, copies: Sequence[Copy], now: datetime) -> tuple[Standing, ...]:
    """What counts of each copy of a process. Passes from the future count for nothing, failures always do.

    Content that a proof refuted in one copy is refuted in every copy of it, and doubted where it may be.
    """
    bad = tuple(found for copy in copies for found in _bad_content(copy))
    return tuple(_standing(copy, process, now, bad, copies) for copy in copies)


def _standing(
    copy: Copy,
    process: CriticalProcess,
    now: datetime,
    bad: Sequence[Refuted],
    everywhere: Sequence[Copy],
) -> Standing:
    taken = [record for each in everywhere for record in each.snapshots]
    repository_id = next((s.repository_id for s in copy.snapshots if s.outcome == "passed"), "")
    failures = open_failures(copy.drills, {proof.name for proof in process.proofs})
    proofs = tuple(
        drill
        for drill in copy.drills
        if drill.outcome == "passed"
        and not is_future(drill.started, now)
        and (not repository_id or drill.repository_id in ("", repository_id))
    )
    own = refuted(copy)
    own |= _under_other_ids(own, copy) | _copies_of(bad, copy)
    passed = [each for one in everywhere for each in one.drills if each.outcome == "passed" and is_full(each)]
    doubts = doubted(process, bad, () if copy is everywhere[0] else copy.snapshots, passed)
    sound = _good_snapshots(copy, process, now, own)
    good = _at_rest(tuple(record for record in sound if record.snapshot not in doubts))
    current = tuple(drill for drill in proofs if _is_current(drill, process, now))
    newest = taken_at(good[0]) if good else None
    return Standing(
        copy=copy,
        good=good,
        failures=tuple(each for each in failures if not is_over(each, newest, copy.snapshots, taken)),
        proofs=proofs,
        current=current,
        covering=tuple(drill for drill in current if covers(drill, process)),
        doubted=bool(sound) and sound[0].snapshot in doubts,
    )


def is_future(moment: datetime, now: datetime, tolerance: timedelta = CLOCK_TOLERANCE) -> bool:
    """So far ahead that a clock must have been changed."""
    return moment > now + tolerance


def taken_at(record: SnapshotRecord) -> datetime:
    """The moment whose data the snapshot holds."""
    return record.snapshot_at or record.started


def is_whole(record: SnapshotRecord) -> bool:
    """Nothing is wrong with the snapshot itself: it passed, or all that was wrong is that others vanished."""
    errors = {finding.code for finding in record.findings if finding.severity == "error"}
    return record.outcome == "passed" or (bool(record.snapshot) and errors == {"snapshots-vanished"})


def is_full(drill: DrillRecord) -> bool:
    """Everything was restored and every proof was run; a sample never is, whatever its share."""
    return drill.share >= WHOLE and not drill.sampled


def covers(record: SnapshotRecord | DrillRecord, process: CriticalProcess) -> bool:
    """The snapshot (or the one that was drilled) holds everything that the process has today."""
    return not uncovered(record, process)


def uncovered(record: SnapshotRecord | DrillRecord, process: CriticalProcess) -> tuple[str, ...]:
    """Paths of today's config that it does not hold: new ones, and such that an exclude kept out then."""
    kept = record.paths
    missing = [path for path in process.paths if kept and not is_within(path, kept)]
    missing += [
        path
        for path in record.excluded
        if is_within(path, process.paths) and not is_excluded(path, process.exclude)
    ]
    return tuple(missing)


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Whether `path` is one of `roots`, or lies below one."""
    here, tops = normpath(path), map(normpath, roots)
    return any(here == root or here.startswith(root.rstrip("/") + "/") for root in tops)


def open_failures(drills: Sequence[DrillRecord], proofs: Set[str]) -> tuple[DrillRecord, ...]:
    """The failed ones that nothing later covers. `drills` newest first; `proofs` are today's by name."""
    return tuple(
        drill
        for index, drill in enumerate(drills)
        if drill.outcome == "failed" and not _is_cleared(drill, drills[:index], proofs)
    )


def _is_cleared(failure: DrillRecord, later: Iterable[DrillRecord], proofs: Set[str]) -> bool:
    """A failure ends with a full pass of the same or a newer snapshot, or with samples that add up to one.

    A pass of an older snapshot says nothing of the one that failed, and neither does another sample of
    it. What a proof refuted, only a full drill with that proof clears, as long as it is in the config.
    """
    passes = [drill for drill in later if drill.outcome == "passed" and _is_as_new(drill, failure)]
    failed = {proof.name for proof in failure.proofs if proof.outcome == "failed"}
    if any(is_full(drill) and _has_passed(drill, failed & proofs) for drill in passes):
        return True
    return not failed and sum(drill.share for drill in passes) >= WHOLE


def _has_passed(drill: DrillRecord, proofs: Set[str]) -> bool:
    return proofs <= {proof.name for proof in drill.proofs if proof.outcome == "passed"}


def _is_as_new(drill: DrillRecord, failure: DrillRecord) -> bool:
    if failure.snapshot_at is None or drill.snapshot == failure.snapshot:
        return True
    return drill.snapshot_at is not None and drill.snapshot_at >= failure.snapshot_at


def refuted(copy: Copy) -> frozenset[str]:
    """Snapshots that were taken for good until a drill tried them, by their IDs.

    That a newer one passed since does not make them good; a full drill of the same one does.
    """
    found: set[str] = set()
    for drill in reversed(copy.drills):
        found.update(skipped.snapshot for skipped in drill.refused)
        if drill.outcome == "failed" and not spares_the_data(drill):
            found.add(drill.snapshot)
        elif drill.outcome == "passed" and is_full(drill):
            found.discard(drill.snapshot)
    return frozenset(found)


def _bad_content(copy: Copy) -> Iterator[Refuted]:
    """Refuted ones of which everything came back as it was saved: the data itself was bad.

    By their IDs where they were taken, which is where the same content is known in every copy.
    """
    names = refuted(copy)
    for drill in copy.drills:
        whole = drill.files.verified and not drill.files.missing and not drill.files.damaged
        if whole and drill.snapshot in names and any(proof.outcome == "failed" for proof in drill.proofs):
            yield drill.copy_of or drill.snapshot, drill


def _copies_of(bad: Sequence[Refuted], copy: Copy) -> frozenset[str]:
    """The IDs in `copy` of that content, but for what a full drill from here proved good."""
    passes = [drill for drill in copy.drills if drill.outcome == "passed" and is_full(drill)]
    return frozenset(
        record.snapshot
        for record in copy.snapshots
        for content, by in bad
        if record.origin == content
        and not any(drill.snapshot == record.snapshot and _answers(drill, by) for drill in passes)
    )


def _under_other_ids(names: Set[str], copy: Copy) -> frozenset[str]:
    """The IDs in `copy` of what these hold, as by `restic tag`, but for what a full drill proved good."""
    origins = {record.origin for record in copy.snapshots if record.snapshot in names}
    proven = {drill.snapshot for drill in copy.drills if drill.outcome == "passed" and is_full(drill)}
    return frozenset(
        record.snapshot
        for record in copy.snapshots
        if record.origin in origins and record.snapshot not in proven
    )


def _answers(passed: DrillRecord, failure: DrillRecord) -> bool:
    """It came later, or was asked the same: what passed before says nothing of a proof that was new."""
    return passed.started > failure.started or asked(failure, "failed") <= asked(passed, "passed")


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


def _at_rest(every: tuple[SnapshotRecord, ...]) -> tuple[SnapshotRecord, ...]:
    """Those in which every vital file stood still; where there is none, the others."""
    return tuple(record for record in every if not record.vital_moving) or every


def _is_current(drill: DrillRecord, process: CriticalProcess, now: datetime) -> bool:
    """Young enough, and of a snapshot that was young enough: an old snapshot proves the past."""
    limit = timedelta(seconds=process.max_proof_age)
    taken = drill.snapshot_at or drill.started
    return now - drill.started <= limit and drill.started - taken <= limit
