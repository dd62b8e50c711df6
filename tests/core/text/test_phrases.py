"""Times and lists as people say them, in the business's own time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.core.text.phrases import day, joined, moment, percent, shortened, span
from support.builders.shop import NOW

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (NOW, "Wednesday 13:00"),
        (NOW + timedelta(days=6), "Tuesday 13:00"),
        (NOW + timedelta(days=7), "Wednesday 2 December 13:00"),
        (NOW - timedelta(days=6), "Thursday 13:00"),
        (NOW - timedelta(days=7), "Wednesday 18 November 13:00"),
        (datetime(2027, 3, 28, 12, 0, tzinfo=UTC), "Sunday 28 March 2027 14:00"),  # summer time
    ],
)
def test_a_moment_has_its_date_only_where_the_day_of_the_week_would_not_be_clear(
    when: datetime, said: str
) -> None:
    assert moment(when, BERLIN, NOW) == said


def test_two_fridays_are_told_apart() -> None:
    """On Saturday the last Friday is a day ago, and the next one six days ahead."""
    saturday = datetime(2026, 11, 28, 9, tzinfo=UTC)
    last, following = saturday - timedelta(days=1), saturday + timedelta(days=6)
    assert moment(last, BERLIN, saturday, last) == "Friday 10:00"
    assert moment(following, BERLIN, saturday, last) == "Friday 4 December 10:00"
    assert moment(following, BERLIN, saturday) == "Friday 10:00"


def test_which_day_it_is_depends_on_where_the_business_is() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)

    assert moment(late, BERLIN, NOW) == "Thursday 00:30"
    assert moment(late, ZoneInfo("UTC"), NOW) == "Wednesday 23:30"


def test_a_narrow_column_has_the_date_instead_of_the_clock_for_what_is_long_ago() -> None:
    assert day(NOW - timedelta(days=6), BERLIN, NOW) == "Thursday 13:00"
    assert day(NOW - timedelta(days=7), BERLIN, NOW) == "18 Nov 2026"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (2.4, "2.4 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "2 min"),
        (3600, "1 h"),
        (3601, "1 h 1 min"),
        (86400, "24 h"),
        (96 * 3600, "96 h"),
        (96 * 3600 + 1, "4 d"),
        (6 * 86400, "6 d"),
    ],
)
def test_a_length_of_time_is_never_told_as_shorter_than_it_is_up_to_four_days(
    seconds: float, said: str
) -> None:
    assert span(seconds) == said


def test_a_list_has_an_and_before_the_last() -> None:
    assert [joined(list("abc")[:length]) for length in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_of_a_long_list_the_rest_is_counted() -> None:
    assert joined(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert joined(list("abcde")) == "a, b, c, d and e"
    assert joined([str(number) for number in range(2001)], 1) == "0 and 2,000 more"


def test_a_long_text_loses_its_middle_and_stays_within_its_limit() -> None:
    assert shortened("a" * 300) == "a" * 300
    text = shortened("begin" + "x" * 300 + "end")
    assert (len(text) <= 300, text[:5], text[-3:], "..." in text) == (True, "begin", "end", True)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (0.0001, "1 %"), (0.3, "30 %"), (0.999, "99 %"), (1.0, "100 %"), (1.5, "100 %")],
)
def test_a_part_is_never_the_whole_and_something_never_nothing(share: float, said: str) -> None:
    assert percent(share) == said
