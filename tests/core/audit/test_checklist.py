"""The auditor's checklist: met only where records show it, unknown where nobody looked."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.audit.facts import NEVER_MET
from agent.core.audit.records import Item, Period, period_of
from agent.core.audit.texts import checklist_text
from agent.core.configuration.config import Config
from agent.core.model.notices import AcknowledgementRecord, MessageRecord
from agent.core.model.records import DrillFiles, RetentionRecord
from support.builders.audit_year import DAY, MINUTE, START, WEEK, Business, made, promising, write_year
from support.builders.shop import config, process, wrong

JANUARY = period_of(date(2026, 1, 1), date(2026, 1, 31), "Europe/Berlin")
END = START + 27 * DAY
BEFORE = START - 10 * DAY  # before the period


def items(
    tmp_path: Path, write: Callable[[Business], Any], period: Period = JANUARY, first: Config | None = None
) -> dict[int, Item]:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        shop = Business(ledger)
        if first:
            shop.configure(BEFORE, first)
        write(shop)
    return {item.number: item for item in made(tmp_path / "ledger.db", period, END).items}


def weekly(shop: Business, **changes: Any) -> None:
    for week in range(4):
        shop.run(START + week * WEEK, drill=changes)


def test_an_empty_ledger_meets_nothing_but_the_scope(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: None)

    assert [number for number, item in found.items() if item.state == "met"] == [22]
    assert list(found) == list(range(1, 23))


def test_of_many_records_the_first_twelve_are_named() -> None:
    def said(count: int) -> str:
        item = Item(number=1, question="Is it", state="met", why="So.", records=tuple(range(1, count + 1)))
        return " ".join(checklist_text([item]).split()).partition("So. ")[2]

    assert said(1) == "Record 1."
    assert said(12) == "Records 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12."
    assert said(14) == "Records 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more."


def test_what_readiness_cannot_know_is_unknown_however_good_the_records(tmp_path: Path) -> None:
    found = items(tmp_path, weekly, first=promising())

    assert [found[number].state for number in NEVER_MET] == ["unknown"] * len(NEVER_MET)
    said = "No record can show 5, 12, 14, 16, 17, 18, 19 and 20, so they are never met: ask what"
    assert said in " ".join(checklist_text([*found.values()]).split())


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


def test_an_older_snapshot_in_full_meets_the_third(tmp_path: Path) -> None:
    def write(shop: Business) -> None:
        weekly(shop)
        shop.drill(START + 2 * DAY, selection="random")

    assert items(tmp_path, write, first=promising())[3].state == "met"


def test_samples_alone_are_no_full_restore(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: weekly(shop, share=0.5), first=promising())

    assert (found[3].state, found[10].state) == ("not met", "unknown")


def test_a_wall_that_was_missing_is_told(tmp_path: Path) -> None:
    found = items(
        tmp_path, lambda shop: weekly(shop, isolation=("user", "without network")), first=promising()
    )

    assert found[5].state == "not met"


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


def test_a_missed_objective_is_told(tmp_path: Path) -> None:
    found = items(tmp_path, weekly, first=promising(rto=300))

    assert (found[7].state, found[7].why) == ("not met", "4 drills missed an objective.")


def test_loss_in_the_newest_test_is_told_separately_for_hash_and_count(tmp_path: Path) -> None:
    damaged = DrillFiles(expected=1200, restored=1200, verified=1190, damaged=10)
    missing = DrillFiles(expected=1200, restored=1190, verified=1190, missing=10)
    for number, (files, expected) in enumerate(
        [(damaged, ("not met", "met")), (missing, ("met", "not met"))]
    ):
        (tmp_path / str(number)).mkdir()
        found = items(
            tmp_path / str(number),
            lambda shop, files=files: weekly(shop, files=files),  # type: ignore[misc]
            first=promising(),
        )
        assert (found[8].state, found[9].state) == expected


def test_a_process_without_any_test_keeps_a_question_open(tmp_path: Path) -> None:
    two = config(process(), process("mail"))
    found = items(tmp_path, weekly, first=two)

    assert (found[8].state, found[8].why) == ("unknown", "No drill of mail came to a result in the period.")


def test_no_proof_is_no_proof(tmp_path: Path) -> None:
    assert items(tmp_path, lambda shop: weekly(shop, proofs=()), first=promising())[10].state == "not met"


def test_without_a_recorded_witness_expectations_are_not_independent(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: weekly(shop, snapshot="f" * 64), first=promising())

    assert found[11].state == "not met"


def test_plan_b_counts_when_it_was_restored_and_cannot_be_changed(tmp_path: Path) -> None:
    refused = RetentionRecord(
        process="orders",
        repository="away",
        started=START,
        outcome="not_tested",
        seconds=1,
        findings=(wrong("retention-refused"),),
    )

    def never(shop: Business) -> None:
        weekly(shop)

    def restored(shop: Business) -> None:
        shop.drill(START, repository="away")

    def immutable(shop: Business) -> None:
        restored(shop)
        shop.ledger.append(refused, START)

    states = []
    for write in (never, restored, immutable):
        (tmp_path / write.__name__).mkdir()
        two = config(process(), repositories=("primary", "away"))
        states.append(items(tmp_path / write.__name__, write, first=two)[13].state)

    assert states == ["not met", "unknown", "met"]


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


def test_a_drill_that_could_not_be_made_is_no_result(tmp_path: Path) -> None:
    found = items(tmp_path, lambda shop: shop.run(START, "not_tested"), first=promising())

    assert (found[15].state, found[15].why) == ("unknown", "No drill came to a result in the period.")
    assert (found[6].state, found[6].records) == ("unknown", ())


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
