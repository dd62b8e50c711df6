"""SQLite databases are copied as of one moment, counted and examined, whatever their application does."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.looking.files import copy_bytes
from agent.adapters.looking.session import Look
from agent.adapters.sqlite import copying, live
from agent.adapters.sqlite.copying import copy_consistently, fingerprint, lay_in_place, refresh_copy
from agent.adapters.sqlite.live import beside
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    NoDatabase,
    NoRoom,
    count_rows,
)
from support.builders.databases import DAMAGES, WAITS, application, damage, make_orders, seen_in
from support.builders.ledger_records import mounted

HAMMERS = """
db.execute('PRAGMA wal_autocheckpoint=40')
db.execute('PRAGMA busy_timeout=60000')
print('go', flush=True)
while True:
    db.execute('BEGIN IMMEDIATE')
    for n in range(7):
        db.execute('INSERT INTO orders(customer, text) VALUES (1, hex(randomblob(300)))')
        db.execute('INSERT INTO customers(name) VALUES (hex(randomblob(9)))')
    db.execute('DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 5)')
    db.execute('COMMIT')
"""


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def test_fifty_copies_under_a_hammering_wal_writer_are_all_sound(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.looking.files.STEP", 8 * 4096)  # so that it commits between two steps
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    counts = []
    with application(source, HAMMERS):
        for number in range(50):
            copy = tmp_path / "copies" / f"{number}.db"
            copy_consistently(look, source, copy, deadline=30)
            assert integrity(copy) == "ok"
            rows = count_rows(look, copy)
            with closing(sqlite3.connect(copy)) as connection:
                assert rows["orders"] == connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            # every transaction adds 7 customers and (7 - 5) orders: a torn copy would not add up
            assert (rows["customers"] - 1) % 7 == 0
            assert (rows["customers"] - 1) // 7 * 2 == rows["orders"] - 500
            counts.append(rows["orders"])
        assert set(seen_in(source.parent)) == {"orders.db", "orders.db-wal", "orders.db-shm"}
    assert counts[-1] > counts[0]
    assert not [name for name in os.listdir(tmp_path / "copies") if not name.endswith(".db")]


def test_a_database_that_changes_while_it_is_read_is_read_again(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    attempts = []

    def copy_slowly(*arguments: Any) -> None:
        if not attempts:
            make = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM orders');"
            subprocess.run([sys.executable, "-c", f"{make} c.commit(); c.close()", str(source)], check=True)
        attempts.append(arguments)
        copy_bytes(*arguments)

    monkeypatch.setattr(live, "copy_bytes", copy_slowly)
    copy_consistently(look, source, tmp_path / "copy.db", deadline=30)
    assert len(attempts) == 1 + 2  # the database alone, then with its log
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 0


def test_copies_under_a_hammering_rollback_writer_are_sound(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    with application(source, HAMMERS):
        for number in range(4):
            copy = tmp_path / f"{number}.db"
            copy_consistently(look, source, copy, deadline=30)
            rows = count_rows(look, copy)
            assert (rows["customers"] - 1) // 7 * 2 == rows["orders"] - 500


def test_a_lock_that_is_freed_in_time_only_delays_the_copy(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    code = "db.execute('BEGIN EXCLUSIVE')\nprint('go', flush=True)\ntime.sleep(1)\ndb.execute('COMMIT')\n"
    with application(source, code + "time.sleep(600)"):
        copy_consistently(look, source, tmp_path / "copy.db", deadline=60)
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 500


def test_a_lock_that_is_never_freed_is_not_called_damage(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    with (
        application(source, "db.execute('BEGIN EXCLUSIVE')\n" + WAITS),
        pytest.raises(DatabaseUnread, match="locked"),
    ):
        copy_consistently(look, source, tmp_path / "copy.db", deadline=0.5)
    assert not (tmp_path / "copy.db").exists()


def test_an_application_that_never_lets_go_is_not_waited_for_all_the_time_there_is(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOCKED_SECONDS", 0.5)
    source = make_orders(tmp_path / "live" / "orders.db")
    held = "db.execute('PRAGMA locking_mode=EXCLUSIVE')\ndb.execute('BEGIN EXCLUSIVE')\n"
    begun = time.monotonic()
    with application(source, held + WAITS), pytest.raises(DatabaseUnread, match="lock") as refused:
        copy_consistently(look, source, tmp_path / "copy.db", deadline=60)
    assert refused.value.code == "not-tested"
    assert time.monotonic() - begun < 20


def test_a_disk_without_room_for_the_copy_says_nothing_of_the_database(tmp_path: Path, as_root: None) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", rows=40_000)
    assert source.stat().st_size > 1 << 20
    with mounted(tmp_path / "state", "size=512k") as state, closing(Look(state / "look")) as look:
        for left in (None, 4096):
            if left is not None:  # really full: not even a directory can be made
                (state / "ballast").write_bytes(b"x" * ((512 << 10) - left))
            with pytest.raises(NoRoom, match="has no room for a copy below") as refused:
                copy_consistently(look, source, state / "copies" / "copy.db", deadline=60)
            assert refused.value.code == "no-space"
            assert list((state / "copies").iterdir()) == []
        (state / "ballast").unlink()


def test_a_log_that_does_not_fit_beside_its_copy_says_nothing_either(tmp_path: Path, as_root: None) -> None:
    """What a crashed application left is recovered in a copy, which needs room for the log as well."""
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    source.with_name(f"{source.name}-wal").write_bytes(b"x" * (1 << 20))
    with (
        mounted(tmp_path / "state", "size=900k") as state,
        closing(Look(state / "look")) as look,
        pytest.raises(NoRoom),
    ):
        copy_consistently(look, source, state / "copy.db", deadline=60)


@pytest.mark.parametrize("content", [os.urandom(4096), b"no database", b"SQLite format 2\0" + bytes(4080)])
def test_what_may_be_encrypted_is_not_called_damaged(look: Look, tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "orders.db"
    source.write_bytes(content)
    with pytest.raises(NoDatabase, match="is no SQLite database, or is encrypted") as refused:
        copy_consistently(look, source, tmp_path / "copy.db", deadline=5)
    assert refused.value.code == "not-tested"


def test_zeros_are_what_no_cipher_leaves(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "orders.db")
    with source.open("r+b") as file:
        file.write(bytes(4096))
    with pytest.raises(DatabaseUnusable, match="begins with zero bytes"):
        copy_consistently(look, source, tmp_path / "copy.db", deadline=5)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_two_copies_of_an_unchanged_database_are_the_same_bytes(
    look: Look, tmp_path: Path, journal: str
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal=journal)
    for name in ("one", "two"):
        copy_consistently(look, source, tmp_path / name, deadline=10)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unchanged_database_is_copied_only_once(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "RACY_NS", 0)
    source = make_orders(tmp_path / "live" / "orders.db")
    copy, note = tmp_path / "copy.db", tmp_path / "note"
    assert refresh_copy(look, source, copy, note, deadline=10)
    before = copy.stat()
    assert not refresh_copy(look, source, copy, note, deadline=10)
    assert copy.stat() == before
    make_orders(tmp_path / "other" / "orders.db", rows=7)
    (tmp_path / "other" / "orders.db").replace(source)
    assert refresh_copy(look, source, copy, note, deadline=10)
    assert count_rows(look, copy)["orders"] == 7


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_what_was_changed_in_place_and_has_its_old_size_and_time_is_copied_again(
    look: Look, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "RACY_NS", 0)
    copy, note = tmp_path / "copies" / "orders.db", tmp_path / "note"
    old, new = make_orders(tmp_path / "orders.db", rows=3), make_orders(tmp_path / "new.db", rows=3)
    for database, name in ((old, "old"), (new, "new")):
        crashed = (
            f"db.execute('PRAGMA journal_mode=wal')\ndb.execute(\"UPDATE customers SET name='{name}'\")\n"
        )
        with application(database, crashed + WAITS):
            pass
    if not ending:
        for database in (old, new):
            sqlite3.connect(database).execute("PRAGMA journal_mode=delete")
    changed = beside(old, ending)
    os.utime(changed, (1_600_000_000, 1_600_000_000))
    assert refresh_copy(look, old, copy, note, deadline=10)
    assert not refresh_copy(look, old, copy, note, deadline=10)
    size = changed.stat().st_size

    changed.write_bytes(beside(new, ending).read_bytes())
    os.utime(changed, (1_600_000_000, 1_600_000_000))

    assert changed.stat().st_size == size
    assert refresh_copy(look, old, copy, note, deadline=10)
    with closing(sqlite3.connect(copy)) as taken:
        assert taken.execute("SELECT name FROM customers").fetchall() == [("new",)]


def test_a_database_changed_a_moment_ago_has_no_fingerprint_yet(tmp_path: Path) -> None:
    assert fingerprint(make_orders(tmp_path / "orders.db")) == ""


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_source_is_refused_and_no_copy_is_left(look: Look, tmp_path: Path, kind: str) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    damage(kind, source)
    refusal = NoDatabase if kind == "text" else DatabaseUnusable
    with pytest.raises(refusal, match=r"orders\.db"):
        copy_consistently(look, source, tmp_path / "copies" / "copy.db", deadline=5)
    assert os.listdir(tmp_path / "copies") == []


def test_names_with_undecodable_bytes_and_uri_characters_work(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    odd = source.with_name(os.fsdecode(b"\xff ?mode=rw&x=%41#.db"))
    source.rename(odd)
    copy_consistently(look, odd, tmp_path / "copy.db", deadline=5)
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 500


def test_a_copy_laid_in_place_keeps_mode_and_times_and_clears_stale_logs(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "tree" / "orders.db", rows=3)
    database.chmod(0o640)
    os.utime(database, (1_700_000_000, 1_700_000_000))
    for ending in ("-wal", "-shm", "-journal"):
        (tmp_path / "tree" / f"orders.db{ending}").write_bytes(b"of another moment")
    lay_in_place(make_orders(tmp_path / "copy.db", rows=9), database)
    assert os.listdir(tmp_path / "tree") == ["orders.db"]
    assert database.stat().st_mode & 0o7777 == 0o640
    assert database.stat().st_mtime == 1_700_000_000
    assert count_rows(look, database)["orders"] == 9


@pytest.mark.usefixtures("as_root")
def test_a_copy_laid_in_place_keeps_the_owner(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    os.chown(database, 1234, 2345)
    lay_in_place(make_orders(tmp_path / "copy.db"), database)
    assert (database.stat().st_uid, database.stat().st_gid) == (1234, 2345)
