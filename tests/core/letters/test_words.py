"""Small words that several mails share: times for narrow columns, the window's days, the worst trouble."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from agent.core.letters.plain_words import ONE_COPY
from agent.core.letters.words import (
    at_moment,
    code_now,
    days_of,
    holidays_within,
    hours_of,
    on_the_disk,
    short_moment,
    trouble_of,
    worst_trouble,
)
from agent.core.schedule.window import Window
from support.builders.letters import FOUR, broken, easter, incident, ready, shop, slipping
from support.builders.shop import NOW, assessed, copy, drill, snapshot, wrong

BERLIN = ZoneInfo("Europe/Berlin")


def between(closes: datetime, opens: datetime) -> Window:
    return Window(closes=closes, opens=opens, seconds=int((opens - closes).total_seconds()))


def test_within_a_sentence_day_and_clock_are_joined() -> None:
    assert at_moment(NOW, BERLIN, NOW) == "Wednesday at 13:00"


@pytest.mark.parametrize(
    ("when", "clock", "said"),
    [
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), False, "Tue 09:00"),
        (datetime(2026, 12, 2, 8, 0, tzinfo=UTC), False, "2 Dec"),  # a week ahead: which Wednesday?
        (datetime(2026, 12, 2, 8, 0, tzinfo=UTC), True, "2 Dec 09:00"),
        (datetime(2025, 11, 14, 8, 0, tzinfo=UTC), False, "14 Nov 2025"),
        (datetime(2025, 11, 14, 8, 0, tzinfo=UTC), True, "14 Nov 2025"),
    ],
)
def test_a_moment_is_as_short_as_it_can_be_told_without_doubt(when: datetime, clock: bool, said: str) -> None:
    assert short_moment(when, BERLIN, NOW, clock) == said


def test_the_days_of_a_window_name_both_months_only_where_they_differ() -> None:
    within = replace(
        ready(), window=between(datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    )
    across = replace(
        ready(), window=between(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    )

    assert (days_of(within), days_of(across)) == ("27-30 Nov", "30 Oct-2 Nov")


def test_hours_of_a_window_are_rounded_up() -> None:
    begin = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)

    assert hours_of(between(begin, begin.replace(hour=18))) == "2 h"
    assert hours_of(between(begin, begin.replace(hour=18, second=1))) == "3 h"


def test_only_holidays_between_closing_and_opening_make_a_long_weekend() -> None:
    assessment, _ = easter()
    days = (*assessment.config.business.holidays, date(2027, 4, 5))
    business = replace(assessment.config.business, holidays=days)
    more = replace(assessment, config=replace(assessment.config, business=business))

    assert [day.date() for day in holidays_within(more)] == [date(2027, 3, 26), date(2027, 3, 29)]


def test_a_failed_drill_is_less_of_a_trouble_only_while_all_that_it_concerns_is_proven_elsewhere() -> None:
    failed = copy(snapshot(1, paths=()), drill(9, "failed"), drill(60), name="orders")
    other = copy(snapshot(1, paths=()), drill(30), name="orders", repository="planb")
    helped = assessed(failed, other, shop=shop(*FOUR[:2]))

    assert code_now(helped, "drill-failed", ["orders"]) == ONE_COPY
    assert code_now(helped, "drill-failed", ["orders", "shop"]) == "drill-failed"
    assert code_now(helped, "snapshot-stale", ["orders"]) == "snapshot-stale"
    assert code_now(helped, "drill-failed", []) == "drill-failed"


def test_a_copy_whose_repository_is_gone_helps_nobody_however_well_it_was_proven() -> None:
    failed = copy(snapshot(1, paths=()), drill(9, "failed"), drill(60), name="orders")
    lost = snapshot(0.5, "failed", findings=(wrong("repository-missing"),))
    other = copy(lost, snapshot(1, paths=()), drill(30), name="orders", repository="planb")
    found = assessed(failed, other, shop=shop(FOUR[0]))

    assert code_now(found, "drill-failed", ["orders"]) == "drill-failed"


def test_a_trouble_names_its_copy_where_there_are_several_and_room() -> None:
    told = incident(code="repository-damaged", repository="planb")

    assert trouble_of(ready(), told) == "a copy of orders (copy planb) is damaged"
    assert trouble_of(ready(), told, limit=0) == "a copy of orders is damaged"
    assert trouble_of(ready(shop(repositories=("primary",))), told) == "a copy of orders is damaged"
    assert trouble_of(ready(), incident(code="snapshot-stale")) == "the newest backup of orders is too old"


def test_the_worst_trouble_is_that_of_the_worst_verdict() -> None:
    assert worst_trouble(broken()) == "orders cannot be restored"
    assert worst_trouble(slipping()) == "one broken disk takes orders and the backups"
    assert worst_trouble(ready()) == ""


def test_copies_that_go_with_the_machine_though_no_disk_breaks_are_not_told_as_a_broken_disk() -> None:
    for where in (
        {"place": "memory"},
        {"place": "same-machine", "place_reason": "localhost is this machine"},
    ):
        lost = copy(snapshot(1, paths=(), same_device=True, **where), drill(30), name="orders")
        found = assessed(lost, shop=shop(*FOUR[:1], repositories=("primary",)))
        assert worst_trouble(found) == "orders and the backups would be lost with this server"
        assert on_the_disk(found.judgements[0]) is False


def test_what_is_worst_names_two_of_the_processes_that_it_concerns_and_counts_the_others() -> None:
    untested = assessed(
        *(copy(snapshot(1, paths=()), name=one.name) for one in FOUR[:3]), shop=shop(*FOUR[:3])
    )

    assert worst_trouble(untested) == "no restore of orders, shop and 1 more has been proven yet"
