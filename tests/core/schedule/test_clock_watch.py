"""A clock that was set is told from time that passed."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.core.schedule.clock_watch import ClockWatch, Look

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


def watch(newest: datetime | None = None) -> ClockWatch:
    return ClockWatch(NOW, 1000.0, newest, asleep=120)


def after(seconds: float, jump: timedelta = timedelta()) -> tuple[datetime, float]:
    return NOW + timedelta(seconds=seconds) + jump, 1000.0 + seconds


def test_time_that_passes_is_no_jump() -> None:
    assert watch().look(*after(20)) == Look()


@pytest.mark.parametrize("jump", [YEAR, -YEAR, timedelta(hours=1), -timedelta(hours=1)])
def test_a_clock_that_was_set_is_a_jump(jump: timedelta) -> None:
    assert watch().look(*after(20, jump)).jump == jump.total_seconds()


def test_a_clock_put_right_by_minutes_is_no_jump() -> None:
    assert watch().look(*after(20, timedelta(minutes=9))) == Look()


def test_a_jump_is_told_once() -> None:
    one = watch()
    one.look(*after(20, YEAR))

    assert one.look(*after(40, YEAR)) == Look()


def test_a_sleep_of_the_machine_is_no_jump_but_a_sleep() -> None:
    assert watch().look(*after(3 * 86_400)) == Look(slept=True)


def test_a_clock_behind_the_newest_record_was_set_back_while_nobody_looked() -> None:
    assert watch(NOW + YEAR).behind == -int(YEAR.total_seconds())


def test_a_clock_a_little_behind_the_newest_record_is_fine() -> None:
    assert watch(NOW + timedelta(minutes=5)).behind == 0


def test_a_clock_set_right_after_a_start_in_the_past_undoes_that_jump() -> None:
    """A machine without a battery: it starts in 1970, and the network tells the time a minute later."""
    one = watch(NOW + YEAR)
    behind = one.behind

    assert one.look(*after(60, YEAR + timedelta(days=2))).jump == -behind


def test_a_clock_set_far_beyond_the_newest_record_is_a_jump_of_its_own() -> None:
    one = watch(NOW + YEAR)

    assert one.look(*after(60, 3 * YEAR)).jump == int((3 * YEAR).total_seconds())
