"""Records get to where they belong, sooner or later, and no sign says that all is well before they do."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body
from agent.daemon.vitals import OWED, SIGN_SECONDS, Vitals
from agent.errors import StateError
from support.builders.shop import NOW, drill
from support.doubles.fakes import FakeLedger


class Ledger(FakeLedger):
    """Takes nothing while it is full."""

    full = False

    def append(self, body: Body, at: datetime) -> Any:
        if self.full:
            raise StateError("The disk is full.", "Make room.")
        return super().append(body, at)


class Clocks:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def elapsed(self) -> float:
        return 0.0


class Sign:
    def __init__(self) -> None:
        self.given: list[bool] = []
        self.trouble = ""

    def give(self, now: datetime, *, recorded: bool) -> str:
        self.given.append(recorded)
        return self.trouble


class Service:
    def __init__(self) -> None:
        self.ledger, self.sign, self.clocks = Ledger(), Sign(), Clocks()
        self.log: list[tuple[str, str]] = []
        self.vitals = Vitals(
            self.ledger, self.sign, self.clocks, lambda level, text: self.log.append((level, text))
        )

    def later(self, seconds: float) -> None:
        self.clocks.time += timedelta(seconds=seconds)


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_record_is_written_with_the_time_of_the_event(service: Service) -> None:
    service.vitals.record(drill())
    assert [entry.at for entry in service.ledger.entries()] == [NOW]


def test_what_cannot_be_recorded_is_said_and_kept_with_its_time_and_order(service: Service) -> None:
    service.ledger.full = True
    for number in (1, 2):
        service.vitals.record(drill(total_files=number))
        service.later(60)
    assert service.log[0] == ("error", "This could not be recorded: The disk is full. Make room.")
    service.ledger.full = False
    service.vitals.record(drill(total_files=3))
    bodies = [entry.body for entry in service.ledger.entries()]
    assert [one.total_files for one in bodies if isinstance(one, DrillRecord)] == [1, 2, 3]
    assert [(entry.at - NOW).total_seconds() for entry in service.ledger.entries()] == [0, 60, 120]
    assert service.log[-1] == ("notice", "What could not be recorded before is recorded now")


def test_of_too_many_that_are_owed_the_newest_are_kept(service: Service) -> None:
    service.ledger.full = True
    for number in range(OWED + 1):
        service.vitals.record(drill(total_files=number))
    service.ledger.full = False
    service.vitals.give_sign()
    first = next(service.ledger.entries()).body
    assert isinstance(first, DrillRecord)
    assert first.total_files == 1


def test_a_sign_is_given_now_and_then_and_when_the_clock_was_set(service: Service) -> None:
    for seconds in (0, SIGN_SECONDS - 1, 2, 1, -3600):
        service.later(seconds)
        service.vitals.give_sign()
    assert len(service.sign.given) == 3


def test_no_sign_says_that_all_is_recorded_while_something_waits(service: Service) -> None:
    service.ledger.full = True
    service.vitals.record(drill())
    service.vitals.give_sign()
    service.ledger.full = False
    service.later(SIGN_SECONDS)
    service.vitals.give_sign()
    assert service.sign.given == [False, True]


def test_a_sign_that_cannot_be_written_is_said_once_for_each_reason(service: Service) -> None:
    for trouble in ("full", "full", "", "full", "read-only"):
        service.sign.trouble = trouble
        service.vitals.give_sign()
        service.later(SIGN_SECONDS)
    said = [text.rpartition(": ")[2] for level, text in service.log if level == "error"]
    assert said == ["full", "full", "read-only"]
