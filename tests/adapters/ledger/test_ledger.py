"""The ledger as the operations use it."""

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.ledger import SqliteLedger, open_ledger, open_reader
from agent.core.model.chain import GENESIS
from agent.core.model.records import DrillRecord, RepositoryRecord, SnapshotRecord
from support.builders.ledger_records import NOW, REPOSITORY, bodies, drill, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def numbers(found: list[DrillRecord]) -> list[int]:
    return [record.total_files for record in found]


def test_a_missing_ledger_reads_as_empty_and_is_not_made(path: Path) -> None:
    reader = open_reader(path)
    assert (reader.head(), list(reader.entries()), reader.newest(DrillRecord)) == ((0, GENESIS), [], [])
    assert not path.exists()


def test_a_new_ledger_is_empty_and_private(path: Path) -> None:
    with open_ledger(path) as ledger:
        assert ledger.head() == (0, GENESIS)
        ledger.append(drill(1), NOW)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}


def test_appended_records_come_back_in_order(path: Path) -> None:
    with open_ledger(path) as ledger:
        appended = [ledger.append(drill(number), NOW + timedelta(seconds=number)) for number in range(5)]
        assert list(ledger.entries()) == appended
        assert ledger.head() == (5, appended[-1].hash)
    with open_reader(path) as reader:
        assert list(reader.entries()) == appended


def test_names_that_are_no_text_come_back_unchanged(path: Path) -> None:
    body = replace(drill(1), process="m\udcfcsli\n", cursor="srv/\udcff/\x00", statement='"\\')
    with open_ledger(path) as ledger:
        ledger.append(body, NOW)
        assert ledger.newest(DrillRecord, process="m\udcfcsli\n") == [body]


def test_the_newest_come_first_and_only_as_many_as_asked_for(path: Path) -> None:
    write(path, 9)
    with open_reader(path) as reader:
        assert numbers(reader.newest(DrillRecord)) == [9]
        assert numbers(reader.newest(DrillRecord, limit=3)) == [9, 8, 7]
        assert numbers(reader.newest(DrillRecord, limit=50)) == list(range(9, 0, -1))


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


def test_kinds_do_not_mix(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(1), NOW)
        ledger.append(REPOSITORY, NOW)
        assert ledger.newest(RepositoryRecord, repository="primary") == [REPOSITORY]
        assert ledger.newest(SnapshotRecord) == []


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


def test_a_reader_sees_what_a_writer_appends_meanwhile(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(1), NOW)
        with open_reader(path) as reader:
            ledger.append(drill(2), NOW)
            assert numbers(reader.newest(DrillRecord)) == [2]


def test_a_reader_in_the_middle_of_the_records_does_not_stop_a_writer(path: Path) -> None:
    write(path, 3)
    with open_ledger(path) as ledger, open_reader(path) as reader:
        entries = reader.entries()
        next(entries)
        ledger.append(drill(4), NOW)
        assert len(list(entries)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET outcome = 'passed' WHERE sequence = 2",
        "DELETE FROM record WHERE sequence = 3",
        "INSERT OR REPLACE INTO record SELECT * FROM record WHERE sequence = 2",
        "INSERT INTO record VALUES (9, '', '', '', '', '', '', '', '')",
    ],
)
def test_the_database_itself_refuses_everything_but_appending(path: Path, statement: str) -> None:
    write(path, 3)
    database = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(statement)
    database.close()
    assert examine(path).faults == ()


def test_two_ledgers_of_one_file_share_one_chain(path: Path) -> None:
    with open_ledger(path) as one, open_ledger(path) as two:
        for number in range(4):
            (one, two)[number % 2].append(drill(number), NOW)
    assert [body.total_files for body in bodies(path) if isinstance(body, DrillRecord)] == [0, 1, 2, 3]
    assert examine(path).faults == ()
