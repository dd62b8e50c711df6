"""Opens the SQLite database of a running or crashed application without leaving a trace beside it.

A connection to a database in WAL mode, even a read-only one, creates or changes files beside it; made by
root they could lock the application out. So: an existing wal-index is only ever opened read-only, a
database without one is read as it lies there, and what a crashed application left is recovered in a copy.
"""

import errno
import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.sqlite.reading import HEAD, DatabaseUnusable, connect, require_header

SIDES = ("-wal", "-shm", "-journal")
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510  # the bytes SQLite locks for reading


def beside(database: Path, ending: str) -> Path:
    """The file that SQLite keeps beside a database, such as its -wal."""
    return database.with_name(database.name + ending)


def stamp(source: Path) -> list[bytes | tuple[int, ...] | None]:
    """What the files of a database were at one moment.

    A log that only grows is no change: its head names the generation, and is rewritten with a new one.
    """
    log = beside(source, "-wal")
    try:
        with log.open("rb") as file:
            head: bytes | None = file.read(32)
    except FileNotFoundError:
        head = None
    return [identity(source), identity(beside(source, "-journal")), head]


def identity(file: Path) -> tuple[int, ...] | None:
    """Not the ctime: when root opens a log or journal, SQLite sets its owner anew, to the same."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def opened_live(source: Path, private: Path) -> Iterator[tuple[sqlite3.Connection, bool]]:
    """A connection that reads the source; True when the source must not have changed meanwhile."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = f"{source} cannot be read: {error.strerror}."
        raise DatabaseUnusable(reason, "Check the path and the rights.") from error
    try:
        logged = _is_logged(handle, source)
        # While we hold this lock nobody closes the log or leaves WAL mode, so that what is seen beside the
        # database now stays there, and opening it creates nothing.
        locked = logged and _lock(handle)
        with _chosen(source, private, logged, locked) as chosen:
            yield chosen
    finally:
        os.close(handle)


def _is_logged(handle: int, source: Path) -> bool:
    """Whether the file says that it is in WAL mode; refuses what is no SQLite database."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise DatabaseUnusable(f"{source} is no regular file.", "Check the path in the config.")
    head = os.pread(handle, HEAD, 0)
    if not head:
        raise DatabaseUnusable(f"{source} is empty.", "Look for an older snapshot that holds it.")
    require_header(head, source)
    return head[18:20] == b"\x02\x02"


def _lock(handle: int) -> bool:
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True


@contextmanager
def _chosen(
    source: Path, private: Path, logged: bool, locked: bool
) -> Iterator[tuple[sqlite3.Connection, bool]]:
    log, index, journal = (beside(source, ending) for ending in SIDES)
    aside = False
    if logged and locked and index.exists() and log.exists():
        connection, exact = connect(source, "mode=ro&readonly_shm=1"), False
    elif logged and not log.exists():
        connection, exact = connect(source, "mode=ro&immutable=1"), True
    elif logged:
        connection, exact, aside = connect(_set_aside(source, private), "mode=rw"), True, True
    else:
        connection, exact = connect(source, "mode=ro&readonly_shm=1"), False
        if journal.exists() and _needs_rollback(connection):
            connection.close()
            connection, exact, aside = connect(_set_aside(source, private), "mode=rw"), True, True
    try:
        yield connection, exact
    finally:
        connection.close()
        if aside:
            shutil.rmtree(private / "aside")


def _needs_rollback(connection: sqlite3.Connection) -> bool:
    """Whether a crashed application left a half-written transaction that only a writer may undo."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return False


def _set_aside(source: Path, private: Path) -> Path:
    """Copy the database, then what lies beside it, to recover it there; the stamp tells if it held still."""
    directory = private / "aside"
    directory.mkdir(exist_ok=True)
    database = directory / "database"
    shutil.copyfile(source, database)
    for ending in ("-wal", "-journal"):
        beside(database, ending).unlink(missing_ok=True)
        try:
            shutil.copyfile(beside(source, ending), beside(database, ending))
        except FileNotFoundError:
            continue
    return database
