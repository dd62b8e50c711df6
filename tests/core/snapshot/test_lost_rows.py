"""What is said of databases that hold less than they did, and what is no loss."""

from collections.abc import Sequence
from typing import Any

import pytest

from agent.core.model.findings import Finding
from agent.core.model.snapshots import DatabaseNote, RootIdentity, SnapshotRecord, TableCounts
from agent.core.snapshot.extent import VitalPlace
from agent.core.snapshot.live_databases import Copied
from agent.core.snapshot.lost_rows import (
    LEAST_NOTED,
    MANY,
    NOTED_TABLES,
    emptied,
    fewer_rows,
    fewer_rows_than_ever,
    known_databases,
    noted_databases,
)
from support.builders.live_files import good, scan
from support.builders.shop import process

ORDERS = process("orders", paths=("/srv/orders",))
APP = "/srv/orders/app.db"
VITAL = (VitalPlace("/srv/orders/app.db", b"srv/orders/app.db", is_file=True),)


def table(**rows: int) -> TableCounts:
    return TableCounts(APP, "0-app.db", rows)


def named(*orders: int, accepted: int = -1) -> list[SnapshotRecord]:
    """Good snapshots, oldest first, with so many orders each."""
    return [good(tables=(table(orders=n),), accepted=at == accepted) for at, n in enumerate(orders)]


def noted(*orders: int, path: str = APP, accepted: int = -1) -> list[SnapshotRecord]:
    notes = [(DatabaseNote(path, {"orders": number}),) for number in orders]
    return [good(databases=note, accepted=at == accepted) for at, note in enumerate(notes)]


def judged(
    before: Sequence[SnapshotRecord], *, vital: bool = False, path: str = APP, **rows: int
) -> list[tuple[str, str]]:
    place = VitalPlace(path, path.encode()[1:], is_file=True)
    found = Copied(at_rest=(DatabaseNote(path, rows),))
    return said(emptied(ORDERS, scan(vital=(place,) if vital else ()), found, (), before))


def said(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(found.code, found.severity) for found in findings]


ERROR, WARNING = [("database-collapsed", "error")], [("database-collapsed", "warning")]


def test_a_table_may_lose_half_of_its_rows_and_no_more() -> None:
    before = good(tables=(table(orders=100),))
    assert fewer_rows(ORDERS, [table(orders=50)], before) == []
    assert said(fewer_rows(ORDERS, [table(orders=49)], before)) == ERROR
    assert said(fewer_rows(ORDERS, [table()], before)) == ERROR
    assert fewer_rows(ORDERS, [table(orders=0)], None) == []


def test_a_few_rows_of_one_table_among_others_may_go_on_any_day() -> None:
    before = good(tables=(table(orders=100, cart=5),))
    assert fewer_rows(ORDERS, [table(orders=100, cart=2)], before) == []
    assert fewer_rows(ORDERS, [table(orders=100, cart=0)], before) == []
    assert said(fewer_rows(ORDERS, [table(orders=100)], before)) == ERROR, "the table is gone"
    assert said(fewer_rows(ORDERS, [table(orders=0, cart=0)], before)) == ERROR * 2, "so is all the rest"
    assert fewer_rows_than_ever(ORDERS, [table(orders=100, cart=2)], [before]) == []
    assert said(fewer_rows_than_ever(ORDERS, [table(orders=100, cart=0)], [before])) == WARNING
    days = [good(tables=(table(orders=100, cart=rows),)) for rows in (5, 0, 4, 0, 3)]
    assert fewer_rows_than_ever(ORDERS, [table(orders=100, cart=0)], days) == [], "a habit"


def test_what_goes_in_small_steps_is_held_against_the_most_of_the_weeks() -> None:
    before = named(8000, 4400, 2420)
    [told] = fewer_rows_than_ever(ORDERS, [table(orders=1331)], before)
    assert said([told]) == WARNING
    assert "has 1,331 rows; within the last four weeks it had 8,000" in told.message
    assert fewer_rows_than_ever(ORDERS, [table(orders=4100)], before) == []
    assert fewer_rows_than_ever(ORDERS, [table(orders=1000)], before) == []  # told as an error already


