"""A whole ledger is verified: what was altered, removed, moved or damaged is named."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.head import head_path
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.errors import LedgerDamaged, ReadinessError, StateError
from support.builders.ledger_records import NOW, drill, tampering, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def found(path: Path) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in examine(path).faults]


def test_an_updated_record_is_the_one_fault(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("UPDATE record SET body = replace(body, 'passed', 'failed') WHERE sequence = 5")
    assert found(path) == [(5, "altered")]


def test_an_updated_outcome_alone_is_found_and_never_believed(path: Path) -> None:
    with open_ledger(path) as ledger:
        for number in range(4):
            ledger.append(drill(number, outcome="failed"), NOW)
    with tampering(path) as database:
        database.execute("UPDATE record SET outcome = 'passed' WHERE sequence = 2")
    assert found(path) == [(2, "altered")]
    with (
        open_reader(path) as reader,
        pytest.raises(LedgerDamaged, match="Record 2 of the ledger was altered"),
    ):
        reader.newest(DrillRecord, outcome="passed")


def test_deleted_records_in_the_middle_are_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence IN (4, 5)")
    assert [fault.message for fault in examine(path).faults] == ["records 4 to 5 are missing"]


def test_swapped_records_are_both_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        for before, after in ((4, -1), (5, 4), (-1, 5)):
            database.execute("UPDATE record SET sequence = ? WHERE sequence = ?", (after, before))
    assert found(path) == [(4, "reordered"), (5, "reordered")]


def test_removed_guards_are_a_fault(path: Path) -> None:
    write(path, 2)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER record_no_update")
    assert found(path) == [(None, "unguarded")]


def test_a_recomputed_chain_is_given_away_by_a_head_that_was_printed(path: Path) -> None:
    printed = write(path, 6)[4]
    assert examine(path, printed[:12]).faults == ()
    path.unlink()
    head_path(path).unlink()
    write(path, 6, start=100)
    assert examine(path).faults == ()
    assert [fault.what for fault in examine(path, printed[:12]).faults] == ["head"]


def test_an_index_that_lost_an_entry_is_a_fault(path: Path) -> None:
    write(path, 4)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = replace(sql, 'kind,', 'at,') WHERE type = 'index'")
        database.commit()
    assert {fault.what for fault in examine(path).faults} == {"unreadable"}


def test_text_that_is_no_text_any_more_is_the_fault_of_its_record(path: Path) -> None:
    write(path, 4)
    with tampering(path) as database:
        database.execute("UPDATE record SET body = CAST(x'7bff7d' AS TEXT) WHERE sequence = 3")
    assert found(path) == [(3, "altered")]


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_never_pass_for_whole_when_a_record_changed(path: Path, seed: int) -> None:
    write(path, 120)
    sound = path.read_bytes()
    records = entries_of(path)
    known = {repr(entry.body) for entry in records}
    choice = random.Random(seed)
    for _ in range(60):
        flipped = bytearray(sound)
        for _ in range(choice.choice((1, 1, 4, 40))):
            flipped[choice.randrange(len(flipped))] ^= choice.randrange(1, 256)
        path.write_bytes(flipped)
        try:
            whole = examine(path).faults == ()
            if whole:
                assert entries_of(path) == records
            with open_reader(path) as reader:
                assert set(map(repr, reader.newest(DrillRecord, limit=3))) <= known
        except ReadinessError as error:
            assert "\n" not in error.message


def test_truncated_files_never_pass_for_whole(path: Path) -> None:
    write(path, 120)
    sound = path.read_bytes()
    for length in (*range(1, 4097, 409), *range(4096, len(sound), 2731)):
        path.write_bytes(sound[:length])
        try:
            assert examine(path).faults != ()
        except ReadinessError as error:
            assert isinstance(error, StateError)


def entries_of(path: Path) -> list[Entry]:
    with open_reader(path) as reader:
        return list(reader.entries())
