"""Every side effect this agent may have, as the operations see it.

Adapters implement these; operations and adapters never import each other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.core.changes import Changes
from agent.core.configuration import CriticalProcess
from agent.core.exposure import Comparison
from agent.core.extent import Moved, Scan
from agent.core.model import Finding, ProofResult, TableCounts
from agent.core.proofs import CommandRun, FileTally, Judgement, Soundness
from agent.core.repository import BackupSummary, RestoreReport, StoredSnapshot
from agent.core.repository_upkeep import Attempt, CheckReport
from agent.core.sampling import Part
from agent.core.verification import MovingFiles, RestoredWitness, Verification
from agent.operations.ports_ledger import Ledger as Ledger  # noqa: PLC0414 - one page for all
from agent.operations.ports_ledger import LedgerReader as LedgerReader  # noqa: PLC0414


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
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


class Sources(Protocol):
    """The live files of one process, and the directory with the witness that its snapshots carry."""

    carried: str  # absolute path

    def roots(self) -> list[Finding]:
        """What is wrong with the paths themselves: missing, or links."""
        ...

    def copy_databases(self) -> tuple[tuple[TableCounts, ...], list[Finding]]:
        """Put consistent copies of the declared SQLite databases beside the witness, and count their rows."""
        ...

    def scan(self, on_read: Callable[[int, int], None], accept: bool) -> Scan:
        """Walk everything and write a new witness, not yet in place; `accept` what became zero bytes."""
        ...

    def keep(self, scan: Scan, tables: tuple[TableCounts, ...]) -> tuple[int, int]:
        """Put the new witness in place; returns how many files, and bytes, the carried directory holds."""
        ...

    def drop(self) -> None:
        """Forget the new witness."""
        ...

    def moved(self) -> Moved:
        """What changed, vanished or appeared since the scan."""
        ...

    def differences(self, changes: Changes) -> Comparison | None:
        """Count how the kept witness differs from that of the last good snapshot; None when it does not."""
        ...

    def remember(self) -> None:
        """The snapshot of the kept witness is good: later ones are compared with it."""
        ...

    def on_device_of(self, url: str) -> bool:
        """Whether the repository at `url` lies on the same device as one of the sources."""
        ...


class DrillRoom(Protocol):
    """Private room below the scratch for one drill; what is restored lies in `tree`."""

    tree: str

    def require(self, needed_bytes: int, files: int) -> None:
        """ReadinessError `scratch-too-small` when that would not fit."""
        ...

    def renew(self) -> None:
        """Begin again with an empty tree."""
        ...

    def read_early(self, process: str, witness_sha256: str) -> None:
        """Read the files of a full restore while it is under way, if our own copy is that witness."""
        ...

    def end_early(self) -> None:
        """The restore is over; what was read early is remembered for `verify`."""
        ...

    def find_witness(self, paths: Sequence[str]) -> RestoredWitness | None:
        """The witness that came back below one of `paths`."""
        ...

    def known_witness(self, process: str, sha256: str) -> RestoredWitness | None:
        """Our own copy of the witness, when it is the one with this digest."""
        ...

    def next_part(self, witness: RestoredWitness, share: float, cursor: str) -> tuple[Part, list[bytes]]:
        """The part of a sampled drill and the restic patterns that include it."""
        ...

    def verify(
        self,
        witness: RestoredWitness,
        roots: Sequence[str],
        moving: MovingFiles,
        part: Part | None,
        on_read: Callable[[int, int], None],
        vital: Sequence[str] = (),
    ) -> Verification:
        """Compare what was restored with the witness."""
        ...

    def verify_carried(
        self, witness: RestoredWitness, tables: Sequence[TableCounts], result: Verification
    ) -> None:
        """Compare what the snapshot carries beside the data; losses are added to `result`."""
        ...

    def lay_databases(self, witness: RestoredWitness, tables: Sequence[TableCounts]) -> None:
        """Put the consistent copies of databases in the places of the restored live files."""
        ...

    def write_lists(self, name: str, witness: RestoredWitness, result: Verification) -> str:
        """List lost and surviving files in two files below the state directory; returns their directory."""
        ...

    def keep(self) -> str:
        """Keep the restored tree for a person to look at; returns where it is."""
        ...


class Prover(Protocol):
    """Runs the proofs of a process on a restored tree."""

    def __call__(
        self, process: CriticalProcess, tree: str, tables: tuple[TableCounts, ...], snapshot_at: datetime
    ) -> tuple[tuple[ProofResult, ...], tuple[str, ...]]:
        """The results, and which walls stood around the commands."""
        ...


class ProofRunner(Protocol):
    """Runs the proof commands of one restored tree behind walls."""

    @property
    def isolation(self) -> tuple[str, ...]:
        """The walls seen standing around every command so far, and "without ..." for those that were not."""
        ...

    def run(self, command: tuple[str, ...], timeout: int) -> CommandRun: ...


class DatabaseReader(Protocol):
    """Looks into restored SQLite databases. May raise ReadinessError when nothing can be said."""

    def examine(self, database: Path) -> Soundness: ...

    def newest(self, database: Path, query: str) -> str | int | float | Judgement | None:
        """What the query returns, or the judgement that the database does not answer it."""
        ...


class ArchiveReader(Protocol):
    """Looks into archives without unpacking them."""

    def examine(self, archive: Path) -> Judgement:
        """Read the archive to its end."""
        ...


class TreeReader(Protocol):
    """Looks at a restored tree without leaving it."""

    def find(self, root: Path, path: str) -> Path | None:
        """Where the source path `path` lies below `root`; None when it was not restored."""
        ...

    def tally(self, root: Path, path: str, until: datetime) -> FileTally | None:
        """Count the regular files below `path`; None when it was not restored."""
        ...

    def matching(self, root: Path, pattern: str) -> list[Path]:
        """The regular files that match a glob."""
        ...
