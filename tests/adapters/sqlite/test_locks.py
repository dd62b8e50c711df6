"""Our locks keep SQLite out where they should, and fall with their descriptor alone."""

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sqlite.locks import Locked, is_locked, lock, may_lock, unlock
from support.builders.databases import make_orders

SHARED = (0x40000002, 510)


def test_a_writer_waits_for_us_until_we_let_go(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    handle, another = os.open(database, os.O_RDONLY), os.open(database, os.O_RDONLY)
    assert lock(handle, *SHARED)
    os.close(another)  # a lock of the process would fall now
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as application:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            application.execute("DELETE FROM orders")
        unlock(handle, *SHARED)
        application.execute("DELETE FROM orders")
    os.close(handle)


def test_a_lock_of_an_application_is_seen(tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    handle = os.open(database, os.O_RDONLY)
    assert not is_locked(handle, *SHARED)
    with closing(sqlite3.connect(database, isolation_level=None)) as application:
        application.execute("BEGIN EXCLUSIVE")
        assert is_locked(handle, *SHARED)
        assert not may_lock(handle, *SHARED)
        with pytest.raises(Locked):
            lock(handle, *SHARED)
    assert may_lock(handle, *SHARED)
    os.close(handle)


def test_where_there_are_no_such_locks_nobody_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert not lock(0, *SHARED)
    assert not may_lock(0, *SHARED)
    assert not is_locked(0, *SHARED)
    unlock(0, *SHARED)
