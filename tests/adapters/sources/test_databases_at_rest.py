"""Databases that stand still are read where they lie, once, and nothing is left beside them."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sources import databases_at_rest
from agent.adapters.sources.databases_at_rest import AtRest
from agent.core.kinds.kinds import Database
from agent.core.model.snapshots import DatabaseNote
from agent.core.snapshot.live_databases import Uncopied
from support.builders.databases import make_orders


class Business:
    def __init__(self, base: Path) -> None:
        self.database = make_orders(base / "srv" / "app.db", rows=300)
        self.carried = base / "carried" / "orders"
        self.carried.mkdir(parents=True)
        self.age()

    def age(self) -> None:
        long_ago = time.time_ns() - 10**12 + self.database.stat().st_size
        os.utime(self.database, ns=(long_ago, long_ago))

    def read(self) -> tuple[tuple[DatabaseNote, ...], tuple[Uncopied, ...]]:
        size = self.database.stat().st_size
        return AtRest(self.carried).read([Database(os.fsencode(self.database)[1:], size)])

    def tear(self) -> None:
        with self.database.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(8192))
        os.utime(self.database, (1_600_000_000, 1_600_000_000))


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return Business(tmp_path)


def test_rows_are_counted_and_nothing_is_left_beside_it(business: Business) -> None:
    with closing(sqlite3.connect(business.database)) as application:
        application.execute("PRAGMA journal_mode=WAL")
    before = sorted(business.database.parent.iterdir())
    [known], damaged = business.read()
    assert (known.path, known.rows) == (str(business.database), {"customers": 1, "orders": 300})
    assert damaged == ()
    assert sorted(business.database.parent.iterdir()) == before


def test_a_damaged_one_is_told_each_time_and_is_read_once(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.tear()
    first = business.read()
    assert (first[0], [each.is_damaged for each in first[1]]) == ((), [True])
    monkeypatch.setattr(databases_at_rest, "look_at", None)
    assert business.read() == first


def test_a_changed_one_is_read_again(business: Business) -> None:
    business.read()
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("DELETE FROM orders")
    [known], _ = business.read()
    assert known.rows["orders"] == 0


def test_nothing_is_known_of_what_is_not_read_in_time_or_has_a_log(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = business.database.with_name("app.db-journal")
    journal.write_bytes(b"half of a change")
    assert business.read() == ((), ())
    journal.unlink()
    monkeypatch.setattr(databases_at_rest, "MOST_SECONDS", 0.0)
    assert business.read() == ((), ())


def test_values_that_a_column_should_not_have_are_no_damage(business: Business) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("CREATE TABLE notes (text)")
        application.execute("INSERT INTO notes VALUES (NULL)")
        application.execute("PRAGMA writable_schema=ON")
        application.execute(
            "UPDATE sqlite_master SET sql='CREATE TABLE notes (text NOT NULL)' WHERE name='notes'"
        )
    [known], damaged = business.read()
    assert (known.rows["notes"], damaged) == (1, ())


def test_a_schema_of_a_newer_sqlite_is_no_damage(business: Business) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("PRAGMA writable_schema=ON")
        application.execute(
            "UPDATE sqlite_master SET sql='CREATE TABLE orders (n) LATER' WHERE name='orders'"
        )
    assert business.read() == ((), ())


def test_notes_that_cannot_be_read_are_made_anew(business: Business) -> None:
    business.read()
    [notes] = business.carried.parent.glob("*.note")
    notes.write_bytes(b"[")
    assert len(business.read()[0]) == 1
