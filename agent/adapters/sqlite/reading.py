"""Has SQLite databases looked into that may be damaged or hostile, and says what was seen.

Nothing of SQLite runs here: see `agent/adapters/looking/`.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.adapters.looking.files import OutOfTime, open_live, open_regular
from agent.adapters.looking.session import Answer, Look
from agent.adapters.looking.starting import NotLooked
from agent.core.drill.proofs import Judgement, Soundness, failed, not_tested
from agent.core.text.plain import count, printable
from agent.errors import ReadinessError

CHECK_SECONDS = 3600.0  # integrity check and row counts of one database
QUERY_SECONDS = 60.0
HEAD = 100  # bytes of a database's header
IN_MEMORY = 64 << 20  # bytes of a database that is handed over as it is
BUSY, LOCKED, NO_MEMORY, FULL = 5, 6, 7, 13  # as SQLite numbers them
SHOWN = 3  # complaints of SQLite that a message repeats
WITH_COMMAND = "Use a proof with a command that has the application read it."
_NO_COMPLAINT = "*** in database "
_NO_DAMAGE = re.compile(
    r"syntax error|unknown table option|no such "
    r"|(?:^|: )(?:NULL value in|CHECK constraint failed|(?:non-)?\w+ value in) \S"
)


class DatabaseUnusable(ReadinessError):
    """The file is damaged, no SQLite database, empty, or could not be read."""

    code = "database-damaged"


class DatabaseUnread(ReadinessError):
    """Nothing is known about the database: it was locked, or reading it took too long."""

    code = "not-tested"


class NotLookedInto(DatabaseUnread):
    """Nobody looked: there was no process to do it, or the database ended it."""


class NoDatabase(DatabaseUnread):
    """It does not begin as a SQLite database does: it is encrypted, or something else."""


class NeedsItsApplication(DatabaseUnread):
    """SQLite cannot evaluate here what it is made of, such as a function of its application's."""


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


def ask(
    look: Look, question: dict[str, object], seconds: float, database: Path, handles: tuple[int, ...] = ()
) -> Answer:
    """What is seen of a database. DatabaseUnusable, or DatabaseUnread where there is no answer."""
    try:
        answer = look.ask(question, seconds, handles)
    except NotLooked as none:
        if none.is_late:
            raise _late(database) from none
        hint = none.hint or "Look at the database with the application's own means."
        raise NotLookedInto(f"{database} was not looked into: {none.message}.", hint) from none
    if answer.error:
        raise translated(answer, database)
    return answer


def _late(database: Path) -> DatabaseUnread:
    return DatabaseUnread(f"{database} could not be read in time.", "Try again when the disk is idle.")


def translated(answer: Answer, database: Path) -> ReadinessError:
    """What SQLite's complaint means: bad data, or no answer."""
    reason = printable(" ".join(answer.error.split()))[:200]
    if answer.code in (BUSY, LOCKED, NO_MEMORY, FULL):
        return DatabaseUnread(f"{database} could not be read: {reason}.", "Try again later.")
    if answer.is_foreign:
        return NeedsItsApplication(f"{database} needs its application to be read: {reason}.", WITH_COMMAND)
    return DatabaseUnusable(
        f"{database} is not a sound SQLite database: {reason}.",
        "Check it with: sqlite3 FILE 'PRAGMA integrity_check'; restore an older snapshot if it is bad.",
    )


def examined(
    look: Look,
    database: Path,
    seconds: float,
    question: dict[str, object],
    *,
    ours: bool = True,
    name: Path | None = None,
) -> Answer:
    """What is seen of a database that nobody else uses, or that stands still; messages speak of `name`.

    A large one has to lie in reach of who looks: as itself when it is `ours`, else as a copy.
    """
    name = name or database
    with _open(database, ours) as handle:
        size = os.fstat(handle).st_size
        if size == 0:
            raise DatabaseUnusable(f"{name} is empty.", "Look for an older snapshot that holds it.")
        require_header(os.pread(handle, HEAD, 0), name)
        log = _log(database) if ours else None
        try:
            if log is None and size <= IN_MEMORY:
                return ask(look, question, seconds, name, (handle,))
            options = "mode=ro" if log is not None else "mode=ro&immutable=1"
            files = {"database": handle} | ({"database-wal": log} if log is not None else {})
            until = time.monotonic() + seconds
            with look.lent(files, ours=ours, seconds=seconds):
                return ask(look, question | {"options": options}, until - time.monotonic(), name)
        except OutOfTime:
            raise _late(name) from None
        finally:
            if log is not None:
                os.close(log)


@contextmanager
def _open(database: Path, ours: bool) -> Iterator[int]:
    try:
        handle = open_regular(database) if ours else open_live(database)
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        state = "is not there" if gone else f"cannot be read: {error.strerror}"
        raise DatabaseUnusable(f"{database} {state}.", "Look for an older snapshot that holds it.") from error
    try:
        yield handle
    finally:
        os.close(handle)


