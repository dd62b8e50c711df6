"""Rows by number and by label: at the cost of ten records in a million, and none missing from the end."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.head import head_path
from agent.adapters.ledger.ledger import SqliteLedger, open_ledger, open_reader
from agent.adapters.ledger.rows import (
    as_column,
    first_since,
    newest_before,
    newest_numbers,
    oldest_number,
    streams,
)
from agent.adapters.ledger.schema import connect_for_reading
from agent.core.model.drills import DrillRecord
from agent.errors import LedgerDamaged
from support.builders.ledger_records import NOW, drill, tampering, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def found(path: Path) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in examine(path).faults]


def refuses_to_open(path: Path, words: str) -> None:
    for use in (open_ledger, open_reader):
        with pytest.raises(LedgerDamaged, match=words):
            use(path)


def test_a_removed_tail_is_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence > 7")
    assert found(path) == [(8, "removed")]
    refuses_to_open(path, "records 8 to 9 are missing from the end")


def test_a_removed_tail_is_found_by_the_counter_without_the_head_file(path: Path) -> None:
    write(path, 2)
    head_path(path).unlink()
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence = 2")
    assert found(path) == [(2, "removed")]


def test_a_removed_tail_is_found_by_the_head_file_without_the_counter(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence > 7")
        database.execute("UPDATE sqlite_sequence SET seq = 7")
    assert found(path) == [(8, "removed")]


def test_a_counter_that_was_set_back_is_a_fault(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("UPDATE sqlite_sequence SET seq = 7")
    assert found(path) == [(None, "removed")]


def test_all_records_removed_is_a_fault(path: Path) -> None:
    write(path, 3)
    with tampering(path) as database:
        database.execute("DELETE FROM record")
    assert found(path) == [(1, "removed")]


def test_an_index_that_names_another_record_is_never_believed(path: Path) -> None:
    write(path, 4)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'process, repository', 'repository, process')"
            " WHERE type = 'index'"
        )
        database.commit()
    with open_reader(path) as reader, pytest.raises(LedgerDamaged, match="names a record that is not there"):
        reader.newest(DrillRecord, process="primary", repository="orders")


def numbers(found: list[DrillRecord]) -> list[int]:
    return [record.total_files for record in found]


def test_names_that_are_no_text_come_back_unchanged(path: Path) -> None:
    body = replace(drill(1), process="m\udcfcsli\n", cursor="srv/\udcff/\x00", statement='"\\')
    with open_ledger(path) as ledger:
        ledger.append(body, NOW)
        assert ledger.newest(DrillRecord, process="m\udcfcsli\n") == [body]


def test_every_filter_works_with_and_without_the_others(path: Path) -> None:
    with open_ledger(path) as ledger:
        for number in range(48):
            body = drill(
                number, ("orders", "shop", "büro")[number % 3], ("passed", "failed")[number // 3 % 2]
            )
            ledger.append(replace(body, repository=("primary", "b")[number // 6 % 2]), NOW)
        for process in ("", "orders", "büro"):
            for repository in ("", "b"):
                for outcome in ("", "failed", "not_tested"):
                    found = ledger.newest(
                        DrillRecord, process=process, repository=repository, outcome=outcome, limit=7
                    )
                    expected = [
                        entry.body
                        for entry in ledger.entries()
                        if isinstance(entry.body, DrillRecord)
                        and process in ("", entry.body.process)
                        and repository in ("", entry.body.repository)
                        and outcome in ("", entry.body.outcome)
                    ]
                    assert found == expected[::-1][:7]


def test_the_newest_record_takes_no_more_work_in_a_long_ledger(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(0, outcome="failed"), NOW)
        short = work_of_newest(ledger)
        ledger._database.execute("BEGIN")
        fill(ledger._database, 20_000)
        ledger._database.execute("COMMIT")
        assert work_of_newest(ledger) < short + 500


def fill(database: sqlite3.Connection, count: int) -> None:
    """Rows that are quick to write and never read as records."""
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ?)"
        " INSERT INTO record SELECT i, '', 'drill', 'orders', 'primary', 'passed', '', '', '' FROM n",
        (count,),
    )


def work_of_newest(ledger: SqliteLedger) -> int:
    """Steps of SQLite's virtual machine, which no busy machine can make more of."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    ledger._database.set_progress_handler(count, 1)
    assert numbers(ledger.newest(DrillRecord, outcome="failed")) == [0]
    assert numbers(ledger.newest(DrillRecord, process="orders", outcome="failed")) == [0]
    ledger._database.set_progress_handler(None, 0)
    return steps


# ---- the rows themselves --------------------------------------------------------------------


def stored_at(path: Path, *hours: int) -> sqlite3.Connection:
    """A connection to a ledger with one drill so many hours after noon each."""
    with open_ledger(path) as ledger:
        for hour in hours:
            ledger.append(drill(hour), NOW + timedelta(hours=hour))
    return connect_for_reading(path)


@pytest.mark.parametrize(("hour", "number"), [(-1, 1), (0, 1), (1, 2), (3.5, 4), (4, 4), (9, 5)])
def test_the_first_record_since_a_moment_is_found_by_halving(path: Path, hour: float, number: int) -> None:
    with closing(stored_at(path, 0, 1, 3, 4)) as database:
        moment = (NOW + timedelta(hours=hour)).isoformat()
        assert first_since(database, moment) == number


def test_streams_hop_from_label_to_label(path: Path) -> None:
    with open_ledger(path) as ledger:
        for process, outcome in (("b", "passed"), ("a", "failed"), ("b", "failed"), ("b", "passed")):
            ledger.append(drill(1, process, outcome), NOW)  # type: ignore[arg-type]
    with closing(connect_for_reading(path)) as database:
        every = list(streams(database, ("", "", ""), ("drill",)))
        assert every == [
            ("drill", "a", "primary", "failed"),
            ("drill", "b", "primary", "failed"),
            ("drill", "b", "primary", "passed"),
        ]
        assert list(streams(database, ("b", "", "passed"), ("drill",))) == every[2:]
        assert list(streams(database, ("c", "", ""), ("drill",))) == []


def test_the_highest_the_lowest_and_those_before_are_found_within_a_stream(path: Path) -> None:
    write(path, 4)
    stream = ("drill", "orders", "primary", "passed")
    with closing(connect_for_reading(path)) as database:
        assert newest_numbers(database, stream, 2) == [4, 3]
        assert oldest_number(database, stream) == 1
        assert (newest_before(database, stream, 3), newest_before(database, stream, 1)) == ([2], [])


def test_a_label_is_stored_as_json_escapes_it() -> None:
    assert as_column('a"\udcff\n') == r"a\"\udcff\n"
