"""What the service needs of the world; adapters implement it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from agent.core.configuration.config import Config
from agent.core.model.findings import Finding
from agent.core.schedule.jobs import Asked, JobEnd, Level


class Job(Protocol):
    """A command of ours at work."""

    def look(self) -> JobEnd | None:
        """How it ended; None while it is at work. Ends one that shows no sign of life any more."""
        ...

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        ...

    def stop(self, grace: float) -> None:
        """Ask it to end, and insist after `grace` seconds."""
        ...


class Jobs(Protocol):
    """Starts commands of ours, as a person would on the command line."""

    def start(self, arguments: Sequence[str]) -> Job: ...


class Clocks(Protocol):
    """The time of day, which may be set, and a time that only goes forward."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds since the machine was started, those of its sleep included."""
        ...


class Stir(Protocol):
    """Changes of a process's files that were heard of."""

    @property
    def process(self) -> str: ...

    @property
    def first(self) -> float:
        """When the first was heard of, on the monotonic clock."""
        ...

    @property
    def last(self) -> float: ...

    @property
    def events(self) -> int: ...


class Watching(Protocol):
    """Hears of changes of files. What it hears is a hint; what it does not hear, the scan finds."""

    def changes(self) -> dict[str, Any]:
        """A `Stir` for every process that changed since it was last settled."""
        ...

    def settled(self, process: str) -> None:
        """Forget the changes of a process that were heard of so far."""
        ...

    def rescan(self) -> set[str]:
        """The processes of which events were lost since the last call."""
        ...

    def troubles(self) -> list[Finding]:
        """What keeps it from hearing everything."""
        ...

    def alive(self) -> bool:
        """Its threads are at work."""
        ...

    def stop(self) -> None: ...


class Watches(Protocol):
    """Begins to watch the processes of a config."""

    def start(self, config: Config) -> Watching: ...


class Supervisor(Protocol):
    """Whoever started the service and wants to know that it is well."""

    def ready(self, status: str) -> None: ...

    def alive(self, status: str) -> None:
        """A sign of life."""
        ...

    def stopping(self) -> None: ...


class LifeSign(Protocol):
    """What others can tell from, without asking us, that we live."""

    def give(self, now: datetime, *, recorded: bool) -> str:
        """Leave one; `recorded` says that nothing waits to be recorded. Returns what went wrong, or ""."""
        ...


class Log(Protocol):
    """One line for each event."""

    def __call__(self, level: Level, text: str) -> None: ...


class Waiter(Protocol):
    """Where the service rests."""

    def wait(self, seconds: float) -> Asked:
        """Rest so long, or until a signal comes or a job ends."""
        ...