def test_what_was_accepted_or_comes_and_goes_is_no_loss_of_steps() -> None:
    assert fewer_rows_than_ever(ORDERS, [table(orders=1331)], named(8000, 4400, 2420, accepted=2)) == []
    swings = named(1000, 600, 400, 900, 1000, 600)
    assert fewer_rows_than_ever(ORDERS, [table(orders=400)], swings) == []
    assert fewer_rows_than_ever(ORDERS, [table(orders=3)], named(9, 6, 4)) == []
    assert fewer_rows_than_ever(ORDERS, [table(orders=3)], []) == []


def test_an_index_for_full_text_merges_its_pages_and_loses_nothing() -> None:
    before = good(tables=(table(posts_data=900, posts_idx=800, posts_docsize=100, posts_config=1),))
    merged = table(posts_data=9, posts_idx=8, posts_docsize=100, posts_config=1)
    assert fewer_rows(ORDERS, [merged], before) == []
    assert len(fewer_rows(ORDERS, [table(meter_data=9)], good(tables=(table(meter_data=900),)))) == 1
    [dropped] = fewer_rows(
        ORDERS, [table(posts=100)], good(tables=(table(posts=100, f_content=99, f_docsize=99, f_data=9),))
    )
    assert "f_content" in dropped.message, "which may be the only place of the text"
    site = good(tables=(table(site_config=9),))
    assert len(fewer_rows(ORDERS, [table()], site)) == 1


def test_a_queue_in_a_database_with_a_proof_may_run_empty_and_is_told_until_that_is_a_habit() -> None:
    before = [good(tables=(table(orders=9, jobs=rows),)) for rows in (150, 140)]
    now = [table(orders=9, jobs=1)]
    assert fewer_rows(ORDERS, now, before[-1]) == []
    assert said(fewer_rows_than_ever(ORDERS, now, before)) == WARNING
    nightly = [good(tables=(table(orders=9, jobs=rows),)) for rows in (150, 0, 140, 0, 160)]
    assert fewer_rows_than_ever(ORDERS, now, nightly) == []


@pytest.mark.parametrize(("vital", "expected"), [(True, ERROR), (False, WARNING)])
def test_a_database_that_no_proof_names_and_that_lost_its_rows_is_bad_where_it_is_vital(
    vital: bool, expected: list[tuple[str, str]]
) -> None:
    assert judged(noted(5000), vital=vital, orders=0) == expected
    assert judged(noted(5000), vital=vital) == expected  # a bare schema of another kind
    assert judged(noted(5000), vital=vital, orders=2400) == expected
    assert judged(noted(5000), vital=vital, orders=2500) == []
    assert judged(noted(5000, 3000, 2000), vital=vital, orders=1500) == WARNING


def test_one_wiped_table_is_told_though_others_are_larger() -> None:
    before = [good(databases=(DatabaseNote(APP, {"log": 9000, "orders": 500}),))]
    assert judged(before, vital=True, log=9100, orders=0) == ERROR
    assert judged(before, vital=True, log=9100, orders=100) == WARNING
    assert judged(before, log=9100, orders=0) == WARNING
    assert judged(before, log=9100, orders=100) == []  # jobs and sessions of anybody's application


def tables(*known: dict[str, int], accepted: int = -1) -> list[SnapshotRecord]:
    notes = [(DatabaseNote(APP, rows),) for rows in known]
    return [good(databases=note, accepted=at == accepted) for at, note in enumerate(notes)]


