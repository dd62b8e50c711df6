"""Which drills an auditor is shown: all of them, and what was promised when they ran."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.core.audit.bundle import Bundle
from agent.core.audit.records import Row, period_of
from agent.core.configuration.config import Rhythm
from support.builders.audit_year import (
    DAY,
    MINUTE,
    NOW,
    START,
    WEEK,
    WEEKLY,
    Business,
    made,
    promising,
    write_year,
)
from support.builders.shop import config, process


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], Bundle]:
    path = tmp_path_factory.mktemp("year") / "ledger.db"
    return write_year(path), made(path)


def row(bundle: Bundle, record: int) -> Row:
    return next(row for row in bundle.rows if record in (row.drill_record, row.run_record))


def small(tmp_path: Path) -> tuple[Business, Path]:
    path = tmp_path / "ledger.db"
    return Business(open_ledger(path)), path


def test_a_year_has_a_row_for_every_drill_that_was_due_or_made(year: tuple[dict[str, int], Bundle]) -> None:
    _, bundle = year
    found = Counter(row.result for row in bundle.rows)

    # 52 weeks of which 3 fell out and one failed; one drill by hand, one again after the failure
    assert found == {"passed": 50, "fell out": 3, "failed": 1, "not tested": 1}


def test_objectives_are_those_that_held_when_it_ran(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year
    slow, old = row(bundle, told["too slow"]), row(bundle, told["too old"])

    assert (slow.rto_s, slow.rto, slow.rpo_s, slow.rpo) == (300, "missed", 3600, "met")
    assert (old.rto_s, old.rto, old.rpo_s, old.rpo) == (7200, "met", 900, "missed")
    assert {r.rto for r in bundle.rows if r.result == "passed"} == {"met", "missed"}


def test_each_drill_says_met_or_missed_in_one_sentence(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year

    assert row(bundle, told["too slow"]).sentence == (
        "Passed: recovery took 10 min of the 5 min allowed (missed); "
        "the snapshot was 30 min old, 1 h allowed (met)."
    )
    assert row(bundle, told["failed"]).sentence == (
        "Failed: recovery within 24 h was not shown; "
        "the snapshot was 30 min old, 1 h allowed (says nothing of the objective)."
    )


def test_a_drill_that_failed_says_nothing_of_the_recovery_time(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year
    failed = row(bundle, told["failed"])

    assert (failed.result, failed.rto, failed.rpo) == ("failed", "not shown", "not shown")
    assert failed.recovery_s is None


def test_a_drill_after_one_that_did_not_pass_is_called_again(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year

    assert row(bundle, told["again"]).how == "again"
    assert row(bundle, told["failed"]).how == "schedule"


def test_a_drill_made_by_a_person_is_shown_as_such(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year
    by_hand = row(bundle, told["by hand"])

    assert (by_hand.how, by_hand.due, by_hand.run_record) == ("by hand", "", None)
    assert by_hand.rpo == "not shown", "an older snapshot was taken on purpose"


def test_a_run_without_a_drill_is_not_tested(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year
    nothing = row(bundle, told["not tested"])

    assert (nothing.result, nothing.drill_record) == ("not tested", None)
    assert "status 3" in nothing.sentence


def test_what_fell_out_has_the_times_that_it_was_due(year: tuple[dict[str, int], Bundle]) -> None:
    told, bundle = year
    lost = [row for row in bundle.rows if row.result == "fell out"]

    assert [row.run_record for row in lost] == [told["missed"]] * 3
    assert [row.due[:10] for row in lost] == ["2026-06-01", "2026-06-08", "2026-06-15"]


def test_what_nobody_made_since_the_service_died_is_never_run(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        shop.run(START)
    rows = made(path, period_of(date(2026, 1, 1), date(2026, 2, 1), "UTC"), START + 27 * DAY).rows

    assert [(row.result, row.due[:10]) for row in rows] == [
        ("passed", "2026-01-05"),
        ("never run", "2026-01-12"),
        ("never run", "2026-01-19"),
        ("never run", "2026-01-26"),
    ]


def test_a_process_is_not_excused_by_the_drills_of_another(tmp_path: Path) -> None:
    both = [process(name, drill=WEEKLY) for name in ("orders", "mail")]
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, config(*both))
        for week in range(3):
            shop.run(START + week * WEEK)
    january = period_of(date(2026, 1, 1), date(2026, 1, 20), "UTC")
    found = Counter((row.process, row.result) for row in made(path, january, START + 15 * DAY).rows)

    assert found == {("orders", "passed"): 3, ("mail", "never run"): 2}


def test_what_is_due_today_may_still_wait_for_its_turn(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        shop.run(START)
    rows = made(path, period_of(date(2026, 1, 1), date(2026, 1, 12), "UTC"), START + WEEK + DAY / 2).rows

    assert [row.result for row in rows] == ["passed"]


def test_a_rhythm_by_cron_is_missed_too(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising(drill=Rhythm(cron="30 2 1 * *")))
    rows = made(path, period_of(date(2026, 1, 1), date(2026, 3, 31), "Europe/Berlin"), NOW).rows

    assert [row.local for row in rows] == ["2026-02-01 02:30 CET", "2026-03-01 02:30 CET"]
    assert {row.result for row in rows} == {"never run"}


def test_drills_by_hand_serve_what_was_due(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        for week in range(4):
            shop.drill(START + week * WEEK + week * DAY / 3)
    rows = made(path, period_of(date(2026, 1, 1), date(2026, 1, 31), "UTC"), START + 27 * DAY).rows

    assert [row.result for row in rows] == ["passed"] * 4


def test_before_objectives_were_recorded_they_are_unknown(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.run(START)
        shop.configure(START + DAY, promising())
    first = made(path, period_of(date(2026, 1, 1), date(2026, 1, 11), "UTC"), START + 5 * DAY).rows[0]

    assert (first.rto, first.rpo, first.rto_s, first.config_record) == ("unknown", "unknown", None, None)
    assert first.sentence == "Passed; the objectives that held then were not recorded."


def test_a_config_that_is_read_during_a_drill_does_not_change_what_held_when_it_began(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        shop.snapshot(START)
        shop.configure(START + 5 * MINUTE, promising(rto=60))
        shop.drill(START + 2 * MINUTE)
    rows = made(path, period_of(date(2026, 1, 5), date(2026, 1, 5), "UTC"), START + DAY).rows

    assert [(row.rto_s, row.rto) for row in rows] == [(24 * 3600, "met")]


def test_a_sample_does_not_show_the_recovery_time(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        shop.drill(START, share=0.1)
    rows = made(path, period_of(date(2026, 1, 5), date(2026, 1, 5), "UTC"), START + DAY).rows

    assert [(row.part, row.rto, row.rpo) for row in rows] == [("sample of 10 %", "not shown", "met")]


def test_days_are_those_of_the_business(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # the first of April in Berlin
    with shop.ledger:
        shop.drill(late)
    march = period_of(date(2026, 3, 1), date(2026, 3, 31), "Europe/Berlin")
    april = period_of(date(2026, 4, 1), date(2026, 4, 30), "Europe/Berlin")

    assert march.ends == april.begins == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert len(made(path, march, NOW).rows) == 0
    assert len(made(path, april, NOW).rows) == 1


def test_a_drill_that_was_due_in_the_period_and_ran_behind_it_belongs_to_it(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, promising())
        shop.run(START + 3 * DAY, due=START)
    rows = made(path, period_of(date(2026, 1, 5), date(2026, 1, 5), "UTC"), NOW - 360 * DAY).rows

    assert [row.result for row in rows] == ["passed"]


def test_plan_b_that_was_drilled_instead_stands_beside_what_it_replaced(tmp_path: Path) -> None:
    shop, path = small(tmp_path)
    with shop.ledger:
        shop.configure(START - DAY, config(process(), repositories=("primary", "away")))
        shop.drill(START + MINUTE, "not_tested")
        shop.drill(START + 5 * MINUTE, repository="away", instead_of="primary")
        shop.run(START, "passed", drills=False)
    rows = made(path, period_of(date(2026, 1, 5), date(2026, 1, 5), "UTC"), START + DAY).rows

    assert [(row.result, row.how) for row in rows] == [
        ("not tested", "schedule"),
        ("passed", "instead of primary"),
    ]
