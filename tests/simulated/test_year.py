"""A year of the service with everything that happens to a server, held against the truth at every step.

The year is lived whole in one zone. Of others, which set their clocks in other ways, it is the weeks around
each change that differ, so those are lived there. READINESS_TEST_SEED lives another year, and other weeks:
scripts/endure does so again and again.

What it must never do: work twice at once on a repository or process, leave something out, do something
twice, storm, or take a run that came to nothing for one that was done.
"""

import math
import os
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from agent.core.configuration.config import (
    Business,
    Config,
    CriticalProcess,
    Keep,
    Repository,
    Rhythm,
    Settings,
    WeeklyMoment,
)
from agent.core.model.drills import DrillRecord
from agent.core.schedule.duties import Duty, Task, duties
from support.doubles.simulated_world import SimulatedJob, World, task_of

DAY = 86_400
HOUR = 3600
FREE = 15 * 60  # seconds that a task may be due while nothing is in its way: jitter, and a look now and then
ZONE, SEED = "Europe/Berlin", 20261  # of the whole year
AROUND = 8  # days that are lived before a change of the clocks, and after it
# other zones, the days on which their clocks are set in that year, a daily moment that is left out or comes
# twice then, and the seeds of the weeks around it
CHANGES = (
    ("America/New_York", "2028-03-12", "30 2 * * *", 20262),
    ("America/New_York", "2028-11-05", "30 1 * * *", 20263),
    ("Australia/Lord_Howe", "2028-04-02", "45 1 * * *", 20264),  # half an hour of summer time
    ("Australia/Lord_Howe", "2028-10-01", "15 2 * * *", 20265),
    ("America/Santiago", "2028-04-01", "30 23 * * *", 20266),  # at midnight
    ("America/Santiago", "2028-09-03", "30 0 * * *", 20267),
)


def config(zone: str, daily: str = "30 2 * * *") -> Config:
    def process(name: str, **more: object) -> CriticalProcess:
        usual = {"paths": (f"/srv/{name}",), "rto": DAY, "mtd": 3 * DAY, "max_proof_age": 14 * DAY}
        return CriticalProcess(name=name, **usual | more)  # type: ignore[arg-type]

    keep = Keep(rhythm=Rhythm(every=DAY), at_most=50, daily=14)
    return Config(
        file="/etc/readiness/readiness.toml",
        business=Business(
            name="", time_zone=zone, closes=WeeklyMoment(4, 17, 0), opens=WeeklyMoment(0, 8, 0)
        ),
        settings=Settings(
            state="/s", scratch="/s/scratch", restic="restic", host="h", stall_timeout=900, scan=HOUR
        ),
        repositories=(
            Repository(name="primary", url="/r", password_file="/p", check=Rhythm(cron="15 4 * * *")),
            Repository(name="planb", url="/b", password_file="/p"),
        ),
        processes=(
            process("orders", rpo=2 * HOUR, snapshot=Rhythm(every=HOUR), keep=keep),
            process("shop", rpo=2 * DAY, snapshot=Rhythm(cron=daily), drill=Rhythm(cron="0 6 * * 6")),
        ),
    )


