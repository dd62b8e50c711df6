"""Live databases that no proof names are copied; what keeps one from being copied is said, and no error."""

import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sources import found_databases
from agent.adapters.sources.found_databases import FoundDatabases
from agent.core.kinds.kinds import Database
from agent.core.snapshot.live_databases import Copied
from support.builders.databases import make_orders
from support.builders.live_files import scan


class Business:
    def __init__(self, base: Path) -> None:
        self.database = make_orders(base / "srv" / "app.db", rows=3)
        self.carried = base / "state" / "carried" / "orders"
        self.carried.mkdir(parents=True)

    def copy(self, *named: str, moved: bool = True, before: Copied | None = None) -> Copied:
        size = self.database.stat().st_size if self.database.exists() else 0
        seen = scan(databases=(Database(os.fsencode(self.database)[1:], size, moved),))
        found = FoundDatabases(self.carried / "databases", self.carried, named)
        return found.copy(seen, before.tables if before else ())

    def former(self) -> tuple[tuple[str, str], ...]:
        found = FoundDatabases(self.carried / "databases", self.carried, ())
        return found.copy(scan(), (), [str(self.database), "/srv/gone.db"]).former

    def copies(self) -> list[str]:
        return sorted(file.name for file in self.carried.parent.rglob("*found-*"))


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return Business(tmp_path)


def test_a_copy_stands_for_its_database_with_its_rows(business: Business) -> None:
    copied = business.copy()
    [table] = copied.tables
    assert (table.database, table.found) == (str(business.database), True)
    assert table.rows == {"customers": 1, "orders": 3}
    with closing(sqlite3.connect(business.carried / "databases" / table.copy)) as copy:
        assert copy.execute("SELECT count(*) FROM orders").fetchone() == (3,)


def test_a_database_without_a_table_is_copied_too(business: Business) -> None:
    business.database.unlink()
    with closing(sqlite3.connect(business.database)) as empty:
        empty.execute("PRAGMA user_version=3")
    [table] = business.copy().tables
    assert table.rows == {}


def test_a_database_that_is_named_through_a_link_is_copied_once(business: Business, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(business.database)
    assert business.copy(str(tmp_path / "link")) == Copied(
        named=frozenset({os.fsencode(business.database)[1:]})
    )


def test_copies_go_with_what_they_are_copies_of(business: Business) -> None:
    before = business.copy()
    assert business.copies()
    assert business.copy(moved=False, before=before).tables == before.tables
    business.copy(moved=False)
    assert business.copies() == []


def test_a_log_beside_it_makes_it_a_live_one(business: Business) -> None:
    assert business.copy(moved=False).tables == ()
    business.database.with_name("app.db-journal").write_bytes(b"")
    assert business.copy(moved=False).tables == ()
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("PRAGMA journal_mode=WAL")
        application.execute("INSERT INTO customers DEFAULT VALUES")
        assert len(business.copy(moved=False).tables) == 1


def test_a_locked_a_damaged_and_a_hidden_database_are_told_and_nothing_is_raised(
    business: Business, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(found_databases, "PATIENCE", 0.2)
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("BEGIN EXCLUSIVE")
        [locked] = business.copy().uncopied
    assert "could not be copied within" in locked.why
    business.database.write_bytes(business.database.read_bytes()[:5000])
    [damaged] = business.copy().uncopied
    assert damaged.is_damaged
    assert not locked.is_damaged
    business.database.parent.rename(tmp_path / "elsewhere")
    (tmp_path / "srv").symlink_to(tmp_path / "elsewhere")
    [linked] = business.copy().uncopied
    assert linked.why == "links lead to it"


def test_the_state_s_disk_is_never_filled_and_time_is_limited(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(1 << 20))
    [full] = business.copy().uncopied
    assert "too little room" in full.why
    monkeypatch.setattr(found_databases, "MOST_SECONDS", 0.0)
    [late] = business.copy().uncopied
    assert "all of the time" in late.why


def test_what_was_a_database_is_told_while_there_is_a_file_and_no_log_beside_it(business: Business) -> None:
    assert business.former() == ()  # the scan left it out, and it is one
    business.database.write_bytes(b"")
    assert business.former() == ((str(business.database), "is empty now"),)
    business.database.write_bytes(b"a letter")
    assert business.former() == ((str(business.database), "does not begin as one any more"),)
    business.database.with_name("app.db-wal").write_bytes(b"log")
    assert business.former() == ()
