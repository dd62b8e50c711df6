"""Reads SQLite databases that may be damaged or hostile: read-only, nothing left behind, bounded in time.

Extensions stay off, other files cannot be attached, and functions named in a schema are not trusted.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes

from agent.core.drill.proofs import Judgement, Soundness, failed, not_tested
from agent.core.text.plain import count, printable
from agent.errors import ReadinessError

CHECK_SECONDS = 3600.0  # integrity check and row counts of one database
QUERY_SECONDS = 60.0
HEAD = 100  # bytes of a database's header
SHOWN = 3  # complaints of SQLite that a message repeats
_NO_DAMAGE = re.compile(
    r"syntax error|unknown table option|no such "
    r"|(?:^|: )(?:NULL value in|CHECK constraint failed|(?:non-)?\w+ value in) \S"
)
_FOREIGN = re.compile(r"no such (collation sequence|function|module)")


class DatabaseUnusable(ReadinessError):
    """The file is damaged, no SQLite database, empty, or could not be read."""

    code = "database-damaged"


class DatabaseUnread(ReadinessError):
    """Nothing is known about the database: it was locked, or reading it took too long."""

    code = "not-tested"


class NoDatabase(DatabaseUnread):
    """It does not begin as a SQLite database does: it is encrypted, or something else."""


class NoRoom(ReadinessError):
    """A copy does not fit onto the disk: that says nothing about the database."""

    code = "no-space"


HEADER = b"SQLite format 3\x00"


def require_header(head: bytes, database: Path) -> None:
    """NoDatabase for the first bytes of what is none; DatabaseUnusable for zeros, which no cipher leaves."""
    if head[: len(HEADER)] == HEADER:
        return
    if not any(head):
        raise DatabaseUnusable(
            f"{database} begins with zero bytes, where a SQLite database has its header.",
            "Recover it with the application's own means or from an older snapshot.",
        )
    raise NoDatabase(
        f"{database} is no SQLite database, or is encrypted.",
        "Correct the path. For an encrypted one use a proof with a command that has its key, and have the "
        "application write a copy of its own.",
    )


def location(database: Path, options: str) -> str:
    """The URI of a database file, whatever bytes its name holds."""
    return f"file:{quote_from_bytes(bytes(database.absolute()))}?{options}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _forbid_attaching(action: int, *_: object) -> int:
    attaching = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if attaching else sqlite3.SQLITE_OK


def connect(database: Path, options: str) -> sqlite3.Connection:
    """Open with everything off that a hostile file could use. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        location(database, options), uri=True, isolation_level=None, timeout=0.2, check_same_thread=False
    )
    connection.text_factory = _text
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def time_limit(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt whatever SQLite does after `seconds`; a progress handler would miss long checks."""
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def _reading(database: Path, seconds: float, options: str = "") -> Iterator[sqlite3.Connection]:
    """A read-only connection to a file nobody else uses; SQLite's errors become ours."""
    if not database.is_file() or database.stat().st_size == 0:
        state = "is empty" if database.is_file() else "is not there"
        raise DatabaseUnusable(f"{database} {state}.", "Look for an older snapshot that holds it.")
    with database.open("rb") as file:
        require_header(file.read(HEAD), database)
    log = database.with_name(database.name + "-wal")
    options = options or ("mode=ro" if log.exists() else "mode=ro&immutable=1")
    try:
        connection = connect(database, options)
        try:
            connection.set_authorizer(_forbid_attaching)
            with time_limit(connection, seconds):
                yield connection
        finally:
            connection.close()
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        raise translated(error, database) from error


def translated(error: Exception, database: Path) -> ReadinessError:
    """What SQLite's complaint means: bad data, or no answer."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return DatabaseUnread(f"{database} could not be read in time.", "Try again when the disk is idle.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_FULL):
        return DatabaseUnread(f"{database} could not be read: {error}.", "Try again later.")
    reason = printable(str(error))[:200]
    return DatabaseUnusable(
        f"{database} is not a sound SQLite database: {reason}.",
        "Check it with: sqlite3 FILE 'PRAGMA integrity_check'; restore an older snapshot if it is bad.",
    )


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return [name for (name,) in rows]


def _count(connection: sqlite3.Connection, database: Path, may_be_empty: bool = False) -> dict[str, int]:
    tables = _tables(connection)
    if not tables and not may_be_empty:
        raise DatabaseUnusable(f"{database} holds no table.", "Check that the application uses this file.")
    return {name: _length(connection, name) for name in tables}


def _length(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT count(*) FROM {quoted(table)}"
    try:
        length: int = connection.execute(query).fetchone()[0]
    except sqlite3.OperationalError as error:
        if not _FOREIGN.search(str(error)):
            raise
        length = connection.execute(f"{query} NOT INDEXED").fetchone()[0]
    return length


def count_rows(database: Path, seconds: float = CHECK_SECONDS, may_be_empty: bool = False) -> dict[str, int]:
    """The row count of every table of a database that nobody else uses, such as a consistent copy.

    SQLite's own tables and virtual tables are left out (what a virtual table stores lies in ordinary
    ones). Raises DatabaseUnusable for a damaged, empty or foreign file and, unless it `may_be_empty`, for
    one without any table; DatabaseUnread when no answer came in time.
    """
    with _reading(database, seconds) as connection:
        return _count(connection, database, may_be_empty)


def look_at(database: Path, seconds: float) -> tuple[tuple[str, ...], dict[str, int]]:
    """What is damaged in a database that stands still where it lies; where nothing is, its rows.

    Leaves no trace beside it.
    """
    with _reading(database, seconds, "mode=ro&immutable=1") as connection:
        wrong = tuple(line for line in complaints(connection) if is_damage(line))
        return wrong[:SHOWN], {} if wrong else _count(connection, database, may_be_empty=True)


def is_damage(why: str) -> bool:
    """Whether SQLite's complaints speak of more than values in columns that should not have them.

    A schema that our SQLite does not understand is that of a newer one, or of an extension.
    """
    return not _NO_DAMAGE.search(why)


def complaints(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What SQLite's integrity check says is wrong; empty when the database is sound.

    Tables with an index that needs functions of the application are only read to their end.
    """
    try:
        rows = connection.execute("PRAGMA integrity_check(20)").fetchall()
    except sqlite3.OperationalError as error:
        if not _FOREIGN.search(str(error)):
            raise
        rows = [row for table in _tables(connection) for row in _check_table(connection, table)]
    return tuple(printable(str(line)) for (line,) in rows if line != "ok")


