"""When is a task due? Rhythms, clock changes, leap days, failures, missed runs."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from agent.core.configuration.config import Rhythm
from agent.core.schedule.schedule import Past, after_run, following, missed, next_run, pause

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = Rhythm(every=3600)
NIGHTLY = Rhythm(cron="30 2 * * *")
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nights(start: str, count: int, zone: str, cron: str = "30 2 * * *") -> list[str]:
    moment, found = utc(start), []
    for _ in range(count):
        moment = following(Rhythm(cron=cron), moment, ZoneInfo(zone))
        found.append(f"{moment:%d. %H:%M}")
    return found


def test_what_was_never_done_is_due_at_once() -> None:
    assert next_run(HOURLY, Past(), BERLIN) is None


def test_every_counts_from_the_start_of_the_last_run() -> None:
    assert next_run(HOURLY, Past(done=NOW), BERLIN) == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Berlin", "2026-03-28 12:00", ["29. 01:00", "30. 00:30"]),  # 02:30 does not exist: at 03:00
        ("Europe/Berlin", "2026-10-24 12:00", ["25. 00:30", "26. 01:30"]),  # it comes twice: once
        ("America/New_York", "2026-03-07 12:00", ["08. 07:00", "09. 06:30"]),
        ("America/New_York", "2026-10-31 12:00", ["01. 07:30", "02. 07:30"]),  # at 02:00 it is 01:00 again
        ("Australia/Lord_Howe", "2026-10-03 01:00", ["03. 15:30", "04. 15:30"]),  # from 02:00 to 02:30
    ],
)
def test_a_night_on_which_the_clocks_change_has_one_run(zone: str, start: str, expected: list[str]) -> None:
    assert nights(start, 2, zone) == expected


def test_a_run_in_the_second_0210_of_the_night_does_not_call_for_the_first_0230_again() -> None:
    second = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1).astimezone(UTC)

    assert following(NIGHTLY, second, BERLIN) == utc("2026-10-26 01:30")


def test_the_29th_of_february_comes_when_it_comes() -> None:
    assert following(Rhythm(cron="0 12 29 2 *"), NOW, BERLIN) == utc("2028-02-29 11:00")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Asia/Tehran", "Pacific/Apia"])
def test_every_day_of_twenty_years_has_exactly_one_nightly_run(zone: str) -> None:
    there = ZoneInfo(zone)
    moment, days = utc("2026-01-01 12:00"), []
    while moment < utc("2046-01-01 12:00"):
        moment = following(NIGHTLY, moment, there)
        days.append(moment.astimezone(there).date())

    assert all(later - day == timedelta(days=1) for day, later in pairwise(days))


def test_a_failed_run_is_tried_again_with_growing_pauses() -> None:
    past, pauses = Past(done=NOW), []
    moment = NOW
    for _ in range(8):
        past = after_run(past, "not_tested", moment, moment)
        due = next_run(Rhythm(every=86_400), past, BERLIN)
        assert due
        pauses.append(int((due - moment).total_seconds()))
        moment = due

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_pause_is_never_longer_than_the_rhythm() -> None:
    assert pause(10, Rhythm(every=300)) == 300


def test_a_failed_run_does_not_count_as_done() -> None:
    assert after_run(Past(done=NOW), "not_tested", NOW + timedelta(hours=1), NOW).done == NOW


def test_a_run_that_was_done_ends_the_pauses() -> None:
    failed = Past(done=NOW, tried=NOW, failures=7)

    assert after_run(failed, "passed", NOW, NOW).failures == 0


@pytest.mark.parametrize("rhythm", [Rhythm(every=7 * 86_400), Rhythm(cron="0 3 * * 3")])
def test_after_a_failed_drill_the_next_is_tomorrow(rhythm: Rhythm) -> None:
    past = after_run(Past(), "failed", NOW, NOW)

    assert next_run(rhythm, past, BERLIN) == NOW + timedelta(days=1)


def test_after_a_drill_that_passed_the_rhythm_holds_again() -> None:
    past = after_run(Past(done=NOW, bad=True), "passed", NOW, NOW)

    assert next_run(Rhythm(every=7 * 86_400), past, BERLIN) == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("rhythm", "late", "expected"),
    [
        (HOURLY, timedelta(minutes=59), 0),
        (HOURLY, timedelta(hours=5), 5),
        (HOURLY, timedelta(days=3650), 1000),
        (NIGHTLY, timedelta(hours=30), 1),
        (NIGHTLY, timedelta(days=3650), 1000),
    ],
)
def test_the_runs_that_fell_out_are_counted(rhythm: Rhythm, late: timedelta, expected: int) -> None:
    due = utc("2026-11-27 01:30")

    assert missed(rhythm, due, due + late, BERLIN) == expected
