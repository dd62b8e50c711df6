"""A ledger that does not exist yet, to read."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self, TypeVar

from agent.core.model import chain
from agent.core.model.records import Body, Entry

B = TypeVar("B", bound=Body)


class EmptyReader:
    """What a ledger that does not exist yet says."""

    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        """Nothing."""
        return []

    def newest_entries(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        """Nothing."""
        return []

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        """None."""
        return None

    def search(
        self,
        body: type[B],
        texts: Sequence[str] = (),
        *,
        process: str = "",
        repository: str = "",
        after: int = 0,
    ) -> list[Entry]:
        """Nothing."""
        return []

    def since(self, body: type[B], at: datetime, *, process: str = "") -> Iterator[Entry]:
        """Nothing."""
        return iter(())

    def head(self) -> tuple[int, str]:
        """No record, and the hash that the first one will name."""
        return 0, chain.GENESIS

    def entries(self) -> Iterator[Entry]:
        """Nothing."""
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Nothing is open."""
