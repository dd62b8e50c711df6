"""Databases that may be damaged or hostile are read without a trace and in bounded time."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    SqliteDatabases,
    count_rows,
)
from agent.core.drill.proofs import Judgement
from support.builders.databases import DAMAGES, damage, make_orders, seen_in


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_restored_database_is_named_faulty(tmp_path: Path, kind: str) -> None:
    database = make_orders(tmp_path / "orders.db")
    damage(kind, database)
    assert SqliteDatabases().examine(database).faults


def test_a_database_without_a_table_is_faulty(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection:
        connection.execute("PRAGMA user_version = 3")
        connection.commit()
    with pytest.raises(DatabaseUnusable, match="holds no table"):
        count_rows(tmp_path / "empty.db")
    assert SqliteDatabases().examine(tmp_path / "empty.db").faults == ("the file holds no table",)


def test_a_copy_that_nobody_named_may_be_empty_and_hold_orphans_but_not_be_damaged(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM customers")
    assert SqliteDatabases().examine(database).faults
    assert SqliteDatabases().examine_copy(database).faults == ()
    with closing(sqlite3.connect(tmp_path / "empty.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 3")
    assert SqliteDatabases().examine_copy(tmp_path / "empty.db").faults == ()
    damage(next(iter(DAMAGES)), database)
    assert SqliteDatabases().examine_copy(database).faults


def test_a_row_without_its_parent_is_a_fault(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM customers")
    faults = SqliteDatabases().examine(database).faults
    assert faults[0] == "row 0 of orders refers to a missing row of customers"


def test_an_index_that_needs_the_application_is_no_fault(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.create_collation("spoken", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE INDEX spoken ON orders(text COLLATE spoken)")
    assert SqliteDatabases().examine(database).faults == ()


def test_odd_table_names_are_counted_and_virtual_tables_by_what_they_store(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "odd.db", isolation_level=None)) as connection:
        connection.execute('CREATE TABLE "a ""quoted"" name; --"(x)')
        connection.execute("CREATE TABLE kept(x INTEGER PRIMARY KEY AUTOINCREMENT)")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        connection.execute("INSERT INTO words VALUES('one')")
    counted = count_rows(tmp_path / "odd.db")
    assert counted['a "quoted" name; --'] == 0
    assert counted["words_content"] == 1
    assert "words" not in counted
    assert "sqlite_sequence" not in counted


def test_examining_leaves_nothing_beside_the_database(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", journal="wal")
    before = seen_in(tmp_path)
    assert SqliteDatabases().examine(database).rows == {"customers": 1, "orders": 500}
    assert seen_in(tmp_path) == before


def test_the_newest_value_comes_from_the_users_query(tmp_path: Path) -> None:
    assert SqliteDatabases().newest(make_orders(tmp_path / "o.db"), "SELECT max(id) FROM orders") == 499


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM orders", "ATTACH 'other.db' AS other", "SELECT load_extension('x')", "SELECT nonsense"],
)
def test_a_query_can_only_read_its_own_database(tmp_path: Path, query: str) -> None:
    database = make_orders(tmp_path / "o.db")
    before = database.read_bytes()
    judged = SqliteDatabases().newest(database, query)
    assert isinstance(judged, Judgement)
    assert judged.outcome == "failed"
    assert database.read_bytes() == before
    assert os.listdir(tmp_path) == ["o.db"]


def test_an_endless_query_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.adapters.sqlite.reading.QUERY_SECONDS", 0.3)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with pytest.raises(DatabaseUnread):
        SqliteDatabases().newest(make_orders(tmp_path / "o.db"), endless)
