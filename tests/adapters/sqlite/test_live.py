"""The database of a running or crashed application is opened without leaving a trace beside it."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from agent.adapters.sqlite.copying import copy_consistently
from agent.adapters.sqlite.reading import (
    connect,
    count_rows,
)
from support.builders.databases import WAITS, application, make_orders, seen_in

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
