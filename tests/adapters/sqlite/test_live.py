"""The database of a running or crashed application is opened without leaving a trace beside it."""

import errno
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.looking import files
from agent.adapters.looking.files import copy_bytes, open_live
from agent.adapters.looking.session import Look
from agent.adapters.sqlite import live, locks
from agent.adapters.sqlite.copying import copy_consistently
from agent.adapters.sqlite.reading import count_rows
from support.builders.databases import WAITS, application, make_orders, seen_in

ENDS_WHEN_ASKED = """
db.execute('INSERT INTO customers(name) VALUES (1)')
print('go', flush=True)
sys.stdin.readline()
db.close()
"""


def test_an_application_that_ends_while_we_open_its_log_finds_nothing_of_ours(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, ENDS_WHEN_ASKED) as process:
        opened = []

        def open_late(path: Path) -> int:
            opened.append(path.name)
            if opened == ["orders.db-wal", "orders.db", "orders.db-wal", "orders.db-wal"]:  # the lock is held
                assert process.stdin
                process.stdin.write("end\n")
                process.stdin.flush()
                process.wait()
            return open_live(path)

        monkeypatch.setattr(live, "open_live", open_late)
        copy_consistently(look, source, tmp_path / "copy.db", deadline=30)
        assert process.poll() == 0
    left = {name: size for name, (_, size, *_) in seen_in(source.parent).items()}
    assert left.get("orders.db-wal") != 0  # an empty one would be ours
    assert count_rows(look, tmp_path / "copy.db")["customers"] == 2


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


def test_an_application_that_opens_and_closes_all_the_time_finds_nothing_of_ours(
    look: Look, tmp_path: Path
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, OPENS_AND_CLOSES) as process:
        for number in range(60):
            copy_consistently(look, source, tmp_path / "copy.db", deadline=30)
            assert count_rows(look, tmp_path / "copy.db")["orders"] == 500, number
        assert process.stdin
        process.stdin.write("end\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert os.listdir(source.parent) == ["orders.db"]


def test_copying_an_idle_wal_database_in_use_changes_nothing_beside_it(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS):
        before = seen_in(source.parent)
        assert set(before) == {"orders.db", "orders.db-wal", "orders.db-shm"}
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
        assert seen_in(source.parent) == before
    assert count_rows(look, tmp_path / "copy.db")["customers"] == 2


def test_copying_a_closed_wal_database_leaves_no_file_beside_it(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    before = seen_in(source.parent)
    copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert set(before) == {"orders.db"}


@pytest.mark.parametrize("index", ["index-kept", "index-lost"])
def test_what_a_killed_wal_application_had_committed_is_in_the_copy(
    look: Look, tmp_path: Path, index: str
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with application(source, "db.execute('INSERT INTO customers VALUES(2, 0)')\n" + WAITS) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if index == "index-lost":
        (source.parent / "orders.db-shm").unlink()
    before = seen_in(source.parent)
    copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert count_rows(look, tmp_path / "copy.db")["customers"] == 2


def test_what_a_killed_rollback_application_had_not_committed_is_not_in_the_copy(
    look: Look, tmp_path: Path
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", rows=5000)
    code = "db.execute('PRAGMA cache_size=5')\ndb.execute('BEGIN')\ndb.execute('DELETE FROM orders')\n"
    with application(source, code + WAITS) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = seen_in(source.parent)
    assert set(before) == {"orders.db", "orders.db-journal"}
    copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert seen_in(source.parent) == before
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 5000


def test_a_wal_application_that_locks_everybody_out_is_copied_too(look: Look, tmp_path: Path) -> None:
    source = make_orders(tmp_path / "live" / "places.sqlite", journal="wal")
    code = "db.execute('PRAGMA locking_mode=exclusive')\ndb.execute('INSERT INTO customers VALUES(2, 0)')\n"
    with application(source, code + WAITS):
        before = seen_in(source.parent)
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
        assert seen_in(source.parent) == before
    assert count_rows(look, tmp_path / "copy.db")["customers"] == 2


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_where_the_disk_has_no_locks_what_held_still_is_copied(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    monkeypatch.setattr(locks.fcntl, "fcntl", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "none")))
    source = make_orders(tmp_path / "live" / "orders.db", journal=journal)
    copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 500


def during(monkeypatch: pytest.MonkeyPatch, *happens: Callable[[], None]) -> None:
    """Let the first of these happen in the middle of the first file that is copied, and so on."""
    left = list(happens)

    def copy(source: int, target: int, until: float, first: int = 0, size: int | None = None) -> None:
        size = os.fstat(source).st_size - first if size is None else size
        copy_bytes(source, target, until, first, size // 2)
        if left:
            left.pop(0)()
        copy_bytes(source, target, until, first + size // 2, size - size // 2)

    monkeypatch.setattr(live, "copy_bytes", copy)


def connected(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, isolation_level=None, timeout=0)


def test_nobody_writes_while_a_step_is_copied(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db")
    with closing(connected(source)) as application:
        refused = []

        def write() -> None:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                application.execute("DELETE FROM orders")
            refused.append(1)

        during(monkeypatch, write)
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
        application.execute("DELETE FROM orders")
    assert refused
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 500


def test_what_is_written_between_two_steps_makes_it_begin_again(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "STEP", 4096 * 4)
    source = make_orders(tmp_path / "live" / "orders.db")
    with closing(connected(source)) as application:
        application.execute("DROP INDEX by_text")  # which would tell
    shares: list[float] = []
    share = live._Taking._share

    def write_before(self: Any, seconds: float) -> None:
        shares.append(seconds)
        if len(shares) == 3:
            with closing(connected(source)) as application:
                application.execute("UPDATE orders SET text = replace(text, '0', 'x')")
        share(self, seconds)

    monkeypatch.setattr(live._Taking, "_share", write_before)
    copy_consistently(look, source, tmp_path / "copy.db", deadline=30)
    with closing(connected(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM orders WHERE text LIKE '%x%'").fetchone() == (500,)
    assert shares.count(live.BUSY_SECONDS) == 2


def test_the_log_is_not_moved_into_the_database_while_that_is_copied(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with closing(connected(source)) as application:
        application.execute("DELETE FROM orders")
        busy = []

        def checkpoint() -> None:
            busy.append(application.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
            application.execute("INSERT INTO customers(name) VALUES (1)")  # which goes on

        during(monkeypatch, checkpoint)
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
        assert busy == [1]
        assert application.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    assert count_rows(look, tmp_path / "copy.db")["orders"] == 0


def test_a_log_that_begins_again_while_it_is_copied_is_copied_again(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_orders(tmp_path / "live" / "orders.db", journal="wal")
    with closing(connected(source)) as application:
        for number in range(100):
            application.execute("INSERT INTO customers(id, name) VALUES (?, 'x')", (number + 10,))
        assert application.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0] == 0

        def write_over() -> None:
            for number in range(200):
                application.execute("INSERT INTO customers(id, name) VALUES (?, 'y')", (number + 1000,))

        during(monkeypatch, lambda: None, write_over)
        copy_consistently(look, source, tmp_path / "copy.db", deadline=10)
    assert count_rows(look, tmp_path / "copy.db")["customers"] >= 101
