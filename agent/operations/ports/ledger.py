"""The ledger as the operations see it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from agent.core.model.records import Body, Entry

B = TypeVar("B", bound=Body)


class Lookup(Protocol):
    """What a run asks of what was recorded."""

    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        """The newest bodies of one kind, newest first; an empty filter matches everything."""
        ...

    def newest_entries(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        """The same with their places in the chain."""
        ...

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        """The oldest record of one kind; an empty process matches everything."""
        ...

    def search(
        self,
        body: type[B],
        texts: Sequence[str] = (),
        *,
        process: str = "",
        repository: str = "",
        after: int = 0,
    ) -> list[Entry]:
        """Every record of one kind behind number `after` with one of `texts` in its JSON; oldest first.

        Without `texts` it is every one. A text is found as it stands in canonical JSON: "\"code\"".
        """
        ...


class LedgerReader(Lookup, Protocol):
    """What was recorded."""

    def since(self, body: type[B], at: datetime, *, process: str = "") -> Iterator[Entry]:
        """Every record of one kind written from `at` on, oldest first, behind the newest older ones.

        Those are one for each repository and outcome. One record at a time is held in memory.
        """
        ...

    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last record; (0, "0" * 64) when there is none."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Every record, oldest first."""
        ...


class WorkLedger(Lookup, Protocol):
    """What a run has of the ledger: it asks, and notes what it did."""

    def append(self, body: Body, at: datetime) -> Entry:
        """Write one record; when this returns, the record survives a power cut."""
        ...


class Ledger(LedgerReader, WorkLedger, Protocol):
    """The record of everything, to read and to append to."""