@pytest.mark.parametrize("rows", [1, 5, 20, 90, 150])
def test_a_whole_table_that_is_dropped_is_bad_in_a_vital_database(rows: int) -> None:
    before = tables({"orders": 1000, "customers": rows})
    assert judged(before, vital=True, orders=1000) == ERROR
    assert judged(before, orders=1000) == (WARNING if rows >= MANY else [])
    assert judged(before, vital=True, orders=1000, customers=rows) == []


def test_a_table_that_is_emptied_is_bad_where_it_is_large_or_much_of_the_database() -> None:
    def emptied_of(rows: int, others: int = 1000) -> list[tuple[str, str]]:
        return judged(tables({"orders": others, "cart": rows}), vital=True, orders=others, cart=0)

    assert emptied_of(100) == emptied_of(10, 30) == ERROR
    assert emptied_of(99) == emptied_of(5) == emptied_of(9, 27) == WARNING
    assert emptied_of(4) == []


@pytest.mark.parametrize("name", ["jobs", "failed_jobs", "JobQueue", "django_session", "orders_old", "tmp_a"])
def test_a_queue_that_runs_empty_is_at_most_a_warning_and_a_habit_then(name: str) -> None:
    for number in (300, 3000):
        full, drained = {"orders": 1000, name: number}, {"orders": 1000, name: 0}
        assert judged(tables(full), vital=True, **drained) == WARNING
        assert judged(tables(full, drained), vital=True, **drained) == WARNING
        assert judged(tables(full, drained, accepted=1), vital=True, **drained) == []
        assert judged(tables(full, drained, full, accepted=1), vital=True, **drained) == []
        assert judged(tables(full), vital=True, orders=0, **{name: number}) == ERROR
    assert judged(tables({name: 300}), vital=True, **{name: 0}) == ERROR, "there is nothing else in it"
    assert judged(tables({"jobless": 300, "orders": 1000}), vital=True, orders=1000, jobless=0) == ERROR


def test_of_several_tables_the_worst_come_first() -> None:
    before = tables({"orders": 1000, "customers": 20, "jobs": 300, "cart": 6})
    told = judged(before, vital=True, orders=1000, cart=0, jobs=0)
    assert told == ERROR + WARNING * 2


def test_a_table_that_has_another_name_now_is_no_loss_then_and_later() -> None:
    before = tables({"orders": 1000, "staff": 5})
    renamed = {"orders_v2": 1003, "staff": 5}
    assert judged(before, vital=True, **renamed) == []
    assert judged([*before, *tables(renamed)], vital=True, orders_v2=1800, staff=5) == []
    assert judged([*before, *tables(renamed)], vital=True, orders_v2=0, staff=5) == ERROR
    assert judged([*before, *tables(renamed)], vital=True, staff=5) == ERROR
    assert judged(before, vital=True, orders=1000, log=300) == ERROR, "so many rows has no other one"
    two = tables({"orders": 1000, "staff": 5, "shops": 5})
    assert judged(two, vital=True, orders=1000, new=5) == ERROR * 2, "one new name for two tables"
    assert judged(tables({"orders": 1000, "new": 5, "staff": 5}), vital=True, orders=1000, new=5) == ERROR


def test_with_a_proof_a_renamed_table_is_no_loss_either() -> None:
    before = good(tables=(table(orders=100, staff=5),))
    assert fewer_rows(ORDERS, [table(orders=100, people=5)], before) == []
    assert len(fewer_rows(ORDERS, [table(orders=100)], before)) == 1
    later = good(tables=(table(orders=100, people=50),))
    renamed = good(tables=(table(orders=100, people=20),))
    before = good(tables=(table(orders=100, staff=20),))
    assert fewer_rows_than_ever(ORDERS, [table(orders=100, people=60)], [before, renamed, later]) == []
    assert (
        len(fewer_rows_than_ever(ORDERS, [table(orders=100)], [before, good(tables=(table(orders=100),))]))
        == 1
    )


