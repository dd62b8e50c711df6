"""Digits name days in some order, or none; signs between them say that they are a date."""

import pytest

from agent.core.kinds.unsigned_dates import DAY, days_of, tells_when

NOV_30 = 1795996800.0


@pytest.mark.parametrize(
    "text", ["20261130", "30112026", "11302026", "261130", "301126", "202611300200", "1795996800123"]
)
def test_digits_name_a_day_in_whatever_order(text: str) -> None:
    assert any(begin <= NOV_30 + 1 <= end + 1 for begin, end in days_of(text))


@pytest.mark.parametrize("text", ["2026-11-30", "30Nov2026", "17.6.1", "week 48", "20", "999999999"])
def test_what_has_signs_or_can_be_no_day_is_not_doubted(text: str) -> None:
    assert days_of(text) == ()


def test_six_digits_may_name_a_month() -> None:
    [(begin, end)] = days_of("202611")
    assert begin < NOV_30 < end


def test_one_file_is_written_on_about_the_day_that_it_names() -> None:
    days = days_of("20261130")
    assert tells_when([days], [NOV_30 + 7 * DAY])
    assert not tells_when([days], [NOV_30 + 20 * DAY])
