"""The ledger's file: made whole or not at all, and what is no ledger is damage in one clear sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.adapters.ledger.schema import connect_for_writing, create, translated
from agent.errors import Busy, LedgerDamaged, StateError
from support.builders.ledger_records import write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def found(path: Path) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in examine(path).faults]


def test_a_kill_while_an_empty_ledger_is_made_leaves_nothing_in_the_way(path: Path) -> None:
    path.with_name("ledger.db.new").write_bytes(b"half")
    write(path, 1)
    assert found(path) == []


def test_an_empty_file_is_damage(path: Path) -> None:
    path.touch()
    refuses(path, r"is empty \(zero bytes\)")
    assert path.stat().st_size == 0


def test_a_file_that_is_no_database_is_damage_and_stays_as_it_is(path: Path) -> None:
    path.write_bytes(b"Dear readiness, " * 300)
    refuses(path, "is damaged: file is not a database")
    assert path.read_bytes() == b"Dear readiness, " * 300


def test_a_database_of_something_else_is_damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url)")
    refuses(path, "is not a ledger of readiness")


def test_a_directory_in_its_place_is_damage(path: Path) -> None:
    path.mkdir()
    refuses(path, "is not a regular file")


def test_a_ledger_of_a_newer_readiness_is_refused_and_not_called_damaged(path: Path) -> None:
    write(path, 1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    for use in (open_ledger, open_reader, examine):
        with pytest.raises(StateError, match="newer readiness") as caught:
            use(path)
        assert not isinstance(caught.value, LedgerDamaged)


def refuses(path: Path, words: str) -> None:
    refuses_to_open(path, words)
    with pytest.raises(LedgerDamaged, match=words):
        examine(path)


def refuses_to_open(path: Path, words: str) -> None:
    for use in (open_ledger, open_reader):
        with pytest.raises(LedgerDamaged, match=words):
            use(path)


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


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("SQLITE_BUSY", Busy, "Another process has been writing"),
        ("SQLITE_FULL", StateError, "is full; nothing was recorded"),
        ("SQLITE_READONLY_DBMOVED", StateError, "is read-only"),
        ("SQLITE_CANTOPEN", StateError, r"cannot be read or written: odd\\x1b"),
        ("SQLITE_CORRUPT_INDEX", LedgerDamaged, r"is damaged: odd\\x1b"),
    ],
)
def test_what_sqlite_says_is_one_clear_sentence(path: Path, code: str, kind: type, says: str) -> None:
    error = sqlite3.OperationalError("odd\x1b")
    error.sqlite_errorname = code
    with pytest.raises(kind, match=says) as found, translated(path):
        raise error
    assert type(found.value) is kind


def test_a_commit_has_reached_the_disk_when_it_returns(path: Path) -> None:
    create(path)
    with closing(connect_for_writing(path)) as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_existing_ledger_is_not_made_again(path: Path) -> None:
    write(path, 3)
    create(path)
    assert found(path) == []
