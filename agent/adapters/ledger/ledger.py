"""The ledger: every record ever made, append-only and hash-chained, in one SQLite file."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from agent.adapters.host.interrupts import held_off
from agent.adapters.ledger.empty import EmptyReader
from agent.adapters.ledger.head import Head, head_path, write_head
from agent.adapters.ledger.reader import SqliteReader
from agent.adapters.ledger.rows import (
    all_stored,
    insert,
)
from agent.adapters.ledger.schema import (
    connect_for_reading,
    connect_for_writing,
    create,
    translated,
)
from agent.core.configuration.config import Repository
from agent.core.model import chain
from agent.core.model.chain import StoredRecord
from agent.core.model.records import Body, Entry, RepositoryRecord
from agent.errors import LedgerDamaged

B = TypeVar("B", bound=Body)


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
        if isinstance(body, RepositoryRecord):
            self._learn_names()
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


def open_ledger(
    path: Path, repositories: Sequence[Repository] = (), *, by_address: bool = True
) -> SqliteLedger:
    """Open the ledger to append to it; makes an empty one (mode 0600) when there was none.

    `repositories` are those of today's config, whose former names are to be known; see `names_today`.

    Raises StateError when it cannot be used and LedgerDamaged when it is not what was written; a damaged
    ledger is never overwritten.
    """
    if not exists(path):
        create(path)
    return SqliteLedger(path, connect_for_writing(path), repositories, by_address=by_address)


def open_reader(path: Path, repositories: Sequence[Repository] = ()) -> SqliteReader | EmptyReader:
    """Open the ledger read-only; one that does not exist yet is empty. Raises as `open_ledger` does."""
    if not exists(path):
        return EmptyReader()
    return SqliteReader(path, connect_for_reading(path), repositories)


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
