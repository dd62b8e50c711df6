"""Every side effect this agent may have, as the operations see it.

Adapters implement these; operations and adapters never import each other.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from agent.core.model import Body, Entry

B = TypeVar("B", bound=Body)


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...


class LedgerReader(Protocol):
    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        """The newest bodies of one kind, newest first; an empty filter matches everything."""
        ...

    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last record; (0, "0" * 64) when there is none."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Every record, oldest first."""
        ...


class Ledger(LedgerReader, Protocol):
    def append(self, body: Body, at: datetime) -> Entry:
        """Write one record; when this returns, the record survives a power cut."""
        ...


class Progress(Protocol):
    """Where long work tells how far it is. Implementations draw a bar, print plain lines, or are silent."""

    def begin(self, title: str, total_bytes: int | None = None) -> None: ...

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        """How much is done since `begin` (not since the last call)."""
        ...

    def end(self) -> None: ...
