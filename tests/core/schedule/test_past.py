"""What became of earlier runs, and when a process is drilled next: one answer for service and mail."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Rhythm
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.core.model.runs import AgentRecord, DrillRun
from agent.core.schedule.past import failed_by_hand, next_drill, past_of, past_of_drills
from agent.core.schedule.schedule import Past

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKLY = Rhythm(every=7 * 86_400)
ZONE = ZoneInfo("Europe/Berlin")


def entry(number: int, body: Any, at: datetime = NOW) -> Entry:
    return Entry(sequence=number, at=at, body=body, hash="")


def run(number: int, days: float, outcome: Any = "passed") -> Entry:
    at = NOW - days * DAY
    body = DrillRun(
        process="orders", repository="", due=at, started=at, seconds=60, outcome=outcome, status=0
    )
    return entry(number, body, at + timedelta(minutes=1))


def drill(number: int, days: float, outcome: Any = "failed", repository: str = "primary") -> Entry:
    at = NOW - days * DAY
    return entry(
        number, DrillRecord(process="orders", repository=repository, started=at, outcome=outcome), at
    )


def due(runs: list[Entry], drills: list[Entry], jumps: tuple[Entry, ...] = ()) -> timedelta | None:
    found = next_drill(WEEKLY, runs, drills, jumps, ZONE)
    return None if found is None else found - NOW


def test_by_its_rhythm_after_a_run_that_passed() -> None:
    assert due([run(9, 3)], [drill(8, 3, "passed")]) == 4 * DAY


def test_tomorrow_after_one_that_failed_whoever_made_it() -> None:
    assert due([run(9, 0.25, "failed")], [drill(8, 0.25)]) == 0.75 * DAY
    assert due([run(7, 3)], [drill(9, 0.25)]) == 0.75 * DAY
    assert due([run(7, 6.5)], [drill(9, 0.25)]) == 0.5 * DAY  # by its rhythm it comes before that


def test_what_failed_by_hand_is_over_once_it_passes_from_there_or_the_service_has_drilled() -> None:
    assert due([run(5, 3)], [drill(9, 0.1, "passed"), drill(8, 0.25)]) == 4 * DAY
    assert due([run(5, 3)], [drill(9, 0.1, "passed", "planb"), drill(8, 0.25)]) == 0.75 * DAY
    assert due([run(5, 3)], [drill(9, 0.1, "not_tested"), drill(8, 0.25)]) == 0.75 * DAY
    assert due([run(9, 0.1)], [drill(8, 0.25)]) == 6.9 * DAY


def test_where_the_service_never_drilled_those_by_hand_are_all_there_is() -> None:
    assert due([], [drill(9, 0.25)]) == 0.75 * DAY
    assert due([], [drill(9, 0.25, "passed")]) == 6.75 * DAY
    assert due([], []) is None
    assert past_of_drills([], [drill(9, 0.25)], []) is None  # for the service that is: at once


def test_attempts_that_came_to_nothing_count_until_one_was_made() -> None:
    assert past_of([run(9, 0.1, "not_tested"), run(8, 0.2, "not_tested"), run(7, 3, "failed")], []) == Past(
        done=NOW - 3 * DAY,
        tried=NOW - 0.1 * DAY + timedelta(minutes=1),
        failures=2,
        bad=True,
    )


def test_a_clock_that_was_set_back_takes_what_was_before_along() -> None:
    back = entry(10, AgentRecord(event="clock-jumped", jump=-86_400))
    assert failed_by_hand([], [drill(9, 0.25)], [back]) == NOW - 1.25 * DAY
    assert failed_by_hand([], [drill(11, 0.25)], [back]) == NOW - 0.25 * DAY
