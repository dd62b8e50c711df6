"""Every drill that was due or made in a period: also those that fell out, failed, or never came to a result.

A drill belongs to the run of the service that recorded itself behind it; what no run lays claim to was
made by hand. What nobody ran at all is found by the rhythm of the config.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from agent.core.audit.records import History, Period, Result, Row, config_at, promised
from agent.core.audit.targets import objectives_then, point_answer, recovery_answer, sentence
from agent.core.configuration.config import Rhythm
from agent.core.evidence.evidence import is_full
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.core.model.runs import DrillRun
from agent.core.schedule.schedule import COUNTED, following
from agent.core.text.phrases import percent

RESULTS: dict[str, Result] = {"passed": "passed", "failed": "failed", "not_tested": "not tested"}
GRACE = timedelta(days=1)  # that a drill which is due now may still wait for its turn


class Attempt(Struct, frozen=True, kw_only=True):
    """One run of the service with the drills that it made, or drills that were made without one."""

    process: str
    drills: tuple[Entry, ...] = ()
    run: Entry | None = None
    again: bool = False  # the run before it did not pass

    @property
    def moments(self) -> list[datetime]:
        """When it was due and when it began, as far as is known."""
        begun = [entry.body.started for entry in self.drills if isinstance(entry.body, DrillRecord)]
        run = self.run.body if self.run else None
        return [run.due, run.started, *begun] if isinstance(run, DrillRun) else begun

    @property
    def begun(self) -> datetime:
        """When the run or the drill began."""
        return self.moments[1] if self.run else self.moments[0]


def population(history: History, period: Period) -> tuple[Row, ...]:
    """One row for each, in the order of time."""
    found = attempts(history.drills)
    rows = [
        row
        for attempt in found
        if any(period.holds(moment) for moment in attempt.moments)
        for row in _of_attempt(attempt, history, period)
    ]
    rows += _never_run(found, history, period)
    return tuple(sorted(rows, key=lambda row: (row.started or row.due, row.drill_record or 0)))


def attempts(entries: Iterable[Entry]) -> list[Attempt]:
    """Which drill belongs to which run; oldest record first."""
    waiting: dict[str, list[Entry]] = {}
    unsettled: set[str] = set()
    found = []
    for entry in entries:
        body = entry.body
        if isinstance(body, DrillRecord):
            waiting.setdefault(body.process, []).append(entry)
        elif isinstance(body, DrillRun):
            drills = waiting.pop(body.process, [])
            mine = [one for one in drills if _started(one) >= body.started]
            found += [_by_hand(one) for one in drills if one not in mine]
            again = body.process in unsettled
            found.append(Attempt(process=body.process, drills=tuple(mine), run=entry, again=again))
            (unsettled.discard if body.outcome == "passed" else unsettled.add)(body.process)
    return found + [_by_hand(one) for drills in waiting.values() for one in drills]


def _by_hand(entry: Entry) -> Attempt:
    assert isinstance(entry.body, DrillRecord)
    return Attempt(process=entry.body.process, drills=(entry,))


def _started(entry: Entry) -> datetime:
    assert isinstance(entry.body, DrillRecord)
    return entry.body.started


def _of_attempt(attempt: Attempt, history: History, period: Period) -> Iterator[Row]:
    zone = ZoneInfo(period.zone)
    run = attempt.run.body if attempt.run else None
    how = "by hand"
    if isinstance(run, DrillRun) and attempt.run:
        how = "again" if attempt.again else "schedule"
        if not attempt.drills:
            yield _no_drill(attempt.run, run, how, zone)
        yield from _fell_out(attempt.run, run, history, zone)
    for entry in attempt.drills:
        row = _of_drill(entry, history, zone)
        row = replace(row, how=row.how or how)
        if isinstance(run, DrillRun) and attempt.run:
            row = replace(row, due=stamp(run.due), run_record=attempt.run.sequence)
        yield row


def _no_drill(entry: Entry, run: DrillRun, how: str, zone: ZoneInfo) -> Row:
    return Row(
        result="not tested",
        process=plain(run.process),
        repository=plain(run.repository),
        how=how,
        due=stamp(run.due),
        started=stamp(run.started),
        local=local(run.started, zone),
        run_record=entry.sequence,
        hash=entry.hash,
        sentence=f"The run left no record of a drill and ended with status {run.status}.",
    )


def _fell_out(entry: Entry, run: DrillRun, history: History, zone: ZoneInfo) -> Iterator[Row]:
    """The regular runs before this one that nobody made; when, only where the rhythm was recorded."""
    due: datetime | None = run.due
    for _ in range(run.missed):
        rhythm = _rhythm(history, run.process, due) if due else None
        due = following(rhythm, due, zone) if rhythm and due else None
        yield Row(
            result="fell out",
            process=plain(run.process),
            how="schedule",
            due=stamp(due) if due else "",
            local=local(due, zone) if due else "",
            run_record=entry.sequence,
            hash=entry.hash,
            sentence=f"It was due and fell out; record {entry.sequence} is the run that caught up.",
        )


def _of_drill(entry: Entry, history: History, zone: ZoneInfo) -> Row:
    drill = entry.body
    assert isinstance(drill, DrillRecord)
    config = config_at(history, drill.started)
    promise = promised(config, drill.process)
    goal = objectives_then(drill, promise)
    measured = drill.outcome == "passed" and is_full(drill)
    return Row(
        result=RESULTS[drill.outcome],
        process=plain(drill.process),
        repository=plain(drill.repository),
        how=f"instead of {plain(drill.instead_of)}" if drill.instead_of else "",
        started=stamp(drill.started),
        local=local(drill.started, zone),
        drill_record=entry.sequence,
        config_record=config.sequence if config else None,
        hash=entry.hash,
        snapshot=plain(drill.snapshot),
        snapshot_at=stamp(drill.snapshot_at) if drill.snapshot_at else "",
        part="full" if is_full(drill) else f"sample of {percent(drill.share)}",
        rung=plain(drill.rung),
        tier=promise.tier if promise else None,
        owner=plain(promise.owner) if promise else "",
        mtd_s=promise.mtd if promise else None,
        rto_s=goal.rto if goal else None,
        recovery_s=drill.seconds.total + (goal.steps if goal else 0) if measured else None,
        rto=recovery_answer(drill, goal),
        rpo_s=goal.rpo if goal else None,
        point_s=drill.recovery_point_age,
        rpo=point_answer(drill, goal),
        sentence=sentence(drill, goal),
    )


def _never_run(found: list[Attempt], history: History, period: Period) -> Iterator[Row]:
    """What the rhythm asked for between two attempts, and since the last one, where no run says so itself."""
    zone = ZoneInfo(period.zone)
    begun: dict[str, datetime] = {}
    for entry in history.configs:
        for one in getattr(entry.body, "processes", ()):
            begun.setdefault(one.name, entry.at)
    until = min(period.ends, history.at - GRACE)
    for name, since in begun.items():
        mine = sorted((a for a in found if a.process == name), key=lambda a: a.begun)
        last = since
        for attempt in mine:  # the last of the moments before an attempt is the one that it served
            for due in _regular(name, last, attempt.moments[0], history, zone)[:-1]:
                if period.holds(due):
                    yield _not_made(name, due, zone)
            last = max(last, attempt.begun)
        for due in _regular(name, last, until, history, zone):
            if period.holds(due):
                yield _not_made(name, due, zone)


def _regular(name: str, after: datetime, until: datetime, history: History, zone: ZoneInfo) -> list[datetime]:
    """When drills of a process were due behind `after`, up to `until`."""
    found: list[datetime] = []
    rhythm = _rhythm(history, name, after)
    while rhythm and len(found) < COUNTED:
        after = following(rhythm, after, zone)
        if after > until:
            break
        found.append(after)
        rhythm = _rhythm(history, name, after)
    return found


def _rhythm(history: History, process: str, moment: datetime) -> Rhythm | None:
    promise = promised(config_at(history, moment), process)
    return Rhythm(every=promise.drill_every, cron=promise.drill_cron) if promise else None


def _not_made(process: str, due: datetime, zone: ZoneInfo) -> Row:
    return Row(
        result="never run",
        process=plain(process),
        how="schedule",
        due=stamp(due),
        local=local(due, zone),
        sentence="It was due by the rhythm of the config, and no record says that anybody made it.",
    )


def stamp(moment: datetime) -> str:
    """A time as records hold it."""
    return str(to_builtins(moment))


def local(moment: datetime, zone: ZoneInfo) -> str:
    """On the business's clock: "2026-07-03 02:30 CEST"."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def plain(text: str) -> str:
    """ASCII without control characters: everything else is escaped as in JSON."""
    return json.dumps(text)[1:-1].replace("\x7f", "\\u007f")
