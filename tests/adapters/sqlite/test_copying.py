"""SQLite databases are copied as of one moment, counted and examined, whatever their application does."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.adapters.sqlite.copying import copy_consistently, fingerprint, lay_in_place, refresh_copy
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    SqliteDatabases,
    connect,
    count_rows,
)
from agent.core.drill.proofs import Judgement
from support.builders.databases import make_orders

Seen = dict[str, tuple[int, int, int, int, int]]


def seen_in(directory: Path) -> Seen:
    """What is in a directory; not the ctime, which SQLite moves when root opens a log."""
    found = {entry.name: entry.stat() for entry in os.scandir(directory)}
    return {name: (s.st_ino, s.st_size, s.st_mtime_ns, s.st_uid, s.st_mode) for name, s in found.items()}


@contextmanager
def application(database: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has `database` open as `db` and runs `code`; waits until that prints "go"."""
    start = f"import sqlite3, time, sys\ndb = sqlite3.connect({str(database)!r}, isolation_level=None)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", start + code, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "go\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


WAITS = "print('go', flush=True)\ntime.sleep(600)"
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.sqlite.copying.STEP_PAGES", 8)  # so that it commits between two steps
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    counts = []
    with application(source, HAMMERS):
        for number in range(50):
            copy = tmp_path / "copies" / f"{number}.db"
            copy_consistently(source, copy, deadline=30)
            assert integrity(copy) == "ok"
            rows = count_rows(copy)
            with closing(sqlite3.connect(copy)) as connection:
                assert rows["orders"] == connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            # every transaction adds 7 customers and (7 - 5) orders: a torn copy would not add up
            assert (rows["customers"] - 1) % 7 == 0
            assert (rows["customers"] - 1) // 7 * 2 == rows["orders"] - 500
            counts.append(rows["orders"])
        assert set(seen_in(source.parent)) == {"orders.db", "orders.db-wal", "orders.db-shm"}
    assert counts[-1] > counts[0]
    assert not [name for name in os.listdir(tmp_path / "copies") if not name.endswith(".db")]


ENDS_WHEN_ASKED = """
db.execute('INSERT INTO customers(name) VALUES (1)')
print('go', flush=True)
sys.stdin.readline()
db.close()
"""


def test_an_application_that_ends_while_we_open_its_log_finds_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, ENDS_WHEN_ASKED) as process:

        def connect_late(database: Path, options: str) -> sqlite3.Connection:
            if database == source and process.poll() is None:
                assert process.stdin
                process.stdin.write("end\n")
                process.stdin.flush()
                process.wait()
            return connect(database, options)

        monkeypatch.setattr("agent.adapters.sqlite.live.connect", connect_late)
        copy_consistently(source, tmp_path / "copy.db", deadline=30)
    left = {name: size for name, (_, size, *_) in seen_in(source.parent).items()}
    assert left.get("orders.db-wal") != 0  # an empty one would be ours
    assert count_rows(tmp_path / "copy.db")["customers"] == 2


def test_a_database_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    opened = []

    def connect_early(database: Path, options: str) -> sqlite3.Connection:
        connection = connect(database, options)
        if database == source and not opened:
            make = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM orders');"
            subprocess.run([sys.executable, "-c", f"{make} c.commit(); c.close()", str(source)], check=True)
        opened.append(options)
        return connection

    monkeypatch.setattr("agent.adapters.sqlite.live.connect", connect_early)
    copy_consistently(source, tmp_path / "copy.db", deadline=30)
    assert len(opened) == 2
    assert count_rows(tmp_path / "copy.db")["orders"] == 0


OPENS_AND_CLOSES = """
import select
print('go', flush=True)
db.close()
while not select.select([sys.stdin], [], [], 0)[0]:
    db = sqlite3.connect(sys.argv[1], isolation_level=None)
    db.execute('PRAGMA busy_timeout=60000')
    db.execute('INSERT INTO customers(name) VALUES (1)')
    db.close()
"""


