"""The window between closing and opening, exact across holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.configuration.config import Business, WeeklyMoment
from agent.core.schedule.window import next_window

FRIDAY_FIVE = WeeklyMoment(4, 17, 0)
MONDAY_EIGHT = WeeklyMoment(0, 8, 0)
ZONES = sorted(z for z in available_timezones() if "/" in z and not z.startswith(("posix", "right", "Etc")))


def business(
    zone: str = "Europe/Berlin",
    closes: WeeklyMoment = FRIDAY_FIVE,
    opens: WeeklyMoment = MONDAY_EIGHT,
    holidays: tuple[date, ...] = (),
) -> Business:
    return Business(name="Shop", time_zone=zone, closes=closes, opens=opens, holidays=holidays)


def local(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]


def hours(shop: Business, *when: int) -> float:
    return next_window(shop, local(shop.time_zone, *when)).seconds / 3600


def test_an_ordinary_weekend_has_63_hours() -> None:
    assert hours(business(), 2026, 11, 25, 12) == 63


def test_the_weekend_the_clocks_go_back_has_64_hours() -> None:
    assert hours(business(), 2026, 10, 22, 12) == 64


def test_the_weekend_the_clocks_go_forward_has_62_hours() -> None:
    assert hours(business(), 2026, 3, 25, 12) == 62


def test_a_friday_holiday_makes_the_weekend_start_on_thursday() -> None:
    shop = business("America/New_York", holidays=(date(2003, 7, 4),))
    window = next_window(shop, local("America/New_York", 2003, 7, 2, 9))
    assert window.seconds == 87 * 3600
    assert window.closes == local("America/New_York", 2003, 7, 3, 17)
    assert window.opens == local("America/New_York", 2003, 7, 7, 8)


def test_a_monday_holiday_makes_the_weekend_last_until_tuesday() -> None:
    window = next_window(business(holidays=(date(2026, 4, 6),)), local("Europe/Berlin", 2026, 4, 4, 9))
    assert window.opens == local("Europe/Berlin", 2026, 4, 7, 8)


def test_a_week_of_holidays_joins_two_weekends_into_one() -> None:
    off = tuple(date(2026, 12, 25) + timedelta(days=n) for n in range(8))  # 25 December to 1 January
    for day in (24, 27, 29, 31):
        window = next_window(business(holidays=off), local("Europe/Berlin", 2026, 12, day, 18))
        assert (window.closes.day, window.opens.date()) == (24, date(2027, 1, 4))


def test_a_holiday_in_the_middle_of_the_week_changes_nothing() -> None:
    assert hours(business(holidays=(date(2026, 11, 25),)), 2026, 11, 24, 12) == 63


def test_a_holiday_on_a_day_that_is_closed_anyway_changes_nothing() -> None:
    assert hours(business(holidays=(date(2026, 11, 28),)), 2026, 11, 24, 12) == 63


def test_closing_time_itself_lies_in_the_window_that_starts() -> None:
    window = next_window(business(), local("Europe/Berlin", 2026, 11, 27, 17))
    assert window.closes == local("Europe/Berlin", 2026, 11, 27, 17)


def test_opening_time_itself_lies_before_the_next_window() -> None:
    window = next_window(business(), local("Europe/Berlin", 2026, 11, 30, 8))
    assert window.closes == local("Europe/Berlin", 2026, 12, 4, 17)


def test_sunday_lies_in_the_window_that_began_on_friday() -> None:
    window = next_window(business(), local("Europe/Berlin", 2026, 11, 29, 3))
    assert window.closes == local("Europe/Berlin", 2026, 11, 27, 17)


def test_an_opening_that_the_clocks_skip_is_the_moment_they_jump() -> None:
    shop = business(opens=WeeklyMoment(6, 2, 30))
    window = next_window(shop, local("Europe/Berlin", 2026, 3, 28, 9))
    assert window.opens.astimezone(UTC) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert (window.opens.hour, window.opens.minute) == (3, 0)


def test_an_opening_that_comes_twice_is_the_first_of_the_two() -> None:
    shop = business(opens=WeeklyMoment(6, 2, 30))
    window = next_window(shop, local("Europe/Berlin", 2026, 10, 24, 9))
    assert window.opens.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_that_a_country_skipped_is_survived() -> None:
    shop = business("Pacific/Apia", opens=WeeklyMoment(4, 8, 0), closes=WeeklyMoment(3, 17, 0))
    window = next_window(shop, local("Pacific/Apia", 2011, 12, 29, 18))
    assert window.seconds == 7 * 3600  # from Thursday 17:00 to midnight, when Saturday began


def test_a_business_that_closes_for_one_afternoon_has_a_window_of_hours() -> None:
    shop = business(closes=WeeklyMoment(6, 12, 0), opens=WeeklyMoment(6, 18, 0))
    assert hours(shop, 2026, 11, 25, 12) == 6


def test_a_business_that_works_one_day_is_closed_the_rest_of_the_week() -> None:
    shop = business(closes=WeeklyMoment(2, 17, 0), opens=WeeklyMoment(2, 8, 0))
    assert hours(shop, 2026, 11, 25, 18) == 6 * 24 + 15


def test_now_may_be_given_in_any_time_zone() -> None:
    elsewhere = datetime(2026, 11, 29, 3, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert next_window(business(), elsewhere) == next_window(business(), elsewhere.astimezone(UTC))


def test_closing_and_opening_at_the_same_moment_is_survived() -> None:
    shop = business(closes=MONDAY_EIGHT, opens=MONDAY_EIGHT)
    assert hours(shop, 2026, 11, 25, 12) == 7 * 24


def test_a_week_in_which_it_never_opens_joins_two_windows() -> None:
    off = (date(2000, 1, 2), date(2000, 1, 3))  # so that it would close before it has opened
    shop = business("UTC", closes=WeeklyMoment(0, 0, 0), opens=WeeklyMoment(5, 0, 1), holidays=off)
    window = next_window(shop, datetime(2000, 1, 2, tzinfo=UTC))
    assert (window.closes.date(), window.opens.date()) == (date(1999, 12, 27), date(2000, 1, 8))


moments = st.builds(WeeklyMoment, st.integers(0, 6), st.integers(0, 23), st.integers(0, 59))
instants = st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
days_off = st.frozensets(st.integers(-20, 20), max_size=12)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), moments, moments, instants, days_off)
def test_every_window_ends_after_now_and_never_ends_before_it_starts(
    zone: str, closes: WeeklyMoment, opens: WeeklyMoment, now: datetime, off: frozenset[int]
) -> None:
    holidays = tuple(now.date() + timedelta(days=n) for n in off)
    window = next_window(business(zone, closes, opens, holidays), now)
    start, end = window.closes.astimezone(UTC), window.opens.astimezone(UTC)
    assert now < end
    assert start <= end
    assert window.seconds == (end - start).total_seconds()
    if now >= start:
        assert next_window(business(zone, closes, opens, holidays), start) == window


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), instants)
def test_a_weekend_is_63_hours_give_or_take_what_the_clocks_were_moved(zone: str, now: datetime) -> None:
    window = next_window(business(zone), now)
    moved = window.opens.utcoffset() - window.closes.utcoffset()  # type: ignore[operator]
    skipped_day = abs(moved) >= timedelta(hours=20)
    assert skipped_day or window.seconds == 63 * 3600 - moved.total_seconds()
    assert skipped_day or (window.closes.weekday(), window.closes.hour) == (4, 17)
    assert skipped_day or (window.opens.weekday(), window.opens.hour) == (0, 8)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), moments, moments, instants, days_off, st.integers(0, 500))
def test_windows_never_overlap_and_time_never_leads_back_to_an_earlier_one(
    zone: str, closes: WeeklyMoment, opens: WeeklyMoment, now: datetime, off: frozenset[int], later: int
) -> None:
    shop = business(zone, closes, opens, tuple(now.date() + timedelta(days=n) for n in off))
    first, second = next_window(shop, now), next_window(shop, now + timedelta(hours=later))
    assert first == second or first.opens.astimezone(UTC) <= second.closes.astimezone(UTC)


@pytest.mark.parametrize("year", range(1990, 2040))
def test_every_weekend_of_a_year_in_berlin_adds_up(year: int) -> None:
    lengths, now = [], datetime(year, 1, 3, tzinfo=UTC)
    while now.year == year:
        window = next_window(business(), now)
        lengths.append(window.seconds // 3600)
        now = window.opens.astimezone(UTC)
    assert (lengths.count(62), lengths.count(64)) == (1, 1)
    assert set(lengths) == {62, 63, 64}
