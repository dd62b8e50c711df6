"""Databases that may be damaged or hostile are read without a trace and in bounded time."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking.session import Answer, Look
from agent.adapters.sqlite import reading
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    NeedsItsApplication,
    SqliteDatabases,
    complaints,
    count_rows,
    look_at,
    translated,
)
from agent.core.drill.proofs import Judgement, Soundness
from support.builders.databases import DAMAGES, WAITS, application, damage, make_orders, seen_in


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_restored_database_is_named_faulty(look: Look, tmp_path: Path, kind: str) -> None:
    database = make_orders(tmp_path / "orders.db")
    damage(kind, database)
    assert SqliteDatabases(look).examine(database).faults


def test_each_complaint_is_one_line() -> None:
    """SQLite says several in one, below a heading: "*** in database main ***\\x0aTree 3 ..." was shown."""
    said = Answer(
        faults=("*** in database main ***\nTree 3 page 3: bad\nPage 4: never used", "row 1 missing")
    )
    assert complaints(said) == ("Tree 3 page 3: bad", "Page 4: never used", "row 1 missing")
    assert complaints(Answer(faults=("*** in database main ***",))) == ("*** in database main ***",)
    assert "x0a" not in translated(Answer(error="malformed\nschema"), Path("a.db")).message


def test_a_database_without_a_table_is_faulty(look: Look, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection:
        connection.execute("PRAGMA user_version = 3")
        connection.commit()
    with pytest.raises(DatabaseUnusable, match="holds no table"):
        count_rows(look, tmp_path / "empty.db")
    assert SqliteDatabases(look).examine(tmp_path / "empty.db").faults == ("the file holds no table",)


def test_a_copy_that_nobody_named_may_be_empty_and_hold_orphans_but_not_be_damaged(
    look: Look, tmp_path: Path
) -> None:
    database = make_orders(tmp_path / "orders.db")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM customers")
    assert SqliteDatabases(look).examine(database).faults
    assert SqliteDatabases(look).examine_copy(database).faults == ()
    with closing(sqlite3.connect(tmp_path / "empty.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 3")
    assert SqliteDatabases(look).examine_copy(tmp_path / "empty.db").faults == ()
    damage(next(iter(DAMAGES)), database)
    assert SqliteDatabases(look).examine_copy(database).faults


def test_a_row_without_its_parent_is_a_fault(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM customers")
    faults = SqliteDatabases(look).examine(database).faults
    assert faults[0] == "row 0 of orders refers to a missing row of customers"


def test_an_index_that_needs_the_application_is_no_fault(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.create_collation("spoken", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE INDEX spoken ON orders(text COLLATE spoken)")
    assert SqliteDatabases(look).examine(database).faults == ()


ONE = "; INSERT INTO t(x) VALUES ('a@b')"
OWN = {
    "a check": "CREATE TABLE t (x, y CHECK (f(x) > 0))",
    "a regular expression": "CREATE TABLE t (x CHECK (x REGEXP '^.+@.+$'))",
    "an index": "CREATE TABLE t (x, y); CREATE INDEX i ON t(f(y))",
    "a part": "CREATE TABLE t (x); CREATE INDEX i ON t(x) WHERE f(x) > 0",
    "a column": "CREATE TABLE t (x, y AS (f(x)) VIRTUAL); CREATE INDEX i ON t(y)",
    "a stored column": "CREATE TABLE t (x, y AS (f(x)) STORED); CREATE INDEX i ON t(f(x))",
    "an order": "CREATE TABLE t (x COLLATE own); CREATE INDEX i ON t(x)",
    "a trigger": "CREATE TABLE t (x); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT f(1); END",
}


def with_own(path: Path, sql: str) -> Path:
    make_orders(path, rows=300)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_collation("own", lambda a, b: (a > b) - (a < b))
        connection.create_function("f", 1, lambda _: 1, deterministic=True)
        connection.create_function("regexp", 2, lambda *_: True, deterministic=True)
        connection.executescript(sql)
    return path


@pytest.mark.parametrize("what", OWN)
def test_what_only_the_application_can_evaluate_is_no_damage_and_the_rest_is_checked(
    look: Look, tmp_path: Path, what: str
) -> None:
    database = with_own(tmp_path / "own.db", OWN[what] + ONE)
    rows = {"customers": 1, "orders": 300, "t": 1}
    assert SqliteDatabases(look).examine(database) == Soundness((), rows)
    assert look_at(look, database, 10) == ((), rows)
    assert count_rows(look, database) == rows
    whole = database.read_bytes()
    database.write_bytes(whole.replace(f"{7:0200}".encode(), f"{8:0200}".encode(), 1))
    assert "missing from index by_text" in SqliteDatabases(look).examine(database).faults[0]
    assert look_at(look, database, 10)[0]


def test_a_damaged_row_of_a_table_with_a_check_of_the_application_s_is_found(
    look: Look, tmp_path: Path
) -> None:
    many = "INSERT INTO t SELECT hex(randomblob(300)), 1 FROM orders"
    database = with_own(tmp_path / "own.db", f"{OWN['a check']}; CREATE INDEX by_x ON t(x); {many}")
    with closing(sqlite3.connect(database)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='by_x'")
    with database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(os.urandom(4096))
    assert SqliteDatabases(look).examine(database).faults
    assert look_at(look, database, 10)[0]


def test_a_table_that_only_the_application_can_read_is_not_tested_and_the_others_are(
    look: Look, tmp_path: Path
) -> None:
    sql = "CREATE TABLE t (x COLLATE own PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('a')"
    database = with_own(tmp_path / "own.db", sql)
    with pytest.raises(
        NeedsItsApplication, match=r"own\.db has tables that only its application can read: t"
    ):
        SqliteDatabases(look).examine(database)
    assert look_at(look, database, 10) == ((), {"customers": 1, "orders": 300})
    assert count_rows(look, database) == {"customers": 1, "orders": 300}
    assert SqliteDatabases(look).examine_copy(database).faults == ()
    whole = database.read_bytes()
    database.write_bytes(whole.replace(f"{7:0200}".encode(), f"{8:0200}".encode(), 1))
    assert "missing from index by_text" in SqliteDatabases(look).examine(database).faults[0]


def test_a_query_with_a_function_of_the_application_s_is_not_tested(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db")
    with pytest.raises(NeedsItsApplication, match=r"orders\.db .* no such function: f"):
        SqliteDatabases(look).newest(database, "SELECT f(max(id)) FROM orders")


def test_odd_table_names_are_counted_and_virtual_tables_by_what_they_store(
    look: Look, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "odd.db", isolation_level=None)) as connection:
        connection.execute('CREATE TABLE "a ""quoted"" name; --"(x)')
        connection.execute("CREATE TABLE kept(x INTEGER PRIMARY KEY AUTOINCREMENT)")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        connection.execute("INSERT INTO words VALUES('one')")
    counted = count_rows(look, tmp_path / "odd.db")
    assert counted['a "quoted" name; --'] == 0
    assert counted["words_content"] == 1
    assert "words" not in counted
    assert "sqlite_sequence" not in counted


def test_examining_leaves_nothing_beside_the_database(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", journal="wal")
    before = seen_in(tmp_path)
    assert SqliteDatabases(look).examine(database).rows == {"customers": 1, "orders": 500}
    assert seen_in(tmp_path) == before


def test_the_newest_value_comes_from_the_users_query(look: Look, tmp_path: Path) -> None:
    assert SqliteDatabases(look).newest(make_orders(tmp_path / "o.db"), "SELECT max(id) FROM orders") == 499


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM orders", "ATTACH 'other.db' AS other", "SELECT load_extension('x')", "SELECT nonsense"],
)
def test_a_query_can_only_read_its_own_database(look: Look, tmp_path: Path, query: str) -> None:
    database = make_orders(tmp_path / "o.db")
    before = database.read_bytes()
    judged = SqliteDatabases(look).newest(database, query)
    assert isinstance(judged, Judgement)
    assert judged.outcome == "failed"
    assert database.read_bytes() == before
    assert os.listdir(tmp_path) == ["o.db"]


def test_an_endless_query_is_ended(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.adapters.sqlite.reading.QUERY_SECONDS", 0.3)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with pytest.raises(DatabaseUnread):
        SqliteDatabases(look).newest(make_orders(tmp_path / "o.db"), endless)


@pytest.fixture
def nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every database is too large to be handed over as it is."""
    monkeypatch.setattr(reading, "IN_MEMORY", 0)


