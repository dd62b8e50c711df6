"""Every side effect this agent may have, as the operations see it.

Adapters implement these; operations and adapters never import each other.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from agent.core.extent import Scan
from agent.core.model import Body, Entry, Finding, TableCounts
from agent.core.repository import BackupSummary, RestoreReport, StoredSnapshot

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


OnBytes = Callable[[int, int, int], None]  # bytes done, files done, bytes in all (0: not known)


class Listing(Protocol):
    """A listing of snapshots that was asked for."""

    def result(self) -> list[StoredSnapshot]:
        """Wait for the answer; ResticError when there is none."""
        ...

    def stop(self) -> None:
        """The answer is no longer wanted."""
        ...


class Restoring(Protocol):
    """A restore at work."""

    def wait(self, tick: Callable[[], None] | None = None) -> RestoreReport:
        """Wait for the end, calling `tick` about ten times a second."""
        ...

    def stop(self) -> None: ...


class Repository(Protocol):
    """One restic repository. Every method may raise ResticError."""

    def version(self) -> tuple[int, int, int]: ...

    def repository_id(self) -> str: ...

    def start_listing(self, process: str, host: str) -> Listing: ...

    def restore_size(self, snapshot: str) -> tuple[int, int]: ...

    def backup(
        self, paths: Sequence[str], excludes: Sequence[str], process: str, host: str, on_bytes: OnBytes
    ) -> BackupSummary: ...

    def start_restore(
        self,
        snapshot: str,
        target: str,
        includes: Sequence[bytes] = (),
        on_bytes: OnBytes | None = None,
        on_restored: Callable[[bytes], None] | None = None,
    ) -> Restoring: ...


class Sources(Protocol):
    """The live files of one process, and the directory with the witness that its snapshots carry."""

    carried: str  # absolute path

    def roots(self) -> list[Finding]:
        """What is wrong with the paths themselves: missing, or links."""
        ...

    def copy_databases(self) -> tuple[tuple[TableCounts, ...], list[Finding]]:
        """Put consistent copies of the declared SQLite databases beside the witness, and count their rows."""
        ...

    def scan(self, on_read: Callable[[int, int], None]) -> Scan:
        """Walk everything and write a new witness, not yet in place."""
        ...

    def keep(self, scan: Scan, tables: tuple[TableCounts, ...]) -> tuple[int, int]:
        """Put the new witness in place; returns how many files, and bytes, the carried directory holds."""
        ...

    def drop(self) -> None:
        """Forget the new witness."""
        ...

    def moved(self) -> tuple[list[bytes], int]:
        """Paths that changed, vanished or appeared since the scan, and how many of them are new files."""
        ...

    def on_device_of(self, url: str) -> bool:
        """Whether the repository at `url` lies on the same device as one of the sources."""
        ...
