"""The last twelve months of one process as numbers, from its records: nothing is averaged or filled in."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.evidence import is_future, is_whole, taken_at
from agent.core.forecast.recovery_time import of_one_drill
from agent.core.model.drills import DrillRecord
from agent.core.model.objectives import Objectives, objectives_of
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.trends.axis import Months
from agent.core.upkeep.drill_standings import standings_of


class Saved(Struct, frozen=True):
    """What is kept of a good snapshot: `ready` when it was there to be restored, times as POSIX seconds."""

    taken: float
    ready: float
    bytes: int
    snapshot: str
    is_copy: bool


class Recovery(Struct, frozen=True, kw_only=True):
    """What one passed drill says of the recovery time, with the steps that were declared then."""

    at: datetime
    repository: str
    seconds: int
    extrapolated: bool
    late: bool  # than its objective


class Drilled(Struct, frozen=True):
    """How one drill ended."""

    at: datetime
    outcome: Outcome


class Level(Struct, frozen=True):
    """An objective in seconds that was in force from `since`; `noted` when a record of then says so."""

    since: datetime
    seconds: int
    noted: bool


class Size(Struct, frozen=True):
    at: datetime
    bytes: int


class Age(Struct, frozen=True):
    """The greatest age in seconds that the newest good snapshot reached on one day."""

    day: date
    seconds: int
    objective: int

    @property
    def over(self) -> bool:
        """More could have been lost on this day than may be."""
        return self.seconds > self.objective


class History(Struct, frozen=True, kw_only=True):
    """One process within `months`; everything oldest first. `begins` is None without any record."""

    process: str
    months: Months
    begins: datetime | None
    recoveries: tuple[Recovery, ...]
    drills: tuple[Drilled, ...]
    sizes: tuple[Size, ...]  # of each day the first, the last, the smallest and the largest
    ages: tuple[Age, ...]
    rto: tuple[Level, ...]
    rpo: tuple[Level, ...]


def saved(record: SnapshotRecord) -> Saved | None:
    """None for a snapshot that could not be relied on."""
    taken, ready = taken_at(record), record.started.timestamp() + record.seconds
    if not is_whole(record) or is_future(taken, record.started):
        return None
    return Saved(taken.timestamp(), ready, record.bytes, record.snapshot, bool(record.copy_of))


def history(
    process: CriticalProcess,
    months: Months,
    snapshots: Iterable[Saved],
    drills: Iterable[DrillRecord],
    promises: Iterable[tuple[datetime, Objectives]] = (),
) -> History:
    """What happened within `months`, judged as we know now: what a drill refuted was never a good snapshot.

    Records older than that only say how things stood when it began. `promises` are the objectives as other
    records than drills noted them.
    """
    local = (replace(drill, started=drill.started.astimezone(months.zone)) for drill in drills)
    tried = sorted((drill for drill in local if drill.started <= months.now), key=lambda one: one.started)
    refuted = standings_of((), [one for one in tried if one.outcome != "not_tested"]).bad
    now = months.now.timestamp()
    kept = [one for one in snapshots if one.ready <= now and one.snapshot not in refuted]
    kept.sort(key=lambda one: one.ready)
    first = [one.ready for one in kept[:1]] + [one.started.timestamp() for one in tried[:1]]
    begins = datetime.fromtimestamp(max(min(first), months.begin), months.zone) if first else None
    noted = [*promises, *((one.started, one.objectives) for one in tried if one.objectives)]
    noted.sort(key=lambda note: note[0])
    rto, rpo = _levels(process, months, noted)
    within = [drill for drill in tried if drill.started.timestamp() >= months.begin]
    return History(
        process=process.name,
        months=months,
        begins=begins,
        recoveries=tuple(_recoveries(process, noted, within)),
        drills=tuple(Drilled(drill.started, drill.outcome) for drill in within),
        sizes=tuple(_sizes(months, kept)),
        ages=tuple(_ages(months, kept, rpo)),
        rto=rto,
        rpo=rpo,
    )


def in_force(levels: Sequence[Level], at: datetime) -> int:
    """The objective at a moment."""
    return next((level.seconds for level in reversed(levels) if level.since <= at), levels[0].seconds)


def _levels(
    process: CriticalProcess, months: Months, noted: Sequence[tuple[datetime, Objectives]]
) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """The objectives as they were noted; of the time before, and of today, what is closest to it."""
    begin = datetime.fromtimestamp(months.begin, months.zone)
    today = objectives_of(process)
    steps = [(begin, noted[0][1] if noted else today, False)]
    steps += [(max(at.astimezone(months.zone), begin), objectives, True) for at, objectives in noted]
    steps += [(months.now, today, True)]
    return _steps([(at, o.rto, known) for at, o, known in steps]), _steps(
        [(at, o.rpo, known) for at, o, known in steps]
    )


def _steps(values: Iterable[tuple[datetime, int, bool]]) -> tuple[Level, ...]:
    """Only where something changes; of several at one moment the last."""
    found: list[Level] = []
    for at, seconds, noted in values:
        level = Level(at, seconds, noted)
        if found and found[-1].since == at:
            found[-1] = level
        elif not found or (found[-1].seconds, found[-1].noted) != (seconds, noted):
            found.append(level)
    return tuple(found)


def _recoveries(
    process: CriticalProcess, noted: Sequence[tuple[datetime, Objectives]], drills: Iterable[DrillRecord]
) -> Iterable[Recovery]:
    for drill in drills:
        machine, basis = of_one_drill(drill)
        if drill.outcome == "passed" and basis != "none":
            earlier = [objectives for at, objectives in noted if at <= drill.started]
            closest = earlier[-1:] or [objectives for _, objectives in noted[:1]]
            then = drill.objectives or next(iter(closest), objectives_of(process))
            yield Recovery(
                at=drill.started,
                repository=drill.repository,
                seconds=machine + then.steps,
                extrapolated=basis == "extrapolated",
                late=machine + then.steps > then.rto,
            )


def _sizes(months: Months, kept: Iterable[Saved]) -> Iterable[Size]:
    days: dict[int, list[Saved]] = {}
    for one in sorted((one for one in kept if not one.is_copy), key=lambda one: one.taken):
        if one.taken >= months.begin:
            days.setdefault(bisect_right(months.days, one.taken), []).append(one)
    for day in days.values():
        telling = {day[0], day[-1], min(day, key=_bytes), max(day, key=_bytes)}
        for one in sorted(telling, key=lambda one: one.taken):
            yield Size(datetime.fromtimestamp(one.taken, months.zone), one.bytes)


def _bytes(one: Saved) -> int:
    return one.bytes


def _ages(months: Months, kept: Sequence[Saved], rpo: Sequence[Level]) -> Iterable[Age]:
    """From one good snapshot to the next the age grows: its peak on each day in between is what counts."""
    now = months.now.timestamp()
    worst: dict[int, float] = {}
    newest = 0.0
    ends = [*(one.ready for one in kept), now][1:]
    for one, end in zip(kept, ends, strict=True):
        newest = max(newest, one.taken)
        for day, close in _days_between(months, one.ready, end):
            worst[day] = max(worst.get(day, 0.0), min(end, close) - newest)
    for day, age in sorted(worst.items()):
        last = datetime.fromtimestamp(min(now, months.days[day + 1] - 1), months.zone)
        yield Age(last.date(), int(age), in_force(rpo, last))


def _days_between(months: Months, begin: float, end: float) -> Iterable[tuple[int, float]]:
    """The days that the time from `begin` to `end` touches, as their number and their end."""
    if end < months.begin:
        return
    first = max(bisect_right(months.days, begin) - 1, 0)
    for day in range(first, bisect_right(months.days, end)):
        yield day, months.days[day + 1]
