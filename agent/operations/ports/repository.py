"""A restic repository: what the operations do with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from agent.core.model.repository import BackupSummary, RestoreReport, Stamp, StoredSnapshot
from agent.core.model.repository_upkeep import Attempt, CheckReport
from agent.core.model.swapped import KeptFile
from agent.operations.ports.progress import OnBytes


class Listing(Protocol):
    """A listing of snapshots that was asked for."""

    def result(self) -> list[StoredSnapshot]:
        """Wait for the answer; ResticError when there is none."""
        ...

    def unreadable(self) -> tuple[str, ...]:
        """After the result: IDs, or their beginnings, of snapshots that are there but cannot be read."""
        ...

    def denied(self) -> tuple[str, ...]:
        """Likewise of those that we may not read: they are in no way wrong."""
        ...

    def stop(self) -> None:
        """The answer is no longer wanted."""
        ...


class Backup(Protocol):
    """A backup that is ready to begin."""

    def finish(self, on_bytes: OnBytes) -> BackupSummary:
        """Read everything and wait for the end; ResticError when there is no snapshot."""
        ...

    def stop(self) -> None:
        """There is to be no snapshot. Does nothing after the end."""
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

    def held(self, snapshot: str, paths: Sequence[str]) -> Mapping[str, Stamp]:
        """Which of these absolute paths the snapshot holds, and in which state."""
        ...

    def directories(self, snapshot: str, places: Sequence[str]) -> Sequence[str]:
        """The directories that the snapshot holds in these, by absolute paths; a few more may be among them.

        As restic spells them, and as often as it names them."""
        ...

    def files(
        self, snapshot: str, places: Sequence[str], wanted: Callable[[KeptFile], bool]
    ) -> Sequence[KeptFile]:
        """The `wanted` ones of the files that the snapshot holds below these absolute paths."""
        ...

    def with_inodes(self, tree: str, files: Sequence[KeptFile]) -> Sequence[KeptFile]:
        """Those files of the snapshot of this tree with their inodes, as far as these can be told."""
        ...

    def start_backup(
        self, paths: Sequence[str], excludes: Sequence[str], process: str, host: str
    ) -> Backup: ...

    def start_restore(
        self,
        snapshot: str,
        target: str,
        includes: Sequence[bytes] = (),
        on_bytes: OnBytes | None = None,
    ) -> Restoring: ...


class Copier(Protocol):
    """Copies snapshots from one repository into another."""

    def copy(self, snapshots: Sequence[str]) -> None:
        """Copy these (full IDs) that are not there yet; ResticError when restic says that it could not."""
        ...


class Upkeep(Protocol):
    """What keeps a repository small and sound."""

    def forget(self, snapshots: Sequence[str]) -> Attempt:
        """Remove these snapshots (full IDs); whether they went, a listing tells."""
        ...

    def prune(self) -> Attempt:
        """Free the space of removed snapshots."""
        ...

    def check(self, part: int, parts: int, cache: str) -> CheckReport:
        """Check the structure and read the data of one part; ResticError when that could not be done.

        `cache` is a directory that is used for nothing else, and removed.
        """
        ...
