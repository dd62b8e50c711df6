"""A year as numbers: nothing averaged, nothing filled in, nothing taken for zero that is not known."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.configuration.config import Step
from agent.core.model.config_record import ConfigRecord, config_to_note
from agent.core.model.drills import DrillSeconds, RefusedSnapshot
from agent.core.model.objectives import Objectives
from agent.core.model.records import Body
from agent.core.trends.history import History
from agent.operations.reading.trends import gather_trends
from support.builders.shop import DAY, GIB, HOUR, NOW, ago, config, drill, process, snapshot, wrong
from support.doubles.fakes import FakeLedger

BERLIN = ZoneInfo("Europe/Berlin")


def seen(*records: Body, of=None, now: datetime = NOW) -> History:
    """The year of one process; records in any order."""
    shop = config(of or process())
    ledger = FakeLedger(*sorted(records, key=lambda one: one.started))  # type: ignore[union-attr]
    return gather_trends(shop, ledger, now)[0]


def hourly(first: int, last: int) -> list[Body]:
    """Good snapshots, one an hour, from so many hours ago to so many; each is there at once."""
    return [snapshot(hours, seconds=0) for hours in range(first, last - 1, -1)]


# ---- recovery time --------------------------------------------------------------------------


def test_a_drill_counts_with_the_steps_of_people() -> None:
    (one,) = seen(drill(5), of=process(steps=(Step("printer", 30),))).recoveries
    assert (one.seconds, one.extrapolated, one.late) == (600 + 1800, False, False)


def test_a_sample_is_extrapolated_and_told_apart() -> None:
    (one,) = seen(drill(5, share=0.25, bytes=GIB // 4)).recoveries
    assert (one.seconds, one.extrapolated) == (580 * 4 + 20, True)


def test_a_drill_that_did_not_pass_measured_nothing() -> None:
    found = seen(drill(5, "failed"), drill(9, "not_tested"))
    assert found.recoveries == ()
    assert [one.outcome for one in found.drills] == ["not_tested", "failed"]


def test_a_drill_is_late_by_the_promise_of_its_own_day() -> None:
    then = Objectives(rto=2 * HOUR, rpo=HOUR, steps=0)
    slow = DrillSeconds(restore=3 * HOUR, total=3 * HOUR)
    old, new = drill(24 * 60, objectives=then, seconds=slow), drill(24 * 5, seconds=slow)
    assert [one.late for one in seen(old, of=process(rto=4 * HOUR)).recoveries] == [True]
    assert [one.late for one in seen(new, of=process(rto=4 * HOUR)).recoveries] == [False]


# ---- objectives -----------------------------------------------------------------------------


def test_without_a_note_todays_promise_is_assumed_until_today() -> None:
    levels = seen(snapshot(24 * 100), of=process(rto=HOUR)).rto
    assert [(level.seconds, level.noted) for level in levels] == [(HOUR, False), (HOUR, True)]
    assert levels[-1].since == NOW


def test_a_changed_promise_counts_from_when_it_was_noted() -> None:
    old = drill(24 * 60, objectives=Objectives(rto=4 * HOUR, rpo=HOUR))
    new = drill(24 * 30, objectives=Objectives(rto=2 * HOUR, rpo=HOUR))
    levels = seen(old, new, of=process(rto=2 * HOUR)).rto
    assert [(level.seconds, level.noted) for level in levels] == [
        (4 * HOUR, False),
        (4 * HOUR, True),
        (2 * HOUR, True),
    ]
    assert [level.since for level in levels[1:]] == [old.started, new.started]


def test_a_record_of_the_config_notes_the_promise_as_well() -> None:
    ledger = FakeLedger()
    for days, rto in ((500, 8), (200, 4)):
        noted = config_to_note(replace(config(process(rto=rto * HOUR))), [])
        assert isinstance(noted, ConfigRecord)
        ledger.append(noted, ago(24 * days))
    ledger.append(snapshot(24 * 400), ago(24 * 400))
    levels = gather_trends(config(process(rto=4 * HOUR)), ledger, NOW)[0].rto
    assert [(level.seconds, level.noted) for level in levels] == [(8 * HOUR, True), (4 * HOUR, True)]
    assert levels[1].since == ago(24 * 200)


# ---- snapshot age ---------------------------------------------------------------------------


def ages(*records: Body, of=None, now: datetime = NOW) -> dict[date, float]:
    """Hours, rounded, by day."""
    return {one.day: round(one.seconds / HOUR, 1) for one in seen(*records, of=of, now=now).ages}


def test_each_day_shows_the_worst_age_that_was_reached() -> None:
    """One gap of nine hours among hourly snapshots is nine hours, whatever the other fifteen say."""
    records = [*hourly(60, 40), *hourly(31, 0)]
    found = ages(*records)
    assert found[ago(35).astimezone(BERLIN).date()] == 9.0
    assert found[NOW.date()] == 1.0


def test_the_age_goes_on_growing_while_the_machine_is_off() -> None:
    found = ages(snapshot(24 * 10, seconds=0), snapshot(1, seconds=0))
    assert list(found.values())[:3] == [11.0, 35.0, 59.0]  # to midnight in Berlin, from 13:00
    assert max(found.values()) == 24 * 10 - 1
    assert len(found) == 11


def test_a_day_on_which_the_last_snapshot_is_long_ago_is_not_left_out() -> None:
    assert ages(snapshot(24 * 3, seconds=0))[NOW.date()] == 72.0


def test_days_before_the_first_snapshot_are_not_known() -> None:
    found = seen(drill(24 * 20), snapshot(24 * 2))
    assert found.ages[0].day == ago(48).date()
    assert found.begins == drill(24 * 20).started


def test_what_was_saved_before_the_year_counts_for_its_first_day() -> None:
    found = seen(snapshot(24 * 600, seconds=0), snapshot(1, seconds=0))
    assert found.ages[0].day == date(2025, 12, 1)
    assert found.ages[0].seconds > 200 * DAY


@pytest.mark.parametrize(
    "bad",
    [
        snapshot(5, "failed", seconds=0),
        snapshot(5, "not_tested", seconds=0),
        snapshot(5, seconds=0, snapshot_at=ago(-50)),  # a clock that was wrong
    ],
)
def test_a_snapshot_that_is_not_good_makes_nothing_younger(bad: Body) -> None:
    assert ages(snapshot(10, seconds=0), bad)[NOW.date()] == 10.0


def test_a_snapshot_that_a_drill_refuted_never_was_good() -> None:
    refuted = snapshot(5, seconds=0)
    assert ages(snapshot(10, seconds=0), refuted, drill(2, "failed", of=5))[NOW.date()] == 10.0
    skipped = drill(2, of=10, refused=(RefusedSnapshot(refuted.snapshot, ago(5), "damaged"),))
    assert ages(snapshot(10, seconds=0), refuted, skipped)[NOW.date()] == 10.0


def test_a_drill_that_only_found_the_snapshot_old_refutes_nothing() -> None:
    stale = drill(2, "failed", of=5, findings=(wrong("snapshot-stale"),))
    assert ages(snapshot(10, seconds=0), snapshot(5, seconds=0), stale)[NOW.date()] == 5.0


def test_a_snapshot_helps_only_once_it_is_there() -> None:
    slow = snapshot(5, seconds=3.0 * HOUR)
    assert ages(snapshot(10, seconds=0), slow)[NOW.date()] == 8.0


def test_a_copy_in_plan_b_makes_nothing_younger() -> None:
    copied = snapshot(1, repository="away", snapshot_at=ago(10), copy_of="a" * 64, snapshot="b" * 64)
    assert ages(snapshot(10, seconds=0), copied)[NOW.date()] == 10.0


def test_a_day_is_too_old_by_the_objective_that_it_had() -> None:
    then = drill(24 * 20, objectives=Objectives(rto=HOUR, rpo=HOUR))
    now = drill(24 * 10, objectives=Objectives(rto=HOUR, rpo=6 * HOUR))
    taken = [snapshot(hours, seconds=0) for hours in range(24 * 25, 0, -4)]
    over = [one.day for one in seen(then, now, *taken, of=process(rpo=6 * HOUR)).ages if one.over]
    assert max(over) < now.started.date() <= max(over) + timedelta(days=2)


# ---- sizes ----------------------------------------------------------------------------------


def test_an_outlier_is_kept_however_many_snapshots_a_day_has() -> None:
    records = hourly(30, 0)
    records[17] = replace(records[17], bytes=50 * GIB)
    assert max(one.bytes for one in seen(*records).sizes) == 50 * GIB
    records[17] = replace(records[17], bytes=1)
    assert min(one.bytes for one in seen(*records).sizes) == 1


def test_a_day_has_at_most_four_sizes() -> None:
    records = [replace(one, bytes=index) for index, one in enumerate(hourly(24 * 9, 0))]
    assert len(seen(*records).sizes) <= 4 * 10


def test_sizes_of_copies_and_of_bad_snapshots_do_not_count() -> None:
    copied = snapshot(1, repository="away", copy_of="a" * 64, bytes=7)
    assert [one.bytes for one in seen(snapshot(2), copied, snapshot(3, "failed", bytes=9)).sizes] == [GIB]


# ---- what belongs to whom -------------------------------------------------------------------


def test_processes_are_kept_apart() -> None:
    ledger = FakeLedger(
        drill(9, "failed", process="mail"), snapshot(6, process="mail"), drill(5), snapshot(4)
    )
    orders, mail = gather_trends(config(process(), process("mail")), ledger, NOW)
    assert [one.outcome for one in orders.drills] == ["passed"]
    assert [one.outcome for one in mail.drills] == ["failed"]
    assert (len(orders.sizes), len(mail.sizes)) == (1, 1)


def test_a_real_ledger_tells_the_same(tmp_path: Path) -> None:
    records = [snapshot(24 * 500), *hourly(48, 3), drill(2), drill(1, "failed")]
    with open_ledger(tmp_path / "ledger.db") as ledger:
        for record in records:
            ledger.append(record, record.started)  # type: ignore[union-attr]
        (found,) = gather_trends(config(), ledger, NOW)
    assert found == seen(*records)
    assert found.ages[0].seconds > 140 * DAY


def test_a_process_without_any_record_is_not_known() -> None:
    found = seen()
    assert (found.begins, found.recoveries, found.sizes, found.ages, found.drills) == (None, (), (), (), ())


def test_the_future_is_not_shown() -> None:
    found = seen(snapshot(-48), drill(-48), snapshot(3))
    assert len(found.sizes) == 1
    assert found.drills == ()