@pytest.mark.usefixtures("nothing_fits")
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_large_database_is_read_where_it_lies(look: Look, tmp_path: Path, journal: str) -> None:
    database = make_orders(tmp_path / "orders.db", journal=journal)
    database.chmod(0o600)
    before = seen_in(tmp_path)
    assert SqliteDatabases(look).examine(database).rows == {"customers": 1, "orders": 500}
    assert SqliteDatabases(look).newest(database, "SELECT max(id) FROM orders") == 499
    assert look_at(look, database, 30) == ((), {"customers": 1, "orders": 500})
    assert seen_in(tmp_path) == before


@pytest.mark.usefixtures("nothing_fits")
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_large_damaged_one_is_named_faulty(look: Look, tmp_path: Path, kind: str) -> None:
    database = make_orders(tmp_path / "orders.db")
    damage(kind, database)
    assert SqliteDatabases(look).examine(database).faults


@pytest.mark.usefixtures("nothing_fits", "as_root")
def test_a_large_one_of_another_user_is_that_user_s_afterwards(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db")
    os.chown(database, 1234, 2345)
    database.chmod(0o640)
    assert SqliteDatabases(look).examine(database).rows
    status = database.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_nlink) == (1234, 2345, 0o640, 1)


@pytest.mark.parametrize("in_memory", [0, reading.IN_MEMORY])
def test_what_is_in_the_log_beside_a_restored_database_counts(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(reading, "IN_MEMORY", in_memory)
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS):
        shutil.copytree(source.parent, tmp_path / "tree")
    (tmp_path / "tree" / "orders.db-shm").unlink()
    before = seen_in(tmp_path / "tree")
    assert SqliteDatabases(look).examine(tmp_path / "tree" / "orders.db").rows["customers"] == 2
    assert seen_in(tmp_path / "tree") == before


@pytest.mark.usefixtures("nothing_fits")
def test_a_large_one_of_others_that_cannot_be_copied_in_time_or_has_no_room_is_not_read(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_orders(tmp_path / "orders.db")
    with pytest.raises(DatabaseUnread, match="in time"):
        look_at(look, database, -1)
    monkeypatch.setattr(os, "fstatvfs", lambda _: os.statvfs_result((4096, 4096, 9, 9, 1, 9, 9, 9, 0, 255)))
    with pytest.raises(OSError, match="it takes"):
        look_at(look, database, 30)
    assert os.listdir(look.place / "room") == []
