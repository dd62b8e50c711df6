"""What is heard and found of changed files calls for a scan or a snapshot, and nothing is forgotten."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.core.model.findings import Finding
from agent.core.schedule.agenda import Agenda
from agent.core.schedule.duties import Task
from agent.core.schedule.jobs import JobEnd
from agent.daemon.changes import BURST, CALM, OUR_OWN, PATIENCE, PAUSE, Changes
from support.builders.shop import wrong

START = datetime(2026, 11, 25, 12, tzinfo=UTC)


class FakeAgenda(Agenda):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__((), ZoneInfo("UTC"), random.Random(1))
        self.told: list[tuple[Any, ...]] = []

    def stirred(self, process: str, first: datetime, last: datetime) -> None:
        self.told.append(("stirred", process, first, last))

    def settled(self, process: str, before: datetime | None = None) -> None:
        self.told.append(("settled", process, before))

    def hasten(self, task: Task, at: datetime) -> None:
        self.told.append(("hasten", str(task), at))


class FakeClocks:
    def __init__(self) -> None:
        self.elapsed_s = 1000.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s - 1000)

    def elapsed(self) -> float:
        return self.elapsed_s


class Stir:
    def __init__(self, process: str, first: float, last: float, events: int = 1) -> None:
        self.process, self.first, self.last, self.events = process, first, last, events


class FakeWatching:
    def __init__(self) -> None:
        self.stirs: dict[str, Stir] = {}
        self.lost: set[str] = set()
        self.found: list[Finding] = []

    def changes(self) -> dict[str, Stir]:
        return self.stirs

    def settled(self, process: str) -> None:
        self.stirs.pop(process, None)

    def rescan(self) -> set[str]:
        lost, self.lost = self.lost, set()
        return lost

    def troubles(self) -> list[Finding]:
        return self.found


class World:
    def __init__(self) -> None:
        self.agenda, self.clocks, self.watching = FakeAgenda(), FakeClocks(), FakeWatching()
        self.changes = Changes(self.agenda, self.clocks)

    def hear(self, *snapping: str) -> list[Finding] | None:
        return self.changes.hear(self.watching, set(snapping))  # type: ignore[arg-type]

    def scans(self) -> list[float]:
        """Seconds from the start for which scans were asked."""
        return [(told[2] - START).total_seconds() for told in self.agenda.told if told[0] == "hasten"]


@pytest.fixture
def world() -> World:
    return World()


def test_what_was_heard_is_told_with_the_time_of_day(world: World) -> None:
    world.watching.stirs = {"orders": Stir("orders", 940.0, 990.0)}
    world.hear()
    seconds = timedelta(seconds=1)
    assert world.agenda.told == [("stirred", "orders", START - 60 * seconds, START - 10 * seconds)]


def test_what_changes_while_a_snapshot_is_taken_may_be_our_own_doing(world: World) -> None:
    world.watching.stirs = {"orders": Stir("orders", 940.0, 990.0)}
    world.hear("orders")
    assert world.agenda.told == []


def test_a_good_snapshot_settles_and_calls_for_a_scan_that_tells_our_traces(world: World) -> None:
    world.watching.stirs = {"orders": Stir("orders", 940.0, 990.0)}
    world.changes.saved("orders", world.watching)  # type: ignore[arg-type]
    assert world.watching.stirs == {}
    assert world.agenda.told == [("settled", "orders", None), ("hasten", "exposure orders", START + OUR_OWN)]


def test_lost_events_call_for_a_scan_once(world: World) -> None:
    world.watching.lost = {"orders"}
    world.hear()
    world.clocks.elapsed_s += PAUSE + CALM
    world.hear()
    assert world.scans() == [0.0]


def test_a_burst_is_scanned_when_it_is_calm_again(world: World) -> None:
    world.watching.stirs = {"orders": Stir("orders", 1000.0, 1000.0, BURST)}
    world.hear()
    assert world.scans() == []
    world.clocks.elapsed_s += CALM
    world.hear()
    assert world.scans() == [CALM]


def test_a_burst_that_never_ends_is_scanned_all_the_same_and_then_not_at_once_again(world: World) -> None:
    for second in range(int(PATIENCE + PAUSE + PATIENCE) + 1):
        world.clocks.elapsed_s = 1000.0 + second
        world.watching.stirs = {"orders": Stir("orders", 1000.0, world.clocks.elapsed_s, BURST + second)}
        world.hear()
    assert world.scans() == [PATIENCE, PATIENCE + PAUSE + PATIENCE]


def test_a_few_events_call_for_no_scan(world: World) -> None:
    world.watching.stirs = {"orders": Stir("orders", 900.0, 900.0, BURST - 1)}
    world.hear()
    assert world.scans() == []


def test_troubles_are_told_when_they_are_new_and_at_first_even_if_there_are_none(world: World) -> None:
    assert world.hear() == []
    assert world.hear() is None
    world.watching.found = [wrong("no-events"), wrong("watch-limit")]
    assert world.hear() == world.watching.found
    world.watching.found = [wrong("no-events")]
    assert world.hear() == []
    assert world.hear() is None


def ended(status: int = 0, **row: Any) -> JobEnd:
    return JobEnd(status=status, seconds=1, result={"exposures": [row]})


def test_a_scan_that_found_changes_tells_since_when(world: World) -> None:
    world.changes.looked("orders", ended(files=3, oldest_s=600), START)
    assert world.agenda.told == [("stirred", "orders", START - timedelta(minutes=10), START)]


def test_a_scan_that_found_nothing_settles_what_was_heard_before_it_began(world: World) -> None:
    world.changes.looked("orders", ended(files=0, oldest_s=None), START)
    assert world.agenda.told == [("settled", "orders", START)]


@pytest.mark.parametrize("end", [ended(status=1, files=0), JobEnd(status=75, seconds=0, result={})])
def test_a_scan_that_did_not_end_well_settles_nothing(world: World, end: JobEnd) -> None:
    world.changes.looked("orders", end, START)
    assert world.agenda.told == []
