"""What an auditor's bundle is made from: the days of a period, and the config that held at a moment."""

from datetime import UTC, date, datetime, timedelta

from agent.core.audit.records import History, config_at, period_of, promised
from agent.core.configuration.config import Config
from agent.core.model.config_record import config_to_note
from agent.core.model.records import Entry
from support.builders.audit_year import YEAR
from support.builders.shop import HOUR, NOW, ago, config, damage, process

MARCH = period_of(date(2026, 3, 1), date(2026, 3, 31), "Europe/Berlin")


def noted(number: int, hours: float, shop: Config) -> Entry:
    record = config_to_note(shop, [])
    assert record is not None
    return Entry(sequence=number, at=ago(hours), body=record, hash="")


def test_the_period_of_the_year_ends_with_its_last_day() -> None:
    assert YEAR.ends - YEAR.begins == timedelta(days=365)


def test_a_period_begins_and_ends_at_midnight_where_the_business_is() -> None:
    assert MARCH.begins == datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
    assert MARCH.ends == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)  # summer time by then


def test_the_first_moment_lies_in_a_period_and_the_first_one_behind_it_does_not() -> None:
    assert MARCH.holds(MARCH.begins)
    assert MARCH.holds(MARCH.ends - timedelta(seconds=1))
    assert not MARCH.holds(MARCH.ends)
    assert not MARCH.holds(MARCH.begins - timedelta(seconds=1))


def test_the_newest_config_that_was_noted_by_then_held() -> None:
    old, new = noted(1, 9, config()), noted(5, 2, config(process(rto=9 * HOUR)))
    history = History(at=NOW, records=5, head="", drills=(), configs=(old, new))

    assert config_at(history, ago(1)) == new
    assert config_at(history, ago(2)) == new
    assert config_at(history, ago(3)) == old
    assert config_at(history, ago(10)) is None


def test_a_config_promised_nothing_of_a_process_that_it_does_not_name() -> None:
    entry = noted(1, 1, config(process(rto=9 * HOUR)))
    found = promised(entry, "orders")

    assert found is not None
    assert found.rto == 9 * HOUR
    assert promised(entry, "mail") is None
    assert promised(None, "orders") is None
    assert promised(Entry(sequence=1, at=NOW, body=damage(), hash=""), "orders") is None
