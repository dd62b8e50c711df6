"""How restored data is proven: commands behind walls, databases, archives, files."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.core.configuration.config import CriticalProcess
from agent.core.drill.proofs import CommandRun, FileTally, Judgement, Soundness
from agent.core.drill.verification import MovingFiles
from agent.core.model.drills import ProofResult
from agent.core.model.snapshots import TableCounts


class Prover(Protocol):
    """Runs the proofs of a process on a restored tree."""

    def __call__(
        self,
        process: CriticalProcess,
        tree: str,
        tables: tuple[TableCounts, ...],
        snapshot_at: datetime,
        moving: MovingFiles,
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

    def generations(
        self, root: Path, pattern: str, until: datetime, moving: MovingFiles
    ) -> dict[str, FileTally]:
        """Count the files that match, apart for each that is no generation of another."""
        ...

    def matching(self, root: Path, pattern: str) -> list[Path]:
        """The regular files that match a glob."""
        ...
