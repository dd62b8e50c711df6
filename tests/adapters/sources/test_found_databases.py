"""Live databases that no proof names are copied; what keeps one from being copied is said, and no error."""

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.looking import session
from agent.adapters.looking.session import Look
from agent.adapters.looking.starting import NotLooked
from agent.adapters.sources import found_databases
from agent.adapters.sources.found_databases import FoundDatabases
from agent.adapters.sqlite.live import JOURNAL
from agent.core.kinds.kinds import Database
from agent.core.snapshot.live_databases import Copied
from support.builders.databases import make_orders
from support.builders.ledger_records import mounted
from support.builders.live_files import scan


class Business:
    def __init__(self, base: Path, look: Look) -> None:
        self.look = look
        self.database = make_orders(base / "srv" / "app.db", rows=3)
        self.carried = base / "state" / "carried" / "orders"
        self.carried.mkdir(parents=True)

    def copy(
        self, *named: str, moved: bool = True, before: Copied | None = None, known: Collection[str] = ()
    ) -> Copied:
        size = self.database.stat().st_size if self.database.exists() else 0
        seen = scan(databases=(Database(os.fsencode(self.database)[1:], size, moved),))
        found = FoundDatabases(self.carried / "databases", self.carried, named, self.look)
        return found.copy(seen, before.tables if before else (), known)

    def former(self) -> tuple[tuple[str, str], ...]:
        return self.copied().former

    def copied(self) -> Copied:
        found = FoundDatabases(self.carried / "databases", self.carried, (), self.look)
        return found.copy(scan(), (), [str(self.database), "/srv/gone.db"])

    def copies(self) -> list[str]:
        return sorted(file.name for file in self.carried.parent.rglob("*found-*"))


@pytest.fixture
def business(tmp_path: Path, look: Look) -> Business:
    return Business(tmp_path, look)


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


def test_half_a_copy_that_a_release_before_left_goes_too(business: Business) -> None:
    half = business.carried / "databases" / ".copy-abc"
    half.mkdir(parents=True)
    (half / "copy").touch()
    business.copy()
    assert not half.exists()


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


def test_a_live_one_that_nobody_can_look_into_is_one_of_which_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> None:
        raise NotLooked("there is nobody to look into it", "Run: systemctl start it")

    monkeypatch.setattr(session, "start", nobody)
    with closing(Look(tmp_path / "nobody")) as unstarted:
        [unseen] = Business(tmp_path, unstarted).copy().uncopied
    assert (unseen.is_unseen, unseen.hint) == (True, "Run: systemctl start it")
    assert "there is nobody to look into it" in unseen.why


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_small_disk_of_the_state_has_room_for_copies_and_what_is_missing_is_said(
    tmp_path: Path, look: Look, as_root: None, journal: str
) -> None:
    with mounted(tmp_path / "state", "size=8m") as state, closing(Look(state / "look")) as there:
        business = Business(tmp_path, there)
        with closing(sqlite3.connect(business.database)) as application:
            application.execute(f"PRAGMA journal_mode={journal}")
            application.execute("CREATE TABLE more AS SELECT randomblob(1 << 20)")
            application.commit()
            assert len(business.copy().tables) == 1
            (state / "ballast").write_bytes(b"x" * (6 << 20))
            application.execute("INSERT INTO more VALUES (1)")
            application.commit()
            [full] = business.copy().uncopied
        needed = "1.0 MiB" if journal == "delete" else "2.1 MiB"
        assert full.why.startswith(
            f"it has no room for a copy below {state / 'look'}: it takes {needed}, and "
        )
        assert full.why.endswith(" are free")
        assert full.hint.startswith("Make room on the disk of the state")
        (state / "ballast").unlink()


def test_time_is_limited(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_databases, "MOST_SECONDS", 0.0)
    [late] = business.copy().uncopied
    assert "all of the time" in late.why


def test_what_was_a_database_is_told_while_there_is_a_file_and_nothing_to_play_back(
    business: Business,
) -> None:
    assert business.former() == ()  # the scan left it out, and it is one
    business.database.write_bytes(b"")
    assert business.former() == ((str(business.database), "is empty now"),)
    business.database.write_bytes(b"a letter")
    assert business.former() == ((str(business.database), "does not begin as one any more"),)
    log, journal = (business.database.with_name(f"app.db-{ending}") for ending in ("wal", "journal"))
    log.write_bytes(b"\x37\x7f\x06\x82" + bytes(28))
    [(path, why)] = business.copied().behind_logs
    assert business.former() == (), "its beginning may be in there"
    assert path == str(business.database)
    assert why.startswith("does not begin as one any more, and whether the log or journal")
    log.write_bytes(b"encrypted, as the database is")
    journal.write_bytes(JOURNAL + bytes(504))
    assert (len(business.copied().behind_logs), business.former()) == (1, ())
    journal.write_bytes(bytes(512))  # as it is left where journals persist
    assert (len(business.former()), business.copied().behind_logs) == (1, ())
    business.database.unlink()
    assert business.former() == ()


@pytest.mark.parametrize("moved", [True, False])
def test_values_that_should_not_be_there_hide_no_damage(business: Business, moved: bool) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("CREATE TABLE checked (n CHECK (n > 0))")
        application.execute("PRAGMA ignore_check_constraints=ON")
        application.execute("INSERT INTO checked VALUES (0), (0), (0), (0)")
    odd = business.copy(moved=moved)
    assert not any(each.is_damaged for each in odd.uncopied)
    content = business.database.read_bytes()
    at = content.rindex(f"{1:0200}".encode())  # in the index, or in the table
    business.database.write_bytes(content[:at] + b"9" + content[at + 1 :])
    [damaged] = business.copy(moved=moved).uncopied
    assert damaged.is_damaged


@pytest.mark.parametrize("moved", [True, False])
def test_a_schema_that_was_understood_and_is_nonsense_now_is_damage(business: Business, moved: bool) -> None:
    content = business.database.read_bytes()
    business.database.write_bytes(content.replace(b"TABLE orders(", b"TABLE orders|"))
    known = business.copy(moved=moved, known=[str(business.database)])
    [(path, why)] = known.former
    assert (path, known.uncopied) == (str(business.database), ())
    assert why.startswith("SQLite cannot open it any more: malformed database schema (orders)")
    assert business.copy(moved=moved).former == (), "an extension may have written it"


def test_a_schema_that_our_sqlite_is_too_old_for_is_no_damage_but_told_where_it_was_read_before(
    business: Business,
) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("PRAGMA writable_schema=ON")
        application.execute(
            "UPDATE sqlite_master SET sql='CREATE TABLE orders (n) LATER' WHERE name='orders'"
        )
        application.execute("DELETE FROM sqlite_master WHERE name='by_text'")
    strange = business.copy(moved=False, known=[str(business.database)])
    assert strange.former == ()
    [unseen] = strange.uncopied
    assert (unseen.path, unseen.is_unseen, unseen.is_damaged) == (
        os.fsencode(business.database)[1:],
        True,
        False,
    )
    assert unseen.why.startswith("SQLite could read it within the last four weeks, and cannot any more: ")
    assert business.copy(moved=False).uncopied == (), "nobody ever read it"


def test_a_log_counts_for_what_is_too_large(business: Business) -> None:
    with closing(sqlite3.connect(business.database, isolation_level=None)) as application:
        application.execute("PRAGMA journal_mode=WAL")
    with business.database.with_name("app.db-wal").open("wb") as log:
        log.truncate(3 << 30)
    [large] = business.copy().uncopied
    assert large.why == "it has 3.0 GiB with its log, and at most 2.0 GiB are copied"