def _check_table(connection: sqlite3.Connection, table: str) -> list[tuple[str]]:
    try:
        return connection.execute(f"PRAGMA integrity_check({quoted(table)})").fetchall()
    except sqlite3.OperationalError as error:
        if not _FOREIGN.search(str(error)):
            raise
    for _ in connection.execute(f"SELECT * FROM {quoted(table)} NOT INDEXED"):
        continue
    return []


def _orphans(connection: sqlite3.Connection) -> tuple[str, ...]:
    rows = connection.execute("PRAGMA foreign_key_check").fetchmany(SHOWN)
    return tuple(
        f"row {rowid} of {printable(str(table))} refers to a missing row of {printable(str(parent))}"
        for table, rowid, parent, _ in rows
    )


class SqliteDatabases:
    """The `DatabaseReader` of the proofs."""

    def examine(self, database: Path) -> Soundness:
        """Integrity, foreign keys and row counts. Raises DatabaseUnread when there was no answer in time."""
        try:
            with _reading(database, CHECK_SECONDS) as connection:
                wrong = complaints(connection)
                if wrong:
                    more = len(wrong) - SHOWN
                    rest = (f"and {count(more, 'more complaint')}",) if more > 0 else ()
                    return Soundness(faults=wrong[:SHOWN] + rest)
                return Soundness(faults=_orphans(connection), rows=_count(connection, database))
        except NoDatabase as error:
            fault = error.message.replace(f"{database} ", "the file ", 1).rstrip(".")
            return Soundness(faults=(fault,), foreign=True)
        except DatabaseUnusable as error:
            return Soundness(faults=(error.message.replace(f"{database} ", "the file ", 1).rstrip("."),))

    def examine_copy(self, database: Path) -> Soundness:
        """Integrity and row counts of a copy of a database that nobody named, which may hold anything."""
        try:
            with _reading(database, CHECK_SECONDS) as connection:
                wrong = complaints(connection)[:SHOWN]
                return Soundness(wrong, {} if wrong else _count(connection, database, may_be_empty=True))
        except DatabaseUnusable as error:
            return Soundness(faults=(error.message.replace(f"{database} ", "the file ", 1).rstrip("."),))

    def newest(self, database: Path, query: str) -> str | int | float | Judgement | None:
        """The first column of the first row of the user's own query, run read-only; or why there is none."""
        try:
            with _reading(database, QUERY_SECONDS) as connection:
                connection.execute("PRAGMA query_only=ON")
                row = connection.execute(query).fetchone()
        except NoDatabase as error:
            return not_tested(error.message.rstrip("."))
        except DatabaseUnusable as error:
            return failed(error.message.rstrip("."))
        value = row[0] if row else None
        return _text(value) if isinstance(value, bytes) else value
