"""Killed at every record that it writes, `notify` loses nothing and tells nothing twice but what it marks."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.core.configuration.config import Alarm, Rhythm
from agent.core.model.notices import AlarmTestRecord
from support.doubles.simulated_business import (
    DAY,
    NOWHERE,
    START,
    BusinessWorld,
    Fault,
    Post,
    business,
    in_memory,
)

pytestmark = pytest.mark.usefixtures("worlds")
FAULTS = (
    Fault("drill", "orders", "", 1.0, 3.0, "failed", "file-damaged"),
    Fault("drill", "shop", "", 1.0, 3.0, "failed", "file-damaged"),
    Fault("check", "", "planb", 1.0, 3.0, "failed", "repository-damaged"),
)
# days until when the service lives as ever, and then until the round in which it is killed
ROUNDS = {
    "opened, with the weekly mail and an alarm test": (0.9, 3.37),
    "reminders and escalation": (2.2, 3.4),
    "fixed": (2.9, 6.1),
}


class Died(BaseException):
    """As if the power had failed."""


class Mortal:
    """A ledger that dies at the append of that number, before it or behind it."""

    def __init__(self, ledger: Any, fatal: int, behind: bool) -> None:
        self.ledger = ledger
        self.left = fatal
        self.behind = behind

    def append(self, *arguments: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.behind:
            raise Died
        entry = self.ledger.append(*arguments)
        if self.left == 0:
            raise Died
        return entry

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


@pytest.fixture
def place() -> Iterator[Path]:
    with in_memory() as found:
        yield found


def open_world(state: Path, true: float = 0.0) -> BusinessWorld:
    config = business(NOWHERE, alarm=Alarm(test=Rhythm(every=3 * DAY)))
    world = BusinessWorld(config, START, state, FAULTS)
    world.courier = Post()  # type: ignore[assignment]
    world.true = true
    return world


def a_round(state: Path, true: float, fatal: int = 0, behind: bool = False) -> BusinessWorld:
    """One that may be killed, and two that are not, a minute after each other."""
    world = open_world(state, true)
    ledger, died = world.ledger, False
    world.ledger = Mortal(ledger, fatal, behind)  # type: ignore[assignment]
    try:
        world._notify(SimpleNamespace())  # type: ignore[arg-type]
    except Died:
        died = True
    assert died is bool(fatal)
    world.ledger = ledger
    for _ in range(2):
        world.true += 60
        world._notify(SimpleNamespace())  # type: ignore[arg-type]
    world.close()
    return world


def told(world: BusinessWorld, *, marked: bool) -> Counter[tuple[Any, ...]]:
    """Who was told what, in mails that say that they may be a second copy or in all others."""
    got = world.courier.got  # type: ignore[attr-defined]
    return Counter(
        (who, one.kind, tuple((each.incident, each.event) for each in one.told))
        for who, one, duplicate in got
        if duplicate is marked
    )


def written(state: Path) -> tuple[list[str], int]:
    """The alarm tests of a ledger, and how many records it has."""
    with open_ledger(state / "ledger.db") as ledger:
        tests = [one.name for one in ledger.newest(AlarmTestRecord, limit=9)]
        return tests, ledger.head()[0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lived", ROUNDS.values(), ids=ROUNDS)
def test_wherever_it_is_killed_all_is_told_once(place: Path, lived: tuple[float, float]) -> None:
    begin = place / "begin"
    begin.mkdir()
    world = open_world(begin)
    world.live(lived[0])
    world._notify = lambda job: setattr(job, "result", {"prove": []})  # type: ignore[method-assign]
    world.live(lived[1] - lived[0])
    true = world.true
    world.close()

    def again(name: str, fatal: int = 0, behind: bool = False) -> BusinessWorld:
        state = shutil.copytree(begin, place / name)
        return a_round(state, true, fatal, behind)

    usual = again("usual")
    everything = told(usual, marked=False)
    assert len(everything) >= 3
    tests, records = written(place / "usual")
    appends = records - written(begin)[1]
    assert appends > 8
    for fatal in range(1, appends + 1):
        for behind in (False, True):
            name = f"{fatal} {behind}"
            killed = again(name, fatal, behind)
            surely, perhaps = told(killed, marked=False), told(killed, marked=True)
            assert surely | perhaps == everything, name
            assert perhaps.total() <= 1, name
            assert written(place / name)[0] == tests, name
            shutil.rmtree(place / name)
