"""The ledger: every record ever made, append-only and hash-chained, in one SQLite file."""

import heapq
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from agent.adapters.host.interrupts import held_off
from agent.adapters.ledger.empty import EmptyReader
from agent.adapters.ledger.head import Head, head_path, read_head, write_head
from agent.adapters.ledger.rows import (
    all_stored,
    as_column,
    first_since,
    insert,
    last_stored,
    newest_before,
    newest_numbers,
    numbers_with,
    oldest_number,
    stored,
    streams,
    tail_faults,
)
from agent.adapters.ledger.schema import (
    DAMAGED_HINT,
    connect_for_reading,
    connect_for_writing,
    create,
    translated,
)
from agent.core.model import chain
from agent.core.model.chain import StoredRecord
from agent.core.model.records import KINDS, Body, Entry
from agent.errors import LedgerDamaged

B = TypeVar("B", bound=Body)


class SqliteReader:
    """A ledger that is only read. Every record is checked against its hash before it is believed."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        try:
            self._require_tail()
        except BaseException:
            database.close()
            raise

    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        """The newest bodies of one kind, newest first; an empty filter matches everything."""
        entries = self.newest_entries(
            body, process=process, repository=repository, outcome=outcome, limit=limit
        )
        return [entry.body for entry in entries if isinstance(entry.body, body)]

    def newest_entries(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        """The same with their places in the chain."""
        wanted = (as_column(process), as_column(repository), outcome)
        with translated(self.path), self._one_view() as database:
            numbers: list[int] = []
            for stream in streams(database, wanted, (KINDS[body],)):
                numbers += newest_numbers(database, stream, limit)
            records = [stored(database, number) for number in heapq.nlargest(limit, numbers)]
        return [self._opened(record, body, wanted) for record in records]

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        """The oldest record of one kind; an empty process matches everything."""
        wanted = (as_column(process), "", "")
        with translated(self.path), self._one_view() as database:
            found = [oldest_number(database, stream) for stream in streams(database, wanted, (KINDS[body],))]
            record = stored(database, min(found)) if found else None
        return self._opened(record, body, wanted) if found else None

    def search(
        self,
        body: type[B],
        texts: Sequence[str] = (),
        *,
        process: str = "",
        repository: str = "",
        after: int = 0,
    ) -> list[Entry]:
        """Every record of one kind behind number `after` with one of `texts` in its JSON; oldest first."""
        wanted = (as_column(process), as_column(repository), "")
        with translated(self.path), self._one_view() as database:
            numbers: list[int] = []
            for stream in streams(database, wanted, (KINDS[body],)):
                numbers += numbers_with(database, stream, after, texts)
            records = [stored(database, number) for number in sorted(numbers)]
        return [self._opened(record, body, wanted) for record in records]

    def since(self, body: type[B], at: datetime, *, process: str = "") -> Iterator[Entry]:
        """Every record of one kind written from `at` on, oldest first, behind the newest older ones.

        Those are one for each repository and outcome. One record at a time is held in memory.
        """
        wanted = (as_column(process), "", "")
        with translated(self.path), self._one_view() as database:
            begin = first_since(database, at.astimezone(UTC).isoformat())
            numbers: list[int] = []
            for stream in streams(database, wanted, (KINDS[body],)):
                numbers += newest_before(database, stream, begin)
                numbers += numbers_with(database, stream, begin - 1, ())
        for number in sorted(numbers):  # no record changes, whatever is appended meanwhile
            with translated(self.path):
                record = stored(self._database, number)
            yield self._opened(record, body, wanted)

    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last record; (0, GENESIS) when there is none."""
        with translated(self.path):
            last = last_stored(self._database)
        return (last.sequence, last.hash) if last else (0, chain.GENESIS)

    def entries(self) -> Iterator[Entry]:
        """Every record of a kind that this version knows, oldest first."""
        for record in all_stored(self._database, self.path):
            entry = chain.open_record(record)
            if entry is not None:
                yield entry

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self, record: StoredRecord | None, body: type[B], wanted: tuple[str, str, str]) -> Entry:
        """The record, when it is what the index says that it is."""
        if record is not None:
            found = (as_column(record.process), as_column(record.repository), record.outcome)
            entry = chain.open_record(record)
            as_wanted = all(label in ("", own) for label, own in zip(wanted, found, strict=True))
            if as_wanted and entry is not None and isinstance(entry.body, body):
                return entry
        raise LedgerDamaged(
            f"The index of the ledger {self.path} names a record that is not there.", DAMAGED_HINT
        )

    def _require_tail(self) -> None:
        """The last records are still there, as far as the counter and the head file can tell."""
        with translated(self.path):
            head = read_head(self.path)
            with self._one_view() as database:
                faults = tail_faults(database, head)
                last = last_stored(database)
        if faults:
            raise LedgerDamaged(
                f"The ledger {self.path} is not whole: {faults[0].message}.",
                f"Run readiness ledger verify. {DAMAGED_HINT} If this is an older copy that you put back on "
                f"purpose, move {head_path(self.path).name} away: the records in between stay lost.",
            )
        if last is not None:
            chain.open_record(last)

    @contextmanager
    def _one_view(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one and the same state, whatever is appended meanwhile."""
        if self._database.in_transaction:
            yield self._database
            return
        self._database.execute("BEGIN")
        try:
            yield self._database
        finally:
            self._database.execute("ROLLBACK")


class SqliteLedger(SqliteReader):
    """A ledger that is read and appended to; several processes may do so at once."""

    def append(self, body: Body, at: datetime) -> Entry:
        """Write one record; when this returns, the record survives a power cut.

        Raises StateError when it cannot be written, LedgerDamaged when the tail is not what was written
        before; nothing is recorded then.
        """
        with held_off(), translated(self.path), self._writing() as database:
            self._require_tail()  # nobody else can append while this transaction is open
            sequence, previous = self.head()
            record = chain.seal(body, at, sequence + 1, previous)
            insert(database, record)
        self._note_head(Head(record.sequence, record.hash))
        return Entry(sequence=record.sequence, at=at, body=body, hash=record.hash)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _note_head(self, head: Head) -> None:
        try:
            write_head(self.path, head)
        except OSError:
            # The record itself is safe, so that it must not be reported as lost. The head file stays behind
            # until the next record, which is all that a kill at this place could do as well.
            return


def open_ledger(path: Path) -> SqliteLedger:
    """Open the ledger to append to it; makes an empty one (mode 0600) when there was none.

    Raises StateError when it cannot be used and LedgerDamaged when it is not what was written; a damaged
    ledger is never overwritten.
    """
    if not exists(path):
        create(path)
    return SqliteLedger(path, connect_for_writing(path))


def open_reader(path: Path) -> SqliteReader | EmptyReader:
    """Open the ledger read-only; one that does not exist yet is empty. Raises as `open_ledger` does."""
    if not exists(path):
        return EmptyReader()
    return SqliteReader(path, connect_for_reading(path))


def exists(path: Path) -> bool:
    """There is a ledger. Raises LedgerDamaged when there is none any more, but something is left of it."""
    with translated(path):
        try:
            path.stat()
        except FileNotFoundError:
            left = _left_behind(path)
        else:
            return True
    if left:
        raise LedgerDamaged(
            f"The ledger {path} is gone, but {' and '.join(left)} is still there.",
            f"Put ledger.db back from a backup, or move {' and '.join(left)} away to begin a new ledger.",
        )
    return False


def _left_behind(path: Path) -> list[str]:
    """What shows that there was a ledger: its head file, or a log with records that never reached it.

    (An empty log is what a reader leaves behind.)
    """
    log = path.with_name(path.name + "-wal")
    left = [file for file in (head_path(path), log) if os.path.lexists(file)]
    return [file.name for file in left if file != log or log.stat().st_size]


@contextmanager
def open_raw(path: Path) -> Iterator[Iterator[StoredRecord]]:
    """Every record as it is stored, unchecked, also of a ledger that is damaged but can still be read."""
    if not exists(path):
        yield iter(())
        return
    with closing(connect_for_reading(path)) as database:
        yield all_stored(database, path)