def test_a_vital_database_of_a_few_rows_may_not_become_empty() -> None:
    assert judged(noted(3), vital=True, orders=0) == ERROR
    assert judged(noted(3), orders=0) == []
    assert judged(noted(6), vital=True, orders=2) == []


def test_a_path_of_the_process_that_is_a_database_is_vital() -> None:
    alone = scan(roots=(RootIdentity(APP, 1, 2, 1),))
    found = Copied(at_rest=(DatabaseNote(APP, {"orders": 0}),))
    assert said(emptied(ORDERS, alone, found, (), noted(5000))) == ERROR


@pytest.mark.parametrize("place", [".cache/app.db", "Code Cache/x/app.db", "tmp/app.db", "http-cache/i.db"])
def test_caches_are_made_anew_without_a_word_unless_they_are_vital(place: str) -> None:
    path = f"/srv/orders/{place}"
    assert judged(noted(5000, path=path), path=path, orders=0) == []
    assert judged(noted(5000, path=path), path=path, vital=True, orders=0) == ERROR


def test_what_was_as_low_before_and_came_back_is_habit_also_over_what_was_accepted() -> None:
    assert judged(noted(5000, 40, 4000), orders=20) == []
    assert judged(noted(5000, 40, 4000), vital=True, orders=20) == ERROR  # so low it never was
    assert judged(noted(5000, 40, 4000, accepted=1), vital=True, orders=40) == []
    assert judged(noted(5000, 40, accepted=1), vital=True, orders=40) == []
    assert judged([], orders=40) == []


def test_what_was_a_database_and_is_none_is_told_where_it_is_still_saved() -> None:
    found = Copied(former=((APP, "is empty now"),))
    for vital, severity in ((VITAL, "error"), ((), "warning")):
        [told] = emptied(ORDERS, scan(vital=vital), found, (), noted(5000))
        assert (told.code, told.severity, told.path) == ("database-damaged", severity, APP)
        assert "was a SQLite database within the last four weeks, and is empty now" in told.message
    assert emptied(ORDERS, scan(), found, {APP}, noted(5000)) == []  # it is being written
    excluding: Any = process("orders", paths=("/srv/orders",), exclude=("*.db",))
    assert emptied(excluding, scan(), found, (), noted(5000)) == []
    cached = Copied(former=(("/srv/orders/cache/app.db", "is empty now"),))
    assert emptied(ORDERS, scan(), cached, (), noted(5000)) == []


def test_what_may_get_its_beginning_back_is_told_and_the_snapshot_is_good() -> None:
    found = Copied(behind_logs=((APP, "does not begin as one any more, and whether"),))
    [told] = emptied(ORDERS, scan(vital=VITAL), found, (), noted(5000))
    assert (told.code, told.severity, told.path) == ("database-damaged", "warning", APP)
    assert emptied(ORDERS, scan(), found, {APP}, noted(5000)) == []


def test_a_record_keeps_the_largest_tables_and_knows_its_databases_until_less_is_accepted() -> None:
    many = {f"t{number}": number for number in range(NOTED_TABLES + 9)}
    [kept] = noted_databases(Copied(at_rest=(DatabaseNote(APP, many),)))
    assert (len(kept.rows), min(kept.rows.values())) == (NOTED_TABLES, 9)
    kept, *_ = noted_databases(Copied(at_rest=(DatabaseNote(APP, many),) * NOTED_TABLES))
    assert len(kept.rows) == LEAST_NOTED
    assert known_databases([*noted(1), *named(1)]) == {APP}
    assert known_databases([*noted(1), good(accepted=True)]) == frozenset()


def test_a_path_of_the_process_below_a_directory_of_caches_is_no_cache() -> None:
    tmp: Any = process("orders", paths=("/var/tmp/orders",))
    path = "/var/tmp/orders/app.db"
    found = Copied(at_rest=(DatabaseNote(path, {"orders": 0}),))
    assert said(emptied(tmp, scan(), found, (), noted(5000, path=path))) == WARNING
