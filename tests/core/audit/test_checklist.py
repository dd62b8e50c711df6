"""The auditor's checklist: met only where records show it, unknown where nobody looked."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.audit.records import period_of
from agent.core.model.notices import AcknowledgementRecord, MessageRecord
from support.builders.audit_year import (
    BEFORE,
    DAY,
    MINUTE,
    START,
    Business,
    items,
    made,
    promising,
    weekly,
    write_year,
)


def test_an_empty_ledger_meets_nothing_but_the_scope(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: None)

    assert [number for number, item in found.items() if item.state == "met"] == [22]
    assert list(found) == list(range(1, 23))


def test_a_month_in_which_all_went_well_meets_what_records_can_show(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        shop.service(BEFORE, "started")
        weekly(shop)

    found = items(tmp_path, write, first=promising())

    assert [n for n, item in found.items() if item.state == "met"] == [1, 2, 4, 6, 7, 8, 9, 10, 11, 15, 22]
    assert {n: item.why for n, item in found.items() if item.state == "not met"} == {
        3: "Restored in full, but only ever from the newest snapshot: orders.",
        13: "Only one repository is configured.",
    }


def test_every_answer_names_the_records_behind_it(tmp_path: Path) -> None:
    found = items(tmp_path, weekly, first=promising())

    assert all(item.records for item in found.values() if item.state == "met")
    assert found[4].records == (3, 6, 9, 12)


def test_a_population_is_unknown_before_objectives_were_recorded(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        weekly(shop)
        shop.configure(START + 23 * DAY, promising())

    found = items(tmp_path, write)

    assert (found[1].state, found[2].state, found[7].state) == ("unknown", "unknown", "unknown")
    assert found[1].why == "4 drills are listed; which were due before 2026-01-28 03:00 CET was not recorded."


def test_what_fell_out_or_never_ran_breaks_the_cadence(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: shop.run(START), first=promising())

    assert found[1].state == "met", "the list is complete all the same"
    assert (found[2].state, found[2].why) == ("not met", "3 due drills fell out or never ran: orders.")


def test_a_quarter_without_a_result_breaks_the_cadence(tmp_path: Path) -> None:
    yearly = promising(drill=replace(promising().processes[0].drill, every=360 * 86400))
    found = items(
        tmp_path,
        lambda shop: shop.drill(START),
        period_of(date(2026, 1, 1), date(2026, 1, 31), "UTC"),
        yearly,
    )
    assert found[2].state == "met"

    (tmp_path / "longer").mkdir()
    with open_ledger(tmp_path / "longer" / "ledger.db") as ledger:
        shop = Business(ledger)
        shop.configure(BEFORE, yearly)
        shop.drill(START)
    half = period_of(date(2026, 1, 1), date(2026, 6, 30), "UTC")
    later = made(tmp_path / "longer" / "ledger.db", half, START + timedelta(days=200)).items[1]
    assert (later.state, later.why) == ("not met", "No test came to a result for more than 92 days: orders.")


def test_a_clock_that_jumped_is_told(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        shop.service(BEFORE, "started")
        weekly(shop)
        shop.service(START + 25 * DAY, "clock-jumped", jump=-7200)

    assert items(tmp_path, write, first=promising())[6].state == "not met"


def test_a_clock_that_no_service_watched_during_a_drill_is_unknown(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        shop.service(BEFORE, "started")
        shop.drill(START)
        shop.service(START + DAY, "stopped")
        shop.drill(START + 2 * DAY)
        shop.service(START + 3 * DAY, "started")

    assert items(tmp_path, write, first=promising())[6].state == "unknown"


def test_a_failure_is_open_until_a_full_drill_of_the_same_copy_passes(tmp_path: Path) -> None:
    def mended(shop: Business) -> None:
        shop.drill(START, "failed")
        shop.drill(START + 3 * DAY)

    def sampled(shop: Business) -> None:
        shop.drill(START, "failed")
        shop.drill(START + 3 * DAY, share=0.2)

    def elsewhere(shop: Business) -> None:
        shop.drill(START, "failed")
        shop.drill(START + 3 * DAY, repository="away")

    answers = {}
    for write in (mended, sampled, elsewhere):
        (tmp_path / write.__name__).mkdir()
        answers[write.__name__] = items(tmp_path / write.__name__, write, first=promising())[15]

    assert {name: item.state for name, item in answers.items()} == {
        "mended": "met",
        "sampled": "not met",
        "elsewhere": "not met",
    }
    assert answers["mended"].why.startswith("1 failure, followed by a full drill that passed after 3 days")


def test_what_passed_before_it_failed_mends_nothing(tmp_path: Path) -> None:
    def failed_again(shop: Business) -> None:
        shop.drill(START)
        shop.drill(START + DAY, "failed")

    found = items(tmp_path, failed_again, first=promising())[15]
    assert (found.state, found.why) == (
        "not met",
        "1 of 1 failure had no full drill since that passed: orders.",
    )


def test_a_failure_that_was_open_for_too_long_is_not_met(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        shop.drill(START - 60 * DAY, "failed")
        shop.drill(START)

    winter = period_of(date(2025, 11, 1), date(2026, 1, 31), "UTC")

    assert items(tmp_path, write, winter)[15].why.endswith("after 60 days at most; 45 are allowed.")


@pytest.mark.parametrize(("acknowledged", "state"), [(False, "not met"), (True, "met")])
def test_an_alarm_test_counts_when_somebody_acknowledged_it(
    tmp_path: Path, acknowledged: bool, state: str
) -> None:
    sent = MessageRecord(
        message="T-2026-01-10",
        kind="alarm-test",
        role="admin",
        started=START,
        recipients=("admin@example.com",),
        subject="",
        text="",
        html="",
        message_id="<1@example.com>",
    )

    def write(shop: Business) -> None:
        shop.ledger.append(sent, START)
        if acknowledged:
            seen = AcknowledgementRecord(name="T-2026-01-10", started=START, by="admin")
            shop.ledger.append(seen, START + 9 * MINUTE)

    assert items(tmp_path, write)[21].state == state


def test_the_year_with_all_that_befell_it_is_told_as_it_was(tmp_path: Path) -> None:
    write_year(tmp_path / "ledger.db")
    bundle = made(tmp_path / "ledger.db")
    states = {item.number: item.state for item in bundle.items}

    assert [number for number in (2, 7, 13) if states[number] == "not met"] == [2, 7, 13]
    assert [number for number in (1, 3, 4, 8, 9, 10, 11, 15) if states[number] != "met"] == []
    checklist = json.loads(bundle.files["checklist.json"])["items"]
    assert max(number for item in checklist for number in item["records"]) <= 200
