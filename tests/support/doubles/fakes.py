"""Hand-written stand-ins for the outside world, shared by the tests."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import to_builtins

from agent.core.model.chain import canonical
from agent.core.model.records import Body, Entry

B = TypeVar("B", bound=Body)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class FakeClock:
    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class FakeLedger:
    """A ledger in memory that counts what is asked of it."""

    def __init__(self, *bodies: Body) -> None:
        self.stored: list[Entry] = []
        self.queries = 0
        self.read = 0  # bodies handed out
        for body in bodies:
            self.append(body, getattr(body, "started", LONG_AGO))

    def append(self, body: Body, at: datetime) -> Entry:
        number = len(self.stored) + 1
        entry = Entry(sequence=number, at=at, body=body, hash=f"{number:064x}")
        self.stored.append(entry)
        return entry

    def newest(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[B]:
        entries = self.newest_entries(
            body, process=process, repository=repository, outcome=outcome, limit=limit
        )
        return [entry.body for entry in entries if isinstance(entry.body, body)]

    def newest_entries(
        self, body: type[B], *, process: str = "", repository: str = "", outcome: str = "", limit: int = 1
    ) -> list[Entry]:
        self.queries += 1
        wanted = {"process": process, "repository": repository, "outcome": outcome}
        found = [
            entry
            for entry in reversed(self.stored)
            if isinstance(entry.body, body)
            and all(value in ("", getattr(entry.body, key, None)) for key, value in wanted.items())
        ][:limit]
        self.read += len(found)
        return found

    def first(self, body: type[B], *, process: str = "") -> Entry | None:
        return next(iter(self.search(body, process=process)), None)

    def search(
        self,
        body: type[B],
        texts: Sequence[str] = (),
        *,
        process: str = "",
        repository: str = "",
        after: int = 0,
    ) -> list[Entry]:
        wanted = {"process": process, "repository": repository}
        return [
            entry
            for entry in self.stored[after:]
            if isinstance(entry.body, body)
            and all(value in ("", getattr(entry.body, key, None)) for key, value in wanted.items())
            and (not texts or any(text in canonical(to_builtins(entry.body)) for text in texts))
        ]

    def since(self, body: type[B], at: datetime, *, process: str = "") -> Iterator[Entry]:
        found = self.search(body, process=process)
        older = {
            (getattr(entry.body, "repository", ""), getattr(entry.body, "outcome", "")): entry
            for entry in found
            if entry.at < at
        }
        return iter([*older.values(), *(entry for entry in found if entry.at >= at)])

    def head(self) -> tuple[int, str]:
        return (len(self.stored), self.stored[-1].hash) if self.stored else (0, "0" * 64)

    def entries(self) -> Iterator[Entry]:
        return iter(self.stored)
