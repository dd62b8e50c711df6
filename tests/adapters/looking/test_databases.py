"""What is asked of a database is answered, also of one that nobody should trust."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking.databases import LONGEST, MOST_COMPLAINTS, answer
from support.builders.databases import make_orders


def asked(database: Path, **question: object) -> dict[str, object]:
    handle = os.open(database, os.O_RDONLY)
    try:
        return answer(question, [handle])
    finally:
        os.close(handle)


def test_one_in_wal_mode_is_read_from_its_image(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3, journal="wal")
    assert asked(database, rows=True)["rows"] == {"customers": 1, "orders": 3}
    assert os.listdir(tmp_path) == ["orders.db"]


def test_what_lies_beside_it_is_played_back_in_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = make_orders(tmp_path / "live" / "orders.db", rows=3, journal="wal")
    with closing(sqlite3.connect(database, isolation_level=None)) as application:
        application.execute("INSERT INTO customers VALUES (2, 'another')")
        for ending in ("", "-wal"):
            (tmp_path / f"database{ending}").write_bytes(Path(f"{database}{ending}").read_bytes())
    question = {"check": True, "rows": True, "recover": True, "options": "mode=rw"}
    assert answer(question, []) == {"faults": [], "rows": {"customers": 2, "orders": 3}}
    assert sorted(os.listdir(tmp_path)) == ["database", "live"]
    assert (tmp_path / "database").read_bytes()[18:20] == b"\1\1"


def test_no_other_file_is_attached_and_nothing_is_written(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    for query in (f"ATTACH '{tmp_path}/other.db' AS other", "VACUUM INTO 'copy.db'", "DELETE FROM orders"):
        with pytest.raises(sqlite3.Error):
            asked(database, query=query)
    assert os.listdir(tmp_path) == ["orders.db"]


def test_words_are_bounded_and_bytes_are_words(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    assert asked(database, query="SELECT hex(zeroblob(9999))") == {"value": "0" * LONGEST}
    assert asked(database, query="SELECT x'41ff'") == {"value": "A\udcff"}
    assert asked(database, query="SELECT 1 WHERE 0") == {"value": None}


def test_rows_that_break_a_condition_hide_no_damage_behind_them(tmp_path: Path) -> None:
    database = tmp_path / "orders.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as application:
        application.executescript(
            "CREATE TABLE u (n, m); CREATE INDEX of_u ON u(n); CREATE TABLE t (n CHECK (n > 0));"
            "INSERT INTO u VALUES (1, 2); PRAGMA ignore_check_constraints=ON; PRAGMA writable_schema=ON;"
            "UPDATE sqlite_master SET sql='CREATE INDEX of_u ON u(m)' WHERE name='of_u'"
        )
        application.executemany("INSERT INTO t VALUES (?)", [(-1,)] * MOST_COMPLAINTS)
    assert asked(database, check=True)["faults"] == ["row 1 missing from index of_u"]
    with closing(sqlite3.connect(database, isolation_level=None)) as application:
        application.execute("REINDEX")
    assert asked(database, check=True)["faults"] == ["CHECK constraint failed in t"] * MOST_COMPLAINTS


def test_a_table_of_hostile_names_is_counted(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "odd.db", isolation_level=None)) as connection:
        connection.execute('CREATE TABLE "x"" FROM sqlite_master; --\x1b]0;"(x)')
    assert asked(tmp_path / "odd.db", rows=True)["rows"] == {'x" FROM sqlite_master; --\x1b]0;': 0}