def test_an_application_that_opens_and_closes_all_the_time_finds_nothing_of_ours(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, OPENS_AND_CLOSES) as process:
        for number in range(60):
            copy_consistently(source, tmp_path / "copy.db", deadline=30)
            assert count_rows(tmp_path / "copy.db")["orders"] == 500, number
        assert process.stdin
        process.stdin.write("end\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert os.listdir(source.parent) == ["orders.db"]


def test_copies_under_a_hammering_rollback_writer_are_sound(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    with application(source, HAMMERS):
        for number in range(4):
            copy = tmp_path / f"{number}.db"
            copy_consistently(source, copy, deadline=30)
            rows = count_rows(copy)
            assert (rows["customers"] - 1) // 7 * 2 == rows["orders"] - 500


def test_copying_an_idle_wal_database_in_use_changes_nothing_beside_it(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS):
        before = seen_in(source.parent)
        assert set(before) == {"orders.db", "orders.db-wal", "orders.db-shm"}
        copy_consistently(source, tmp_path / "copy.db", deadline=10)
        assert seen_in(source.parent) == before
    assert count_rows(tmp_path / "copy.db")["customers"] == 2


def test_copying_a_closed_wal_database_leaves_no_file_beside_it(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    before = seen_in(source.parent)
    copy_consistently(source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert set(before) == {"orders.db"}


@pytest.mark.parametrize("index", ["index-kept", "index-lost"])
def test_what_a_killed_wal_application_had_committed_is_in_the_copy(tmp_path: Path, index: str) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if index == "index-lost":
        (source.parent / "orders.db-shm").unlink()
    before = seen_in(source.parent)
    copy_consistently(source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert count_rows(tmp_path / "copy.db")["customers"] == 2


def test_what_a_killed_rollback_application_had_not_committed_is_not_in_the_copy(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", rows=5000)
    code = "db.execute('PRAGMA cache_size=5')\ndb.execute('BEGIN')\ndb.execute('DELETE FROM orders')\n"
    with application(source, code + WAITS) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = seen_in(source.parent)
    assert set(before) == {"orders.db", "orders.db-journal"}
    copy_consistently(source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert count_rows(tmp_path / "copy.db")["orders"] == 5000


def test_a_wal_application_that_locks_everybody_out_is_copied_too(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "places.sqlite", journal="wal")
    code = "db.execute('PRAGMA locking_mode=exclusive')\ndb.execute('INSERT INTO customers VALUES(2, 0)')\n"
    with application(source, code + WAITS):
        before = seen_in(source.parent)
        copy_consistently(source, tmp_path / "copy.db", deadline=10)
        assert seen_in(source.parent) == before
    assert count_rows(tmp_path / "copy.db")["customers"] == 2


def test_a_lock_that_is_freed_in_time_only_delays_the_copy(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    code = "db.execute('BEGIN EXCLUSIVE')\nprint('go', flush=True)\ntime.sleep(1)\ndb.execute('COMMIT')\n"
    with application(source, code + "time.sleep(600)"):
        copy_consistently(source, tmp_path / "copy.db", deadline=60)
    assert count_rows(tmp_path / "copy.db")["orders"] == 500


def test_a_lock_that_is_never_freed_is_not_called_damage(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    with (
        application(source, "db.execute('BEGIN EXCLUSIVE')\n" + WAITS),
        pytest.raises(DatabaseUnread, match="locked"),
    ):
        copy_consistently(source, tmp_path / "copy.db", deadline=0.5)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_two_copies_of_an_unchanged_database_are_the_same_bytes(tmp_path: Path, journal: str) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal=journal)
    for name in ("one", "two"):
        copy_consistently(source, tmp_path / name, deadline=10)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unchanged_database_is_copied_only_once(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    long_ago = time.time() - 3600
    os.utime(source, (long_ago, long_ago))
    copy, note = tmp_path / "copy.db", tmp_path / "note"
    assert refresh_copy(source, copy, note, deadline=10)
    before = copy.stat()
    assert not refresh_copy(source, copy, note, deadline=10)
    assert copy.stat() == before
    make_orders(tmp_path / "other" / "orders.db", rows=7)
    (tmp_path / "other" / "orders.db").replace(source)
    assert refresh_copy(source, copy, note, deadline=10)
    assert count_rows(copy)["orders"] == 7


def test_a_database_changed_a_moment_ago_has_no_fingerprint_yet(tmp_path: Path) -> None:
    assert fingerprint(make_orders(tmp_path / "orders.db")) == ""


def damage(kind: str, path: Path) -> None:
    whole = path.read_bytes()
    if kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_bytes(b"this is no database at all, only words\n" * 100)
    elif kind == "zeroed":
        path.write_bytes(bytes(len(whole)))
    elif kind == "overwritten":
        path.write_bytes(whole[:8192] + os.urandom(4096 * 9) + whole[8192 + 4096 * 9 :])
    elif kind == "missing":
        path.unlink()


DAMAGES = ["truncated", "empty", "text", "zeroed", "overwritten", "missing"]


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_source_is_refused_and_no_copy_is_left(tmp_path: Path, kind: str) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    damage(kind, source)
    with pytest.raises(DatabaseUnusable, match=r"orders\.db"):
        copy_consistently(source, tmp_path / "copies" / "copy.db", deadline=5)
    assert os.listdir(tmp_path / "copies") == []


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


def test_names_with_undecodable_bytes_and_uri_characters_work(tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    odd = source.with_name(os.fsdecode(b"\xff ?mode=rw&x=%41#.db"))
    source.rename(odd)
    copy_consistently(odd, tmp_path / "copy.db", deadline=5)
    assert count_rows(tmp_path / "copy.db")["orders"] == 500


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


def test_a_copy_laid_in_place_keeps_mode_and_times_and_clears_stale_logs(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "tree" / "orders.db", rows=3)
    database.chmod(0o640)
    os.utime(database, (1_700_000_000, 1_700_000_000))
    for ending in ("-wal", "-shm", "-journal"):
        (tmp_path / "tree" / f"orders.db{ending}").write_bytes(b"of another moment")
    lay_in_place(make_orders(tmp_path / "copy.db", rows=9), database)
    assert os.listdir(tmp_path / "tree") == ["orders.db"]
    assert database.stat().st_mode & 0o7777 == 0o640
    assert database.stat().st_mtime == 1_700_000_000
    assert count_rows(database)["orders"] == 9


@pytest.mark.usefixtures("as_root")
def test_a_copy_laid_in_place_keeps_the_owner(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    os.chown(database, 1234, 2345)
    lay_in_place(make_orders(tmp_path / "copy.db"), database)
    assert (database.stat().st_uid, database.stat().st_gid) == (1234, 2345)
