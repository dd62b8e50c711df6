"""What a run of `readiness snapshot` saw, as its record holds it."""

from datetime import datetime

from msgspec import Struct

from agent.core.model.findings import Finding
from agent.core.model.runs import Outcome


class RootIdentity(Struct, frozen=True):
    """What a source root was when it was last good: enough to notice another disk in its place."""

    path: str
    device: int
    inode: int
    files: int = 0  # regular files below it
    lasting_files: int | None = None  # without what databases write beside their data; None: not counted
    lasting_bytes: int = 0  # in those
    system: int = (
        0  # what its file system calls itself, where it has a name; 0: it has none, or nobody noted it
    )


class DirectoryExtent(Struct, frozen=True):
    """How much lies below one directory."""

    path: str
    files: int
    bytes: int


class HeldExtent(Struct, frozen=True):
    """How much a vital path, or a path of the process, holds; as configured, links followed."""

    path: str
    files: int
    bytes: int
    is_file: bool
    anew: bool = False  # less than before for a reason that is no loss: what it held earlier is no measure
    aside_bytes: int = 0  # that the file held which was rotated away
    aside: str = ""  # the file that holds what was rotated away, until it has content again
    thin: bool = False  # a person accepted that excludes keep nearly all of it out


class DumpNote(Struct, frozen=True):
    """A dump of a database among the files; `at` is when it was last written."""

    path: str
    bytes: int
    at: datetime
    is_cut: bool = False  # it does not end as its kind does
    newest_in: str | None = None  # the topmost directory of which it is the newest content; None: not noted
    pieces: int = 1  # files that it was cut up into; the path is that of the first
    renewed: bool = False  # it, or a generation of it, was known with another time before
    of_a_job: bool = False  # whole ones of it were written minutes apart, at any time before
    known: bool | None = None  # its content is of a kind that we know, or has to be; None: it cannot be told


class TableCounts(Struct, frozen=True):
    """The row count of every table of one SQLite database, noted from its consistent copy."""

    database: str  # the path in the config
    copy: str  # name of the consistent copy inside the snapshot's carried directory
    rows: dict[str, int]
    sha256: str = ""  # of the copy, in hexadecimal
    found: bool = False  # by its first bytes: no proof names it


class DatabaseNote(Struct, frozen=True):
    """The rows of a SQLite database that stands still: it is saved as a file, and read where it lies."""

    path: str
    rows: dict[str, int]  # of its largest tables


class SnapshotRecord(Struct, frozen=True, kw_only=True):
    """What one run of `readiness snapshot` saw for one process and one repository."""

    process: str
    repository: str
    started: datetime
    outcome: Outcome
    seconds: float
    snapshot: str = ""  # the full restic ID; empty when none was made
    snapshot_at: datetime | None = None  # the time restic gave it
    repository_id: str = ""
    host: str = ""
    restic: str = ""
    paths: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    allocated: int = 0  # bytes on disk, less than `bytes` where files are sparse
    moving: int = 0
    moving_paths: tuple[str, ...] = ()
    gone_paths: tuple[str, ...] = ()  # of them, those that were not there any more in the end
    replaced_paths: tuple[str, ...] = ()  # of them, dumps and vital files that are whole in the snapshot
    vital: tuple[str, ...] | None = None  # the declared vital paths that were looked for; None: not noted
    vital_moving: tuple[str, ...] = ()  # vital files that were being written all the while
    witness_sha256: str = ""
    roots: tuple[RootIdentity, ...] = ()
    mounts: tuple[RootIdentity, ...] = ()  # other file systems below the roots
    directories: tuple[DirectoryExtent, ...] = ()  # the paths, and the largest below them
    held: tuple[HeldExtent, ...] = ()  # the vital paths and the paths
    dumps: tuple[DumpNote, ...] = ()  # the newest
    dumps_before: tuple[DumpNote, ...] = ()  # in earlier snapshots: of each that is not whole in this one
    tables: tuple[TableCounts, ...] = ()
    databases: tuple[DatabaseNote, ...] = ()  # that no proof names, and that need no copy
    excluded: tuple[str, ...] = ()  # topmost directories and files that `exclude` kept out
    same_device: bool = False  # the repository is certain to be lost with a source's disk, or this machine
    place: str = ""  # where the repository lies as seen from the sources; empty: nobody looked
    place_reason: str = ""  # what is to be said of that besides
    accepted: bool = False  # a person took this extent as the new normal
    accepted_findings: tuple[Finding, ...] = ()  # what they accepted with it
    copy_of: str = ""  # the ID with which it was taken, where it has another one here
    tree: str = ""  # the ID of its content, the same in every repository; empty where that was not noted
    findings: tuple[Finding, ...] = ()

    @property
    def origin(self) -> str:
        """The ID with which it was taken, the same for all copies of it."""
        return self.copy_of or self.snapshot
