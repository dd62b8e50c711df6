"""The loop of `readiness agent`: notice what is due, start it, record what came of it, rest.

It does no work of its own: every task is a command of ours in a process of its own, so that this one
stays small and nothing that goes wrong in a task harms it.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from agent.core.configuration.config import Config, Rhythm
from agent.core.model.findings import Finding
from agent.core.model.runs import AgentRecord
from agent.core.schedule.agenda import Agenda, Due
from agent.core.schedule.clock_watch import ClockWatch
from agent.core.schedule.duties import Duty, Task, duties
from agent.core.schedule.jobs import JobEnd
from agent.core.schedule.schedule import Past
from agent.core.text.plain import duration
from agent.daemon import memory, runs
from agent.daemon.changes import Changes
from agent.daemon.ports import Clocks, Job, Jobs, LifeSign, Log, Supervisor, Waiter, Watches
from agent.daemon.vitals import Vitals
from agent.errors import Exit, ReadinessError, StateError
from agent.operations.ports.ledger import Ledger

STOP_SECONDS = 120.0  # that jobs get to end in when the service stops
SHORT_JOBS = 2  # that may be at work beside one long one for each repository
RESTS_ASLEEP = 6  # so many rests without waking: the machine was suspended
LONG_BUSY = timedelta(hours=1)  # in which somebody else is in a task's way
SOON = timedelta(seconds=10)  # after a run the figures are written anew, and people told
METRICS, NOTIFY, REPORT = Task("metrics"), Task("notify"), Task("report")
CLEAN_UP = Task("clean-up")


class Tools(Struct, frozen=True, kw_only=True):
    """Everything the service does to the world."""

    ledger: Ledger
    jobs: Jobs
    watches: Watches
    clocks: Clocks
    supervisor: Supervisor
    waiter: Waiter
    log: Log
    load: Callable[[], Config]  # reads the config anew
    output_file: Callable[[Config, Task, datetime], str]  # where a report or the figures go
    note_troubles: Callable[[Config, Sequence[Finding]], None]  # for the next look at the exposure
    sign: LifeSign
    chance: random.Random
    version: str
    longest_rest: float = 20.0  # seconds between two looks at the clock and the files


class Work(Struct, kw_only=True):
    """A job at work."""

    task: Task
    due: Due
    started: datetime
    job: Job


class Service:
    """The service for one config. `run` returns when it was asked to stop."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self.config = config
        self.tools = tools
        now = tools.clocks.now()
        newest, asleep = memory.newest_at(tools.ledger), RESTS_ASLEEP * tools.longest_rest
        self._clock = ClockWatch(now, tools.clocks.elapsed(), newest, asleep)
        self._work: list[Work] = []
        self._waiting: dict[Task, datetime] = {}  # since when another readiness is in its way
        self._silent = self._ending = False
        zone = ZoneInfo(config.business.time_zone)
        self.agenda = Agenda(duties(config), zone, tools.chance)
        self.changes = Changes(self.agenda, tools.clocks)
        self.vitals = Vitals(tools.ledger, tools.sign, tools.clocks, tools.log)

    def run(self) -> None:
        """Serve until somebody asks to stop."""
        self.begin()
        try:
            while True:
                asked = self.tools.waiter.wait(self.rest())
                if asked.stop:
                    break
                if asked.reload:
                    self.reload()
                self.step()
        finally:
            self.end()

    # ---- beginning and end ------------------------------------------------------------------

    def begin(self) -> None:
        """Recall what was done before, begin to watch, and say that we are up."""
        now = self.tools.clocks.now()
        if self._clock.behind:
            self._record_jump(self._clock.behind)
        self.vitals.record(AgentRecord(event="started", version=self.tools.version))
        self._note_config()
        self.vitals.give_sign()
        self.agenda.remember({REPORT: Past(done=now)})  # the first comes when its time comes, not at once
        self.agenda.remember(memory.pasts(self.agenda.duties.values(), self.tools.ledger))
        self.agenda.woke(now)
        self._take_turns()
        self.watching = self.tools.watches.start(self.config)
        self.tools.log("notice", f"readiness {self.tools.version} watches {self._names()}")
        self.tools.supervisor.ready(f"watching {self._names()}")
        self._clean_up()

    def _note_config(self) -> None:
        """Record the objectives that hold from now on, where they are not those that were recorded last."""
        with suppress(StateError):  # whoever snapshots or drills records them as well
            news = memory.config_news(self.config, self.tools.ledger)
            if news is not None:
                self.vitals.record(news)

    def _clean_up(self) -> None:
        """Before anything else clear away what runs left that were killed along with the service."""
        now = self.tools.clocks.now()
        everything = frozenset().union(*(duty.holds for duty in self.agenda.duties.values()))
        duty = Duty(task=CLEAN_UP, rhythm=Rhythm(every=1), holds=everything)
        job = self.tools.jobs.start(["agent", "--clean-up"])
        due = Due(duty=duty, holds=everything, since=now)
        self._work.append(Work(task=CLEAN_UP, due=due, started=now, job=job))

    def _names(self) -> str:
        return ", ".join(process.name for process in self.config.processes)

    def end(self) -> None:
        """Stop what is at work, and say so."""
        self._ending = True
        self.tools.supervisor.stopping()
        for work in self._work:
            self.tools.log("notice", f"{work.task}: is being stopped")
            work.job.ask_to_end()
        for work in self._work:
            work.job.stop(STOP_SECONDS)
        self._reap()
        self.watching.stop()
        self.vitals.record(AgentRecord(event="stopped", version=self.tools.version))
        self.tools.log("notice", "readiness stopped")

    def reload(self) -> None:
        """Go on with the config as it is now; with the old one when the new one is wrong."""
        try:
            config = self.tools.load()
        except ReadinessError as error:
            self.tools.log("error", f"The new config is not used: {error.message} {error.hint}".strip())
            return
        if config.settings.state != self.config.settings.state:
            self.tools.log("error", "The new config is not used: another state needs a restart.")
            return
        self._hear()  # the watcher that takes over knows nothing of it
        self.config = config
        self._note_config()
        self.agenda.renew(duties(config), ZoneInfo(config.business.time_zone))
        self.agenda.remember(memory.pasts(self.agenda.duties.values(), self.tools.ledger))
        self._take_turns()
        self.watching.stop()
        self.watching = self.tools.watches.start(config)
        self.tools.log("notice", f"The config was read again: watching {self._names()}")

    # ---- one round --------------------------------------------------------------------------

    def step(self) -> None:
        """Look at the clock, the jobs and the files; start what is due; give a sign of life."""
        self._look_at_clock()
        self._reap()
        self._hear()
        self._start_due()
        if self.watching.alive():
            at_work = ", ".join(str(work.task) for work in self._work)
            self.tools.supervisor.alive(at_work or f"watching {self._names()}")
            self.vitals.give_sign()
        elif not self._silent:
            self._silent = True
            self.tools.log("error", "The watcher has died; the supervisor is left to restart the service")

    def rest(self) -> float:
        """Seconds until there may be something to do."""
        now = self.tools.clocks.now()
        wake = self.agenda.wake_at(now, self._occupied())
        seconds = (wake - now).total_seconds() if wake else self.tools.longest_rest
        return min(self.tools.longest_rest, max(0.1, seconds))

    def _occupied(self) -> set[str]:
        return {name for work in self._work for name in work.due.holds}

    def _look_at_clock(self) -> None:
        now = self.tools.clocks.now()
        look = self._clock.look(now, self.tools.clocks.elapsed())
        if look.jump:
            self._record_jump(look.jump)
            self.agenda.jumped(look.jump)
            self._waiting.clear()
            for work in self._work:
                work.started += timedelta(seconds=look.jump)
        if look.jump > 0 or look.slept:
            self.agenda.woke(now)

    def _record_jump(self, seconds: int) -> None:
        self.vitals.record(AgentRecord(event="clock-jumped", version=self.tools.version, jump=seconds))
        way = "forward" if seconds > 0 else "back"
        self.tools.log(
            "warning", f"The clock was set {way} by {abs(seconds):,} s; nothing is removed meanwhile"
        )

    def _reap(self) -> None:
        for work in tuple(self._work):
            end = work.job.look()
            if end is not None:
                self._work.remove(work)
                self._note(work, end)

    def _note(self, work: Work, end: JobEnd) -> None:
        now = self.tools.clocks.now()
        task, duty = work.task, work.due.duty
        if task == CLEAN_UP:
            if end.status and not self._ending:
                why = end.complaint or f"exit status {end.status}"
                self.tools.log("warning", f"What killed runs left could not be cleared away: {why}")
            return
        if end.status == Exit.BUSY:
            self._say_that_it_waits(task, now - self._waiting.setdefault(duty.task, now), end.complaint)
            self.agenda.busy(duty.task, now)
            return
        self._waiting.pop(duty.task, None)
        record = runs.run_record(work.due, task, work.started, end)
        if record is not None:  # before anybody is told
            self.vitals.record(record)  # type: ignore[arg-type]
            self.agenda.hasten(METRICS, now + SOON)
            self.agenda.hasten(NOTIFY, now + SOON)
        for level, line in runs.report(task, end):
            self.tools.log("info" if self._ending and level == "warning" else level, line)
        outcome = "passed" if runs.is_done_elsewhere(end) else runs.outcome_of(task, end)
        self.agenda.ended(duty.task, outcome, work.started, now)
        if task.kind == "snapshot" and outcome == "passed":
            self.changes.saved(task.process, self.watching)
        if task.kind == "exposure":
            self.changes.looked(task.process, end, work.started)
        for process in end.result.get("prove", ()) if task == NOTIFY else ():
            self.agenda.hasten(Task("drill", process), now)
        if task == NOTIFY or task.kind in ("snapshot", "copy", "drill"):
            self._take_turns()

    def _take_turns(self) -> None:
        ledger = self.tools.ledger
        for task, failed in memory.drilled_by_hand(self.agenda.duties.values(), ledger).items():
            self.agenda.drilled_by_hand(task, failed)
        turns = memory.turns(self.config, ledger)
        self.agenda.take_turns(*memory.with_repeats(self.config, ledger, turns, self.tools.clocks.now()))

    def _say_that_it_waits(self, task: Task, so_long: timedelta, why: str) -> None:
        if so_long < LONG_BUSY:
            self.tools.log("info", f"{task}: waits: {why}")
        else:  # whoever is in its way may hang
            self.tools.log("warning", f"{task}: has waited for {duration(so_long.total_seconds())}: {why}")

    def _start_due(self) -> None:
        now = self.tools.clocks.now()
        room = len(self.config.repositories) + SHORT_JOBS - len(self._work)
        for due in self.agenda.due(now, self._occupied())[: max(0, room)]:
            self._start(due, now)

    def _start(self, due: Due, now: datetime) -> None:
        task = due.duty.task
        if task.kind == "drill":
            task = structs.replace(task, repository=self.agenda.turn(task.process))
        if task.kind == "snapshot":
            self.watching.settled(task.process)
        file = self.tools.output_file(self.config, task, now)
        argv = runs.arguments(task, self.config.repositories[0].name, file)
        missed = f", {due.missed} before it fell out" if due.missed else ""
        self.tools.log("debug", f"{task}: begins{missed}")
        job = self.tools.jobs.start(argv)
        self._work.append(Work(task=task, due=due, started=now, job=job))

    def _hear(self) -> None:
        snapping = {work.task.process for work in self._work if work.task.kind == "snapshot"}
        troubles = self.changes.hear(self.watching, snapping)
        if troubles is None:
            return
        for finding in troubles:
            self.tools.log("warning", f"{finding.code}: {finding.message} {finding.hint}".strip())
        try:
            self.tools.note_troubles(self.config, self.changes.troubles or ())
        except ReadinessError as error:
            self.tools.log("error", f"This could not be noted: {error.message} {error.hint}".strip())
