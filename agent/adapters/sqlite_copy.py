"""Copies live SQLite databases consistently, and never writes where they live.

A connection to a database in WAL mode, even a read-only one, creates or changes files beside it; made by
root they could lock the application out. So: an existing wal-index is only ever opened read-only, a
database without one is read as it lies there, and what a crashed application left is recovered in a copy.
"""

import errno
import fcntl
import json
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.sqlite import (
    DatabaseUnread,
    DatabaseUnusable,
    complaints,
    connect,
    time_limit,
    translated,
)
from agent.core.text import printable

STEP_PAGES = 2048  # between two looks at the clock
PAUSE = 0.05  # seconds between two attempts
RACY_NS = 2_000_000_000  # a file changed this recently may change again within the same clock tick
SIDES = ("-wal", "-shm", "-journal")
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510  # the bytes SQLite locks for reading
_HEADER = b"SQLite format 3\x00"


class _TryAgain(Exception):
    """The application was in the way; the next attempt may work."""


def beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)


def fingerprint(source: Path) -> str:
    """Changes whenever the database may have changed; "" when that cannot be told yet.

    Identity, size and times of the file, its write-ahead log and its journal. Take it before a copy is
    made; a later equal one means that the copy is still the database's content.
    """
    seen = [_identity(source), *(_identity(beside(source, ending)) for ending in ("-wal", "-journal"))]
    changed = [identity[-1] for identity in seen if identity]
    if not seen[0] or time.time_ns() - max(changed) < RACY_NS:
        return ""
    return json.dumps(seen)


def refresh_copy(source: Path, target: Path, note: Path, deadline: float) -> bool:
    """Like `copy_consistently`, but skipped when nothing changed since the copy that `note` describes.

    Returns whether a new copy was made; an unchanged copy keeps its times, so that restic reuses it.
    """
    now = fingerprint(source)
    if now and target.exists() and note.exists() and note.read_text() == now:
        return False
    note.unlink(missing_ok=True)
    copy_consistently(source, target, deadline)
    if now:
        note.write_text(now)
    return True


def copy_consistently(source: Path, target: Path, deadline: float) -> None:
    """Copy the database `source`, live or not, to the single file `target` as it was at one moment.

    Takes at most about `deadline` seconds, then raises DatabaseUnread. Raises DatabaseUnusable when the
    source is no sound database. The copy stands alone (no log beside it) and is the same byte for byte
    when the source has not changed. Nothing is created or changed in the source's directory. No other
    thread of this process may open and close the source meanwhile: that would drop SQLite's locks.
    """
    until = time.monotonic() + deadline
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as name:
        private = Path(name)
        while True:
            try:
                _attempt(source, private, until)
                break
            except _TryAgain as reason:
                if time.monotonic() > until:
                    raise DatabaseUnread(
                        f"{source} could not be copied within {deadline:.0f} s: {reason}.",
                        "The application keeps it locked; take the snapshot at another time of the day.",
                    ) from reason
                time.sleep(PAUSE)
        (private / "copy").replace(target)


def _attempt(source: Path, private: Path, until: float) -> None:
    copy = private / "copy"
    for leftover in (copy, *(beside(copy, ending) for ending in SIDES)):
        leftover.unlink(missing_ok=True)
    before = _stamp(source)
    try:
        with _opened(source, private) as (connection, exact):
            _back_up(connection, copy, until)
        if exact and _stamp(source) != before:
            raise _TryAgain("it changed while it was read")
        _check(copy, source, until)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        in_the_way = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY)
        if code in (*in_the_way, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL):
            raise _TryAgain(printable(str(error))) from error
        raise translated(error, source) from error
    except OSError as error:
        raise DatabaseUnread(
            f"{source} could not be copied: {error.strerror}.", "Look at the disk."
        ) from error
    except DatabaseUnusable:
        if _stamp(source) == before:
            raise
        raise _TryAgain("it changed while it was read") from None


def _stamp(source: Path) -> list[bytes | tuple[int, ...] | None]:
    """What the files of a database were at one moment.

    A log that only grows is no change: its head names the generation, and is rewritten with a new one.
    """
    log = beside(source, "-wal")
    try:
        with log.open("rb") as file:
            head: bytes | None = file.read(32)
    except FileNotFoundError:
        head = None
    return [_identity(source), _identity(beside(source, "-journal")), head]


def _identity(file: Path) -> tuple[int, ...] | None:
    """Not the ctime: when root opens a log or journal, SQLite sets its owner anew, to the same."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def _opened(source: Path, private: Path) -> Iterator[tuple[sqlite3.Connection, bool]]:
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
    head = os.pread(handle, 100, 0)
    if not head:
        raise DatabaseUnusable(f"{source} is empty.", "Look for an older snapshot that holds it.")
    if head[:16] != _HEADER:
        raise DatabaseUnusable(f"{source} is not a SQLite database.", "Check the path in the config.")
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


def _back_up(connection: sqlite3.Connection, copy: Path, until: float) -> None:
    """Copy page by page. In WAL mode readers block nobody: hold one moment of the database throughout.

    Otherwise let writers in between two steps (SQLite then starts over), until half of the time is gone.
    """
    logged = connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    patient_until = time.monotonic() + (until - time.monotonic()) / 2

    def look_at_the_clock(status: int, remaining: int, total: int) -> None:
        now = time.monotonic()
        if now > until:
            raise _TryAgain("there was not enough time, or it was locked all the time")
        if not connection.in_transaction and now > patient_until:
            raise _Hurry

    with _target(copy) as into:
        try:
            if logged:
                _hold(connection)
            connection.backup(into, pages=STEP_PAGES, progress=look_at_the_clock, sleep=PAUSE)
        except _Hurry:
            _hold(connection)
            connection.backup(into, pages=STEP_PAGES, progress=look_at_the_clock, sleep=PAUSE)


class _Hurry(Exception):
    """Writers made the copy start over for half of the time: keep them out."""


def _hold(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


@contextmanager
def _target(copy: Path) -> Iterator[sqlite3.Connection]:
    into = sqlite3.connect(copy, isolation_level=None)
    try:
        into.execute("PRAGMA synchronous=OFF")
        yield into
        into.execute("PRAGMA journal_mode=DELETE")
    finally:
        into.close()


def _check(copy: Path, source: Path, until: float) -> None:
    connection = connect(copy, "mode=ro&immutable=1")
    try:
        with time_limit(connection, max(until - time.monotonic(), 60)):
            wrong = complaints(connection)
    finally:
        connection.close()
    if wrong:
        raise DatabaseUnusable(
            f"{source} is damaged: {'; '.join(wrong[:3])}.",
            "Recover it with the application's own means or from an older snapshot, before it spreads.",
        )


def lay_in_place(copy: Path, database: Path) -> None:
    """Put a consistent copy where the restored live database lies, with that one's mode, owner and times.

    The live file's log, wal-index and journal are removed: they belong to another moment.
    """
    status = (database if database.exists() else copy).stat()
    for ending in SIDES:
        beside(database, ending).unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=database.parent, prefix=".laid-")
    try:
        os.close(handle)
        shutil.copyfile(copy, name)
        if os.geteuid() == 0:
            os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, status.st_mode & 0o7777)  # noqa: PTH101
        os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(name, database)  # noqa: PTH105
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
