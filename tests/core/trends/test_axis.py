"""The time axis that all pictures share: whole months of the business's own calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.core.trends.axis import last_months
from support.builders.shop import NOW, ago

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_long_history_shows_this_month_and_the_eleven_before_it() -> None:
    months = last_months(NOW, BERLIN, ago(24 * 1000))
    assert (months.starts[0], months.starts[-1], len(months.starts)) == (
        date(2025, 12, 1),
        date(2026, 11, 1),
        12,
    )
    assert len(months.days) == 366


def test_a_short_history_begins_with_its_own_first_month() -> None:
    assert last_months(NOW, BERLIN, ago(24 * 40)).starts == (date(2026, 10, 1), date(2026, 11, 1))
    assert last_months(NOW, BERLIN, None).starts == (date(2026, 11, 1),)


def test_a_record_from_the_future_does_not_bend_the_axis() -> None:
    assert last_months(NOW, BERLIN, NOW + timedelta(days=400)).starts == (date(2026, 11, 1),)


def test_days_begin_at_midnight_where_the_business_is_also_when_the_clock_changes() -> None:
    months = last_months(NOW, BERLIN, ago(24 * 40))
    lengths = {after - before for before, after in zip(months.days, months.days[1:], strict=False)}
    assert lengths == {24 * 3600, 25 * 3600}  # 25 October
    assert datetime.fromtimestamp(months.begin, UTC) == datetime(2026, 9, 30, 22, tzinfo=UTC)
