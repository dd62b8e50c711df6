"""What is due now: every duty with what became of it, on a clock that may jump. No clock of its own.

A jump back shifts the past along, so that nothing is done twice and nothing waits for a time that has
been. After a jump forward each task that is due runs once, as after a pause of the machine.
"""

import random
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from agent.core.model.runs import Outcome
from agent.core.schedule.duties import Duty, Task
from agent.core.schedule.holding import held
from agent.core.schedule.schedule import Past, after_run, missed, next_run, shifted

EVER = datetime.min.replace(tzinfo=UTC)
LONG = timedelta(days=1)  # that a task waits at most behind more urgent ones
LATE = timedelta(minutes=2)  # a run that starts later than this after it was due is late
BUSY_PAUSE = timedelta(minutes=1)  # before what another was in the way of is tried again
NEEDS_SNAPSHOT = ("copy", "drill")
JITTER_PARTS, LONGEST_JITTER = 10, 300.0  # a run that is caught up waits up to a tenth of its rhythm, 5 min


class Stirred(Struct, frozen=True):
    """Changes of a process's files that no snapshot holds: the first and the last that we know of."""

    first: datetime
    last: datetime


class Due(Struct, frozen=True, kw_only=True):
    """A duty whose time has come: since when, and how many regular runs fell out meanwhile."""

    duty: Duty
    holds: frozenset[str]
    since: datetime
    missed: int = 0


