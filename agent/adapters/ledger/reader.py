"""Reading the ledger: what was recorded, also of a repository that had another name then."""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from agent.adapters.ledger.head import head_path, read_head
from agent.adapters.ledger.rows import (
    all_stored,
    as_column,
    first_since,
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
    translated,
)
from agent.core.configuration.config import Repository
from agent.core.evidence.renamed import UNMET, names_today
from agent.core.model import chain
from agent.core.model.chain import StoredRecord
from agent.core.model.records import KINDS, Body, Entry, RepositoryRecord
from agent.errors import LedgerDamaged

B = TypeVar("B", bound=Body)


class _Wanted(Struct, frozen=True):
    """Which records are asked for; what is empty stands for any. `repositories`: all names of one."""

    process: str = ""
    repositories: tuple[str, ...] = ("",)
    outcome: str = ""

    def streams(self, database: sqlite3.Connection, body: type[B]) -> Iterator[tuple[str, ...]]:
        """Every stream of the table that holds some."""
        for name in self.repositories:
            labels = (as_column(self.process), as_column(name), self.outcome)
            yield from streams(database, labels, (KINDS[body],))

    def fits(self, record: StoredRecord) -> bool:
        """Whether it is such a record, whatever the index says."""
        return (
            self.process in ("", record.process)
            and self.outcome in ("", record.outcome)
            and ("" in self.repositories or record.repository in self.repositories)
        )


class SqliteReader:
    """A ledger that is only read. Every record is checked against its hash before it is believed.

    What was recorded of one of `repositories` under a name that the config has no more is read as of
    today's name.
    """

    def __init__(
        self,
        path: Path,
        database: sqlite3.Connection,
        repositories: Sequence[Repository] = (),
        *,
        by_address: bool = True,
    ) -> None:
        self.path = path
        self._database = database
        self._repositories = repositories
        self._by_address = by_address
        self._today: dict[str, str] = {}  # names of repositories by former names
        self._unmet: frozenset[str] = frozenset()  # of those, that nobody has met by that name yet
        try:
            self._require_tail()
            self._learn_names()
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
        wanted = self._wanted(process, repository, outcome)
        with translated(self.path), self._one_view() as database:
            numbers: list[int] = []
            for stream in wanted.streams(database, body):
                numbers += newest_numbers(database, stream, limit)
            records = [stored(database, number) for number in heapq.nlargest(limit, numbers)]
        return [self._opened(record, body, wanted) for record in records]

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        """The oldest record of one kind; an empty process matches everything."""
        wanted = self._wanted(process)
        with translated(self.path), self._one_view() as database:
            found = [oldest_number(database, stream) for stream in wanted.streams(database, body)]
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
        wanted = self._wanted(process, repository)
        with translated(self.path), self._one_view() as database:
            numbers: list[int] = []
            for stream in wanted.streams(database, body):
                numbers += numbers_with(database, stream, after, texts)
            records = [stored(database, number) for number in sorted(numbers)]
        return [self._opened(record, body, wanted) for record in records]

    def since(self, body: type[B], at: datetime, *, process: str = "") -> Iterator[Entry]:
        """Every record of one kind written from `at` on, oldest first, behind the newest older ones.

        Those are one for each repository and outcome. One record at a time is held in memory.
        """
        wanted = self._wanted(process)
        with translated(self.path), self._one_view() as database:
            begin = first_since(database, at.astimezone(UTC).isoformat())
            numbers: list[int] = []
            for stream in wanted.streams(database, body):
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

    def _wanted(self, process: str = "", repository: str = "", outcome: str = "") -> _Wanted:
        former = [name for name, today in self._today.items() if today == repository]
        return _Wanted(process, (repository, *former), outcome)

    def _opened(self, record: StoredRecord | None, body: type[B], wanted: _Wanted) -> Entry:
        """The record, when it is what the index says that it is."""
        entry = chain.open_record(record) if record is not None and wanted.fits(record) else None
        if entry is None or not isinstance(entry.body, body):
            raise LedgerDamaged(
                f"The index of the ledger {self.path} names a record that is not there.", DAMAGED_HINT
            )
        today = self._today.get(getattr(entry.body, "repository", ""))
        if not today:
            return entry
        found = replace(entry.body, repository=today)
        if isinstance(found, RepositoryRecord) and today in self._unmet:
            found = replace(found, address=UNMET)
        return replace(entry, body=found)

    def _learn_names(self) -> None:
        """Which repositories had other names before."""
        self._today, self._unmet = {}, frozenset()
        if self._repositories:
            everyone = _Wanted()
            with translated(self.path), self._one_view() as database:
                each = list(everyone.streams(database, RepositoryRecord))
                numbers = [newest_numbers(database, stream, 1)[0] for stream in each]
                records = [stored(database, number) for number in sorted(numbers)]
            noted = [self._opened(record, RepositoryRecord, everyone).body for record in records]
            met = [one for one in noted if isinstance(one, RepositoryRecord)]
            self._today = names_today(self._repositories, met, by_address=self._by_address)
            self._unmet = frozenset(self._today.values()).difference(one.repository for one in met)

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