def _log(database: Path) -> int | None:
    try:
        return open_regular(database.with_name(database.name + "-wal"))
    except OSError:
        return None


def _rows(answer: Answer, database: Path, may_be_empty: bool = False) -> dict[str, int]:
    if not answer.rows and not answer.untested and not may_be_empty:
        raise DatabaseUnusable(f"{database} holds no table.", "Check that the application uses this file.")
    return answer.rows or {}


def count_rows(
    look: Look, database: Path, seconds: float = CHECK_SECONDS, may_be_empty: bool = False
) -> dict[str, int]:
    """The row count of every table of a database that nobody else uses, such as a consistent copy.

    SQLite's own tables and virtual tables are left out (what a virtual table stores lies in ordinary
    ones). Raises DatabaseUnusable for a damaged, empty or foreign file and, unless it `may_be_empty`, for
    one without any table; DatabaseUnread when no answer came in time.
    """
    return _rows(examined(look, database, seconds, {"rows": True}), database, may_be_empty)


def look_at(look: Look, database: Path, seconds: float) -> tuple[tuple[str, ...], dict[str, int]]:
    """What is damaged in a database of others that stands still; where nothing is, its rows.

    Leaves no trace beside it.
    """
    answer = examined(look, database, seconds, {"check": True, "rows": True}, ours=False)
    wrong = tuple(line for line in complaints(answer) if is_damage(line))
    return wrong[:SHOWN], {} if wrong else answer.rows or {}


def is_damage(why: str) -> bool:
    """Whether SQLite's complaints speak of more than values in columns that should not have them.

    A schema that our SQLite does not understand is that of a newer one, or of an extension.
    """
    return not _NO_DAMAGE.search(why)


def is_nonsense(why: str) -> bool:
    """Whether SQLite complains of words that are none of its own in any release: a schema was damaged.

    So it is where it was understood before; where it never was, an extension may have written it.
    """
    return "malformed database schema" in why and "unknown table option" not in why


def complaints(answer: Answer) -> tuple[str, ...]:
    """What is wrong with the database, safe for a terminal; empty when it is sound."""
    lines = [line for fault in answer.faults for line in fault.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(_NO_COMPLAINT)]  # which stands above others
    return tuple(printable(line) for line in told or lines)


class SqliteDatabases:
    """The `DatabaseReader` of the proofs."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def examine(self, database: Path) -> Soundness:
        """Integrity, foreign keys and row counts. Raises DatabaseUnread when there was no answer in time."""
        try:
            answer = self._examined(database, {"check": True, "orphans": True, "rows": True})
            wrong = complaints(answer)
            if wrong:
                more = len(wrong) - SHOWN
                rest = (f"and {count(more, 'more complaint')}",) if more > 0 else ()
                return Soundness(faults=wrong[:SHOWN] + rest)
            if answer.untested:
                names = ", ".join(map(printable, answer.untested[:SHOWN]))
                words = f"{database} has tables that only its application can read: {names}."
                raise NeedsItsApplication(words, WITH_COMMAND)
            orphans = tuple(
                f"row {rowid} of {printable(table)} refers to a missing row of {printable(parent)}"
                for rowid, table, parent in answer.orphans[:SHOWN]
            )
            return Soundness(faults=orphans, rows=_rows(answer, database))
        except NoDatabase as error:
            return Soundness(faults=(_of_the_file(error, database),), foreign=True)
        except DatabaseUnusable as error:
            return Soundness(faults=(_of_the_file(error, database),))

    def examine_copy(self, database: Path) -> Soundness:
        """Integrity and row counts of a copy of a database that nobody named, which may hold anything."""
        try:
            answer = self._examined(database, {"check": True, "rows": True})
            wrong = complaints(answer)[:SHOWN]
            return Soundness(wrong, {} if wrong else answer.rows or {})
        except DatabaseUnusable as error:
            return Soundness(faults=(_of_the_file(error, database),))

    def newest(self, database: Path, query: str) -> str | int | float | Judgement | None:
        """The first column of the first row of the user's own query, run read-only; or why there is none."""
        try:
            return examined(self._look, database, QUERY_SECONDS, {"query": query}).value
        except NoDatabase as error:
            return not_tested(error.message.rstrip("."))
        except DatabaseUnusable as error:
            return failed(error.message.rstrip("."))

    def _examined(self, database: Path, question: dict[str, object]) -> Answer:
        return examined(self._look, database, CHECK_SECONDS, question)


def _of_the_file(error: ReadinessError, database: Path) -> str:
    return error.message.replace(f"{database} ", "the file ", 1).rstrip(".")