class Agenda:
    """All duties and their past. Times are aware, in UTC."""

    def __init__(self, duties: Iterable[Duty], zone: ZoneInfo, chance: random.Random) -> None:
        self.zone = zone
        self.chance = chance
        self.duties = {duty.task: duty for duty in duties}
        self._pasts: dict[Task, Past] = {}
        self._regular: dict[Task, datetime | None] = {}  # what next_run says of them
        self._stirred: dict[str, Stirred] = {}
        self._not_before: dict[Task, datetime] = {}
        self._hastened: dict[Task, datetime] = {}
        self._turns: dict[str, str] = {}
        self._again: frozenset[str] = frozenset()

    def renew(self, duties: Iterable[Duty], zone: ZoneInfo) -> None:
        """Go on with the duties of another config; what both have keeps its past."""
        self.zone = zone
        self.duties = {duty.task: duty for duty in duties}
        self._pasts = {task: past for task, past in self._pasts.items() if task in self.duties}
        self._regular.clear()
        self._not_before.clear()
        self._hastened.clear()

    def remember(self, pasts: Mapping[Task, Past]) -> None:
        """What the ledger knows of earlier runs."""
        self._regular.clear()
        self._pasts.update({task: past for task, past in pasts.items() if task in self.duties})

    def ended(self, task: Task, outcome: Outcome, started: datetime, now: datetime) -> None:
        """A run of `task` ended now."""
        if not (outcome == "not_tested" and self._is_again(task)):  # nothing waits for what was only tried
            self._regular.pop(task, None)
            self._pasts[task] = after_run(self._past(task), outcome, started, now)
        self._again -= {task.process} if task.kind == "drill" else set()
        self._not_before.pop(task, None)
        if self._hastened.get(task, started) <= started:  # what was asked for meanwhile is still to be done
            self._hastened.pop(task, None)

    def drilled_by_hand(self, task: Task, failed: datetime | None) -> None:
        """When a drill that somebody made since the last run failed; None: none did."""
        if self._past(task).failed != failed:
            self._regular.pop(task, None)
            self._pasts[task] = replace(self._past(task), failed=failed)

    def hasten(self, task: Task, to: datetime) -> None:
        """Do a task at `to`, if it is not due before, whatever its rhythm says."""
        self._hastened[task] = min(to, self._hastened.get(task, to))

    def busy(self, task: Task, now: datetime) -> None:
        """A run found another at work: it is no attempt, and tried again soon."""
        self._not_before[task] = now + BUSY_PAUSE

    def woke(self, now: datetime) -> None:
        """The machine was off or suspended: what fell due is caught up, not all at the same second."""
        for duty in self.duties.values():
            due = self.next_of(duty)
            if due is not None and now - due > LATE:
                self._not_before[duty.task] = now + self._jitter(duty)

    def take_turns(self, turns: Mapping[str, str], again: Set[str] = frozenset()) -> None:
        """From which repository each process is drilled next, of those that have a snapshot at all. `again`:
        processes that are drilled from there at once, because that came to nothing and may not any more."""
        self._turns, self._again = dict(turns), frozenset(again)

    def stirred(self, process: str, first: datetime, last: datetime) -> None:
        """Files of a process changed; kept until `settled`."""
        known = self._stirred.get(process)
        self._stirred[process] = (
            Stirred(min(first, known.first), max(last, known.last)) if known else (Stirred(first, last))
        )

    def settled(self, process: str, before: datetime | None = None) -> None:
        """The changes that we know of are in a snapshot now, or were none; later ones than `before` stay."""
        known = self._stirred.get(process)
        if known and (before is None or known.last < before):
            del self._stirred[process]

    def jumped(self, seconds: float) -> None:
        """The clock was set: forward (+) or back."""
        by = timedelta(seconds=seconds)
        self._regular.clear()
        self._not_before.clear()
        self._hastened.clear()
        if seconds < 0:
            self._pasts = {task: shifted(past, by) for task, past in self._pasts.items()}
            self._stirred = {
                process: Stirred(one.first + by, one.last + by) for process, one in self._stirred.items()
            }

    def due(self, now: datetime, occupied: Set[str] = frozenset()) -> list[Due]:
        """What should be started now, the most urgent first; nothing that needs what is `occupied`.

        No two of them hold the same.
        """
        taken = set(occupied)
        chosen = []
        ready = [(since, duty) for duty in self.duties.values() if (since := self._due_since(duty, now))]
        for since, duty in sorted(ready, key=lambda one: self._urgency(one[1], now)):
            if self._is_blocked(duty, taken):
                continue
            holds = self.holds(duty)
            taken |= holds | duty.at_first
            fell_out = missed(duty.rhythm, since, now, self.zone) if now - since > LATE else 0
            chosen.append(Due(duty=duty, holds=holds, since=since, missed=fell_out))
        return chosen

    def _urgency(self, duty: Duty, now: datetime) -> tuple[bool, int, datetime]:
        """The lower, the sooner: first what waits for a day, then by rank, then what waits longest: where
        time is short, each gets its turn."""
        due = self._due_at(duty)
        return due is None or now - due < LONG, duty.rank, due or EVER

    def wake_at(self, now: datetime, occupied: Set[str] = frozenset()) -> datetime | None:
        """When something will be due that does not need what is `occupied`; None: not foreseeable."""
        moments = [
            self._starts_at(duty) or now
            for duty in self.duties.values()
            if not self._is_blocked(duty, occupied)
        ]
        return min(moments, default=None)

    def next_of(self, duty: Duty) -> datetime | None:
        """When a duty is due by its rhythm; None: at once."""
        if duty.task not in self._regular:
            self._regular[duty.task] = next_run(duty.rhythm, self._past(duty.task), self.zone)
        return self._regular[duty.task]

    def holds(self, duty: Duty) -> frozenset[str]:
        """What no other run may work on meanwhile; in a drill, the repository whose turn it is as well."""
        task = duty.task
        return duty.holds | held("drill", "", self.turn(task.process)) if task.kind == "drill" else duty.holds

    def _is_blocked(self, duty: Duty, occupied: Set[str]) -> bool:
        """Something that it needs is in use, or there is no snapshot yet to copy or drill."""
        nothing = duty.task.kind in NEEDS_SNAPSHOT and duty.task.process not in self._turns
        return nothing or bool(occupied & (self.holds(duty) | duty.at_first))

    def turn(self, process: str) -> str:
        """The repository that the next drill of a process is made from; empty: the first."""
        return self._turns.get(process, "")

    def _is_again(self, task: Task) -> bool:
        return task.kind == "drill" and task.process in self._again

    def _past(self, task: Task) -> Past:
        return self._pasts.get(task, Past())

    def _due_since(self, duty: Duty, now: datetime) -> datetime | None:
        starts = self._starts_at(duty)
        if starts is not None and starts > now:
            return None
        return min(now, self._due_at(duty) or now)

    def _due_at(self, duty: Duty) -> datetime | None:
        """By rhythm, by change or hastened; None for what was never done: at once."""
        past = self._past(duty.task)
        regular = self.next_of(duty)
        if regular is None or past.failures:
            return regular
        if self._is_again(duty.task) and past.tried is not None:
            regular = min(regular, past.tried)
        regular = min(regular, self._hastened.get(duty.task, regular))
        stirred = self._stirred.get(duty.task.process) if duty.quiet else None
        if stirred is None:
            return regular
        quiet, bound = timedelta(seconds=duty.quiet), timedelta(seconds=duty.bound)
        changed = min(stirred.last + quiet, stirred.first + bound)
        if past.tried is not None:
            changed = max(changed, past.tried + quiet)
        return min(regular, changed)

    def _starts_at(self, duty: Duty) -> datetime | None:
        """When it may start: when it is due, or later where another was busy or it is caught up."""
        due, waits_for = self._due_at(duty), self._not_before.get(duty.task)
        return max(due or waits_for, waits_for) if waits_for else due

    def _jitter(self, duty: Duty) -> timedelta:
        parts = duty.rhythm.every or LONGEST_JITTER * JITTER_PARTS
        return timedelta(seconds=self.chance.uniform(0, min(LONGEST_JITTER, parts / JITTER_PARTS)))
