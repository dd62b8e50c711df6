"""A world for the service in which years pass in seconds: its clocks, its jobs, its faults, and the truth.

`true` is the time that really passed, in seconds since the world began. The service sees only the time of
day, which jumps, and the time since the last boot.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.core.configuration.config import Config
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.records import KINDS, Body, Entry
from agent.core.model.runs import AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.schedule.duties import Task
from agent.core.schedule.jobs import Asked, JobEnd
from agent.daemon.service import Service, Tools

DURATIONS = {
    "snapshot": 90,
    "exposure": 10,
    "copy": 900,
    "drill": 2400,
    "retain": 20,
    "check": 300,
    "prune": 600,
}
FAULTS = ((3, 0.03), (-9, 0.01), (130, 0.01), (75, 0.01), (1, 0.02))


class IndexedLedger:
    """A ledger in memory that finds the newest records quickly."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)

    def append(self, body: Body, at: datetime) -> Entry:
        self.count += 1
        entry = Entry(sequence=self.count, at=at, body=body, hash="")
        process, repository = getattr(body, "process", ""), getattr(body, "repository", "")
        for own_process in {process, ""}:
            for own_repository in {repository, ""}:
                kept = self._kept[KINDS[type(body)], own_process, own_repository]
                kept.append(entry)
                if len(kept) > 2000:
                    del kept[:1000]
        return entry

    def newest_entries(
        self, body: type, *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        kept = self._kept.get((KINDS[body], process, repository), [])
        fitting = (e for e in reversed(kept) if outcome in ("", getattr(e.body, "outcome", "")))
        return [entry for entry, _ in zip(fitting, range(limit), strict=False)]

    def newest(self, body: type, **filters: Any) -> list[Any]:
        return [entry.body for entry in self.newest_entries(body, **filters)]


class SimulatedJob:
    """A job that ends at a moment that is known to the world alone."""

    def __init__(self, world: "World", arguments: Sequence[str], ends: float, status: int) -> None:
        self.world = world
        self.arguments = list(arguments)
        self.began = world.true
        self.ends = ends
        self.status = status
        self.result: dict[str, Any] = {}  # of its JSON
        self.holds = world.holds_of(self.arguments)

    def look(self) -> JobEnd | None:
        if self.world.true < self.ends:
            return None
        self.world.ended(self)
        return JobEnd(status=self.status, seconds=self.ends - self.began, result=self.result)

    def ask_to_end(self) -> None:
        return None

    def stop(self, grace: float) -> None:
        if self.world.true < self.ends:
            self.status, self.ends = 130, self.world.true


class World:
    """Clocks, jobs and files of one server; implements every port of the service."""

    longest_rest = 300.0  # seconds between two looks at the clock and the files

    def __init__(self, config: Config, start: datetime, seed: int) -> None:
        self.config = config
        self.chance = random.Random(seed)
        self.start = start
        self.true = 0.0
        self.offset = timedelta()  # of the time of day
        self.booted = -1000.0
        self.ledger = IndexedLedger()
        self.running: list[SimulatedJob] = []
        self.log: list[tuple[str, str]] = []
        self.begun: list[SimulatedJob] = []  # since somebody looked
        self.over: list[SimulatedJob] = []
        self.dirty: dict[str, list[float]] = {}
        self.noted: list[list[Finding]] = []
        self.signs_given: list[tuple[datetime, bool]] = []
        self.service: Service | None = None

    # ---- clocks

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.true) + self.offset

    def elapsed(self) -> float:
        return self.true - self.booted

    # ---- jobs

    def begin(self, arguments: Sequence[str]) -> SimulatedJob:
        kind = arguments[0]
        usual = DURATIONS.get(kind, 1)
        seconds = usual * self.chance.lognormvariate(0, 0.7)
        job = SimulatedJob(self, arguments, self.true + seconds, self._status(kind))
        self.running.append(job)
        self.begun.append(job)
        return job

    def _status(self, kind: str) -> int:
        if kind == "agent":
            return 0
        dice = self.chance.random()
        for status, share in FAULTS:
            dice -= share
            if dice < 0:
                return status
        return 0

    def ended(self, job: SimulatedJob) -> None:
        self.running.remove(job)
        self.over.append(job)
        process, repository = self.places(job.arguments)
        outcome = "passed" if job.status == 0 else "failed" if job.status == 1 else "not_tested"
        started = self.now()
        if job.arguments[0] in ("snapshot", "copy") and outcome == "passed":
            body: Body = SnapshotRecord(
                process=process, repository=repository, started=started, outcome="passed", seconds=1.0
            )
            self.ledger.append(body, started)
        if job.arguments[0] == "drill":
            drill = DrillRecord(process=process, repository=repository, started=started, outcome=outcome)  # type: ignore[arg-type]
            self.ledger.append(drill, started)

    def places(self, arguments: Sequence[str]) -> tuple[str, str]:
        """Process and repository that a command line works on, told from its words alone."""
        first = self.config.repositories[0].name
        kind, *words = arguments
        if kind in ("check", "prune"):
            return "", words[0]
        process = words[0] if words and not words[0].startswith("-") else ""
        flag = next((words[i + 1] for i, word in enumerate(words) if word in ("--to", "--from", "--in")), "")
        return process, flag or (first if kind in ("snapshot", "drill") else "")

    def holds_of(self, arguments: Sequence[str]) -> set[str]:
        process, repository = self.places(arguments)
        kind = arguments[0]
        holds = {f"process {process}"} if kind in ("snapshot", "exposure", "retain") else set()
        if repository and kind != "drill":
            holds.add(f"repository {repository}")
        if repository and kind != "snapshot":
            holds.add(f"drill {repository}")
        return holds

    # ---- files

    def changes(self) -> dict[str, Any]:
        return {name: _Stir(name, *moments) for name, moments in self.dirty.items()}

    def settled(self, process: str) -> None:
        self.dirty.pop(process, None)

    def touch(self, process: str) -> None:
        moments = self.dirty.setdefault(process, [self.elapsed(), self.elapsed()])
        moments[1] = self.elapsed()

    def rescan(self) -> set[str]:
        return set()

    def troubles(self) -> list[Finding]:
        return []

    def alive(self, status: str = "") -> bool:
        return True

    def give(self, now: datetime, *, recorded: bool) -> str:
        self.signs_given.append((now, recorded))
        return ""

    # ---- the service's life

    def boot(self) -> None:
        tools = Tools(
            ledger=self.ledger,  # type: ignore[arg-type]
            jobs=_Jobs(self),
            watches=_Watches(self),
            clocks=self,
            supervisor=_Silent(),
            waiter=_Waiter(),
            log=lambda level, text: self.log.append((level, text)),
            load=lambda: self.config,
            output_file=lambda config, task, now: "file" if task.kind in ("report", "metrics") else "",
            note_troubles=lambda config, troubles: self.noted.append(list(troubles)),
            sign=self,
            chance=self.chance,
            version="simulated",
            longest_rest=self.longest_rest,
        )
        self.service = Service(self.config, tools)
        self.service.begin()

    def power_cut(self, seconds: float) -> None:
        """Everything stops at once; the machine comes back later."""
        self.running.clear()
        self.begun.clear()
        self.service = None
        self.true += seconds
        self.booted = self.true
        self.dirty.clear()

    def jumps(self) -> int:
        return len([e for e in self.ledger.newest_entries(AgentRecord, limit=1000) if e.body.jump])  # type: ignore[union-attr]


class _Stir:
    def __init__(self, process: str, first: float, last: float) -> None:
        self.process, self.first, self.last = process, first, last
        self.events = 1


class _Jobs:
    def __init__(self, world: World) -> None:
        self.world = world

    def start(self, arguments: Sequence[str]) -> SimulatedJob:
        return self.world.begin(arguments)


class _Watches:
    def __init__(self, world: World) -> None:
        self.world = world

    def start(self, config: Config) -> Any:
        return _Watching(self.world)


class _Watching:
    """The world as a watcher sees it."""

    def __init__(self, world: World) -> None:
        self.changes, self.settled = world.changes, world.settled
        self.rescan, self.troubles, self.alive = world.rescan, world.troubles, world.alive

    def stop(self) -> None:
        return None


class _Silent:
    def ready(self, status: str) -> None: ...

    def alive(self, status: str) -> None: ...

    def stopping(self) -> None: ...


class _Waiter:
    def wait(self, seconds: float) -> Asked:
        return Asked()


def task_of(world: World, job: SimulatedJob) -> Task:
    """The task of a command line, as the truth's book-keeping names it."""
    process, repository = world.places(job.arguments)
    kind = job.arguments[0]
    return Task(kind, process, "" if kind == "drill" else repository)


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
