"""The ledger's SQLite file: its schema, how it is created and opened, and SQLite's errors in our words."""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from agent.core.text.plain import printable
from agent.errors import Busy, LedgerDamaged, ReadinessError, StateError

SCHEMA_VERSION = 1
BUSY_TIMEOUT = 30  # seconds to wait for another process that is writing one record
LITTLE_SPACE = 64 * 1024  # below this SQLite cannot even lay out its shared memory file

GUARDS = {
    "record_no_update": """CREATE TRIGGER record_no_update BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    "record_no_delete": """CREATE TRIGGER record_no_delete BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    # INSERT OR REPLACE removes a row without firing the guard against DELETE
    "record_only_append": """CREATE TRIGGER record_only_append BEFORE INSERT ON record
        WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM record)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
}

SCHEMA = (
    # AUTOINCREMENT keeps the highest number ever given, so that a removed tail is noticed
    """CREATE TABLE record (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL, kind TEXT NOT NULL,
        process TEXT NOT NULL, repository TEXT NOT NULL, outcome TEXT NOT NULL,
        body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL)""",
    "CREATE INDEX record_newest ON record (kind, process, repository, outcome)",
    *GUARDS.values(),
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

KEEP = "Keep ledger.db* and ledger.head as they are for whoever looks into it"
DAMAGED_HINT = (
    f"{KEEP}: move them to another directory. The next record then begins a new ledger, "
    "and everything is UNKNOWN until it is proven again."
)


def create(path: Path) -> None:
    """Make an empty ledger (mode 0600) at `path` unless there is one; it appears whole or not at all."""
    with translated(path):
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            if not os.path.lexists(path):
                _build(path)
                os.fsync(directory)
        finally:
            os.close(directory)


def _build(path: Path) -> None:
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(_uri(unfinished, "rw"), uri=True, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")  # stored in the file
    unfinished.rename(path)


def connect_for_writing(path: Path) -> sqlite3.Connection:
    """Open an existing ledger; a commit has reached the disk when it returns."""
    with translated(path):
        require_regular_file(path)
        return _connect(path, "rw")


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing ledger read-only, also while another process writes and on a read-only file system."""
    with translated(path):
        require_regular_file(path)
        try:
            return _connect(path, "ro")
        except sqlite3.OperationalError as error:
            if not _shared_memory_impossible(error, path):
                raise
        # nothing waits in the write-ahead log, so that the file alone is the whole ledger
        return _connect(path, "ro&immutable=1")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    database = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
    try:
        # damaged text must arrive as text that does not match its hash, not as a decoding error
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        _require_our_schema(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _require_our_schema(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StateError(
            f"The ledger {path} was written by a newer readiness (schema {version}, this one knows "
            f"{SCHEMA_VERSION}).",
            "Use that version of readiness, or a later one.",
            code="ledger-too-new",
        )
    if version != SCHEMA_VERSION:
        raise LedgerDamaged(f"{path} is not a ledger of readiness.", DAMAGED_HINT)
    database.execute("SELECT 1 FROM record LIMIT 1").fetchone()


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"


def require_regular_file(path: Path) -> None:
    """Raise OSError when `path` cannot be read, LedgerDamaged when it is no file or an empty one."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise LedgerDamaged(f"{path} is not a regular file, so that it cannot be the ledger.", DAMAGED_HINT)
    path.open("rb").close()
    if found.st_size == 0:
        raise LedgerDamaged(f"The ledger {path} is empty (zero bytes).", DAMAGED_HINT)


def _shared_memory_impossible(error: sqlite3.Error, path: Path) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    log = path.with_name(path.name + "-wal")
    nothing_waits = not log.exists() or log.stat().st_size == 0
    return nothing_waits and name.startswith(
        ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL")
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about the ledger at `path` into one clear sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(error, path) from error
    except UnicodeDecodeError as error:  # the sqlite3 module trips over its own message about damaged text
        raise LedgerDamaged(f"The ledger {path} is damaged.", DAMAGED_HINT) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StateError(
            f"The ledger {path} cannot be used: {reason}.",
            "Check that the directory exists, has space, and is yours to read and write.",
        ) from error


def _from_sqlite(error: sqlite3.Error, path: Path) -> ReadinessError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return StateError(
            f"The disk that holds the ledger {path} is full; nothing was recorded.",
            f"Make room on the file system of {path.parent}.",
            code="state-full",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(f"Another process has been writing to {path} for {BUSY_TIMEOUT} s.", "Try again later.")
    if name.startswith("SQLITE_READONLY"):
        return StateError(
            f"The ledger {path} is read-only.", "Mount its file system writable and check its owner and mode."
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_IOERR", "SQLITE_NOMEM")):
        return StateError(
            f"The ledger {path} cannot be read or written: {printable(str(error))}.",
            "Check the file system and the permissions of its directory; for a copy on a read-only medium, "
            "copy ledger.db, ledger.db-wal and ledger.head together to a writable directory.",
        )
    return LedgerDamaged(f"The ledger {path} is damaged: {printable(str(error))}.", DAMAGED_HINT)


def _is_full(path: Path) -> bool:
    try:
        system = os.statvfs(path.parent)
    except OSError:
        return False
    return system.f_bavail * system.f_frsize < LITTLE_SPACE
