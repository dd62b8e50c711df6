"""Copies live SQLite databases as of one moment, and puts such copies where restored live files lie."""

import errno
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.host.identity import has_file_rights
from agent.adapters.sqlite.live import SIDES, beside, identity, opened_live, stamp
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    NoRoom,
    complaints,
    connect,
    time_limit,
    translated,
)
from agent.core.text.plain import printable
from agent.errors import ReadinessError

STEP_PAGES = 2048  # between two looks at the clock
PAUSE = 0.05  # seconds between two attempts
LOCKED_SECONDS = 60.0  # that we wait for an application that never lets go
FULL = 1 << 20  # bytes: a disk with less free is full
RACY_NS = 2_000_000_000  # a file changed this recently may change again within the same clock tick


class _TryAgain(Exception):
    """The application was in the way; the next attempt may work. `locked`: it let us do nothing at all."""

    def __init__(self, reason: str, locked: bool = False) -> None:
        super().__init__(reason)
        self.locked = locked


def fingerprint(source: Path) -> str:
    """Changes whenever the database may have changed; "" when that cannot be told yet.

    Identity, size and times of the file, its write-ahead log and its journal. Take it before a copy is
    made; a later equal one means that the copy is still the database's content.
    """
    seen = [identity(source), *(identity(beside(source, ending)) for ending in ("-wal", "-journal"))]
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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as name:
            private = Path(name)
            _attempts(source, private, deadline, until)
            (private / "copy").replace(target)
    except OSError as error:
        raise _no_copy(source, error, target.parent) from error


def _attempts(source: Path, private: Path, deadline: float, until: float) -> None:
    locked_since: float | None = None
    while True:
        try:
            return _attempt(source, private, until)
        except _TryAgain as reason:
            now = time.monotonic()
            locked_since = (locked_since or now) if reason.locked else None
            locked = locked_since is not None and now - locked_since > LOCKED_SECONDS
            if locked or now > until:
                waited = min(deadline, LOCKED_SECONDS) if locked else deadline
                raise DatabaseUnread(
                    f"{source} could not be copied within {waited:.0f} s: {reason}.",
                    "The application keeps it locked: take the snapshot at another time of the day, or have "
                    "the application write a copy of its own.",
                ) from reason
            time.sleep(PAUSE)


def _no_copy(source: Path, error: Exception, place: Path) -> ReadinessError:
    """Why a copy could not be written at `place`."""
    what = getattr(error, "strerror", None) or printable(str(error))
    number = getattr(error, "errno", None)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    unwritten = code == sqlite3.SQLITE_IOERR and shutil.disk_usage(place).free < FULL
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or code == sqlite3.SQLITE_FULL or unwritten:
        return NoRoom(
            f"There is no room below {place} for a copy of {source}: {what}.",
            "Make room on the disk of the state directory: copies of the databases of proofs lie there.",
        )
    return DatabaseUnread(f"{source} could not be copied: {what}.", "Look at the disk.")


def _attempt(source: Path, private: Path, until: float) -> None:
    copy = private / "copy"
    for leftover in (copy, *(beside(copy, ending) for ending in SIDES)):
        leftover.unlink(missing_ok=True)
    before = stamp(source)
    try:
        with opened_live(source, private) as (connection, exact):
            _back_up(connection, copy, until)
        if exact and stamp(source) != before:
            raise _TryAgain("it changed while it was read")
        _check(copy, source, until)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        in_the_way = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY)
        if code in (*in_the_way, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL):
            raise _TryAgain(printable(str(error)), locked=True) from error
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            trouble = _no_copy(source, error, private)
            if isinstance(trouble, NoRoom):
                raise trouble from error
        raise translated(error, source) from error
    except OSError as error:
        raise _no_copy(source, error, private) from error
    except DatabaseUnusable:
        if stamp(source) == before:
            raise
        raise _TryAgain("it changed while it was read") from None


def _back_up(connection: sqlite3.Connection, copy: Path, until: float) -> None:
    """Copy page by page. In WAL mode readers block nobody: hold one moment of the database throughout.

    Otherwise let writers in between two steps (SQLite then starts over), until half of the time is gone.
    """
    logged = connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    moved = time.monotonic()
    patient_until = moved + (until - moved) / 2

    def look_at_the_clock(status: int, remaining: int, total: int) -> None:
        nonlocal moved
        now = time.monotonic()
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            moved = now
        if now - moved > LOCKED_SECONDS:
            raise _TryAgain("it was locked all the time", locked=True)
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
        if has_file_rights():
            os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, status.st_mode & 0o7777)  # noqa: PTH101
        os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(name, database)  # noqa: PTH105
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