class Truth:
    """What really happened, and what must not have."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.zone = ZoneInfo(world.config.business.time_zone)
        self.duties: dict[Task, Duty] = {duty.task: duty for duty in duties(world.config)}
        self.done: dict[Task, float] = {}  # when the last run that counts began, on the true clock
        self.bad: set[Task] = set()
        self.tried: dict[Task, float] = {}
        self.failures: dict[Task, int] = defaultdict(int)
        self.free_since: dict[Task, float] = {}
        self.jumped_at = -math.inf  # the last time the clock was set, or the machine was off
        self.extra: dict[Task, int] = defaultdict(int)  # runs that a jump forward may add
        self.starts: list[float] = []
        self.regulars: dict[tuple[str, float], float] = {}
        self.counts: dict[Task, int] = defaultdict(int)
        self.extras: list[SimulatedJob] = []
        self.seconds_off = 0.0  # off, or asleep

    @property
    def hours_on(self) -> float:
        return (self.world.true - self.seconds_off) / HOUR

    def watch(self) -> None:
        """Look at everything that began or ended since the last look."""
        for job in self.world.over:
            self._over(job)
        for job in self.world.begun:
            self._begun(job)
        self.world.over.clear()
        self.world.begun.clear()
        self._nothing_waits()

    def _begun(self, job: SimulatedJob) -> None:
        now = self.world.true
        if job.arguments[0] == "agent":
            return
        others = [other for other in self.world.running if other is not job]
        assert not any(other.holds & job.holds for other in others), "two runs at once"
        files = f"process {self.world.places(job.arguments)[0]}"
        chooses = job.arguments[0] == "drill" and any(files in other.holds for other in others)
        assert not chooses, "a drill begins while its process is at work"
        task = task_of(self.world, job)
        assert task not in [task_of(self.world, other) for other in others], f"{task} runs twice at once"
        self.starts.append(now)
        self.starts = [start for start in self.starts if start > now - 60]
        assert len(self.starts) <= 2 * len(self.duties), "a storm"
        if self.failures[task]:
            pause = min(HOUR, 60 * 2 ** (self.failures[task] - 1), self.duties[task].rhythm.every or HOUR)
            early = now - self.tried[task] < pause - 1 and self.tried[task] > self.jumped_at
            assert not early, f"{task} is tried again without a pause"
        elif self._is_made_up_for(job, task):
            self.extras.append(job)
        else:
            self._not_twice(task, now)

    def _is_made_up_for(self, job: SimulatedJob, task: Task) -> bool:
        """A drill of a copy whose last one came to nothing, when one of another copy took its place."""
        if self.world.true >= self._due(task, self.duties[task]) - HOUR:
            return False
        process, repository = self.world.places(job.arguments)
        before = self.world.ledger.newest(DrillRecord, process=process, repository=repository)
        return job.arguments[0] == "drill" and [one.outcome for one in before] == ["not_tested"]

    def _not_twice(self, task: Task, now: float) -> None:
        duty = self.duties[task]
        may_come_earlier = task.kind in ("snapshot", "exposure", "metrics", "notify")
        if task not in self.done or may_come_earlier:
            return
        if self.extra[task]:
            return
        passed = now - self.done[task]
        if task in self.bad and passed > DAY - 1:
            return
        if duty.rhythm.every:
            assert passed > duty.rhythm.every - 700, f"{task} is done twice, {passed:.0f} s apart"
        elif not self.world.offset:
            due = self.regular(duty.rhythm.cron, self.done[task])
            assert now >= due - HOUR, f"{task} is done twice, {passed:.0f} s apart"

    def _over(self, job: SimulatedJob) -> None:
        if job.arguments[0] == "agent" or job.status == 75:
            return
        task = task_of(self.world, job)
        self.tried[task] = self.world.true
        answers = ("drill", "check", "exposure")
        if job in self.extras and job.status not in (0, 1):
            return
        if job.status == 0 or (job.status == 1 and job.arguments[0] in answers):
            self.done[task] = job.began
            self.failures[task] = 0
            self.counts[task] += 1
            self.extra[task] = max(0, self.extra[task] - 1)
            (self.bad.add if job.status else self.bad.discard)(task)
        else:
            self.failures[task] += 1

    def forget_what_is_not_recorded(self) -> None:
        """A service that starts begins anew with what is done every few minutes."""
        for task in self.duties:
            if task.kind in ("exposure", "metrics", "notify"):
                self.failures[task] = 0
                self.done.pop(task, None)

    def _nothing_waits(self) -> None:
        """Nothing is overdue for long while nothing is in its way."""
        now = self.world.true
        running = list(self.world.running)
        for task, duty in self.duties.items():
            if now <= self._due(task, duty) or self._waits_for(duty, running):
                self.free_since.pop(task, None)
                continue
            since = max(self.free_since.setdefault(task, now), self.jumped_at)
            assert now - since < FREE, f"{task} is left out: due and free for {now - since:.0f} s"

    def _waits_for(self, duty: Duty, running: list[SimulatedJob]) -> bool:
        """It is at work already, or something that it needs is in use."""
        service = self.world.service
        names = (service.agenda.holds(duty) if service else duty.holds) | duty.at_first
        holds = {name.replace(".", " ", 1) for name in names}
        return any(
            job.holds & holds or job.arguments[0] == "agent" or task_of(self.world, job) == duty.task
            for job in running
        )

    def _due(self, task: Task, duty: Duty) -> float:
        """When the truth says that it is due at the latest, on the true clock."""
        if self.failures[task]:
            return self.tried[task] + HOUR
        if task not in self.done:
            return math.inf if task.kind == "report" else 0.0
        every = duty.rhythm.every
        due = self.done[task] + every if every else self.regular(duty.rhythm.cron, self.done[task]) + HOUR
        if not every and self.world.offset:
            due += 8 * DAY  # which day it is for the service is another question
        return min(due, self.done[task] + DAY) if task in self.bad else due

    def regular(self, cron: str, after: float) -> float:
        """The first moment of "M H * * W" after `after`, on the true clock: day by day on the wall."""
        if (cron, after) not in self.regulars:
            self.regulars[cron, after] = self._regular(cron, after)
        return self.regulars[cron, after]

    def _regular(self, cron: str, after: float) -> float:
        minute, hour, _, _, weekday = cron.split()
        start = (self.world.start + timedelta(seconds=after)).astimezone(self.zone)
        for days in range(9):
            day = start.date() + timedelta(days=days)
            wall = datetime(day.year, day.month, day.day, int(hour), int(minute))
            moment = min(wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            while moment.astimezone(self.zone).replace(tzinfo=None) < wall:  # the clocks jump over it
                moment += timedelta(minutes=1)
            true = (moment - self.world.start).total_seconds()
            if true > after + 1 and weekday in ("*", str(day.isoweekday() % 7)):
                return true
        raise AssertionError(cron)


def live(
    world: World, days: int, chance: random.Random, calm: tuple[float, float] = (math.inf, math.inf)
) -> Truth:
    """So many days with everything that happens, about every third day; nothing does while it is `calm`."""
    truth = Truth(world)
    world.boot()
    jumped: timedelta | None = None
    next_fault = chance.expovariate(1 / (3 * DAY))
    while world.true < days * DAY:
        if calm[0] < world.true < calm[1]:
            next_fault = calm[1] if jumped is None else 0.0
        if world.true > next_fault:
            next_fault = world.true + chance.expovariate(1 / (3 * DAY))
            jumped = befall(world, truth, chance, jumped)
        assert world.service
        rest = world.service.rest()
        ends = [job.ends for job in world.running]
        world.true = min([world.true + rest, *(max(world.true + 0.1, end) for end in ends)])
        if chance.random() < 0.01:
            world.touch("orders")
        world.service.step()
        truth.watch()
    return truth


def befall(world: World, truth: Truth, chance: random.Random, jumped: timedelta | None) -> timedelta | None:
    """Something happens to the machine; returns by how much its clock is wrong now."""
    if jumped is not None:
        world.offset -= jumped
        for task in truth.duties:
            truth.extra[task] += 1
        truth.jumped_at = world.true
        return None
    what = chance.choice(("off", "off", "asleep", "restart", "jump"))
    truth.jumped_at = world.true
    if what == "off":
        away = chance.choice((30, 1800, 5 * HOUR, 3 * DAY))
        truth.seconds_off += away
        world.power_cut(away)
        world.boot()
    elif what == "asleep":
        away = chance.choice((600, 5 * HOUR, 2 * DAY))
        for job in world.running:
            job.ends += away
        truth.seconds_off += away
        world.true += away
    elif what == "restart":
        assert world.service
        world.service.end()
        truth.watch()
        world.boot()
    else:
        jumped = timedelta(seconds=chance.choice((-1, 1)) * chance.choice((HOUR, DAY, 365 * DAY)))
        world.offset += jumped
        for task in truth.duties:
            truth.extra[task] += 1
    if what in ("off", "restart"):
        truth.forget_what_is_not_recorded()
    truth.jumped_at = world.true
    return jumped


def seed_or(usual: int) -> int:
    seed = int(os.environ.get("READINESS_TEST_SEED") or usual)
    print("READINESS_TEST_SEED", seed)
    return seed


def test_a_year_goes_by_and_nothing_is_skipped_doubled_or_stormed() -> None:
    seed = seed_or(SEED)
    world = World(config(ZONE), datetime(2027, 12, 20, tzinfo=UTC), seed)  # a leap year lies ahead

    truth = live(world, 366, random.Random(seed))

    hours_on = 366 * 24
    assert truth.counts[Task("snapshot", "orders", "primary")] > 0.7 * hours_on
    assert truth.counts[Task("drill", "shop")] > 45
    print(dict(truth.counts))


@pytest.mark.parametrize(("zone", "day", "daily", "usual"), CHANGES)
def test_around_a_change_of_the_clocks_nothing_is_skipped_doubled_or_stormed(
    zone: str, day: str, daily: str, usual: int
) -> None:
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo(zone))
    seed = seed_or(usual)
    world = World(config(zone, daily), noon.astimezone(UTC) - timedelta(days=AROUND), seed)

    # the service is up and its clock is right when the clocks change: nothing takes longer than three days
    truth = live(world, 2 * AROUND, random.Random(seed), calm=((AROUND - 4.5) * DAY, (AROUND + 1.5) * DAY))

    assert truth.counts[Task("snapshot", "orders", "primary")] > 0.7 * truth.hours_on
    assert truth.counts[Task("drill", "shop")] >= 1
    print(dict(truth.counts))


def test_these_are_all_the_changes_of_that_year_and_each_concerns_its_daily_moment() -> None:
    for zone in {zone for zone, *_ in CHANGES}:
        hours = [datetime(2028, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * each) for each in range(366 * 96)]
        walls = [hour.astimezone(ZoneInfo(zone)) for hour in hours]
        changed = [one for one in pairwise(walls) if one[0].utcoffset() != one[1].utcoffset()]
        planned = [one for one in CHANGES if one[0] == zone]
        assert len(changed) == len(planned)
        for (before, after), (_, day, daily, _) in zip(changed, planned, strict=True):
            hour, minute = (int(word) for word in reversed(daily.split()[:2]))
            wall = datetime.fromisoformat(day).replace(hour=hour, minute=minute)
            low, high = sorted((before.replace(tzinfo=None), after.replace(tzinfo=None)))
            assert low - timedelta(minutes=15) < wall <= high
