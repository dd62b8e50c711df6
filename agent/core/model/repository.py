"""What a restic repository tells us, free of restic's wording."""

from datetime import datetime

from msgspec import Struct

TAG = "readiness"


class StoredSnapshot(Struct, frozen=True, kw_only=True):
    """A snapshot as the repository lists it; `id` is the full ID."""

    id: str
    time: datetime
    host: str
    paths: tuple[str, ...]
    tags: tuple[str, ...] = ()
    tree: str = ""  # the ID of its content, the same in every repository
    original: str = ""  # the ID that it had where it was copied from


class Complaint(Struct, frozen=True, kw_only=True):
    """Something that restic could not save as it should have, and not for the source's sake alone.

    `code` is that of a finding about the repository; empty where restic's words do not tell. `absent`:
    restic says that no such file was there.
    """

    path: str
    code: str = ""
    words: str = ""
    absent: bool = False


class Stamp(Struct, frozen=True):
    """Which state of a file: when it was last written, in microseconds since 1970, and its bytes."""

    mtime_us: int
    size: int


class BackupSummary(Struct, frozen=True, kw_only=True):
    """What restic says it stored; counts are of regular files."""

    snapshot: str  # full, or the first 8 characters before restic 0.15
    files: int
    bytes: int
    unreadable: tuple[str, ...] = ()  # sources restic could not read, as far as it named them
    absent: tuple[str, ...] = ()  # those of them that were not there when restic came, as it says
    complaints: tuple[Complaint, ...] = ()  # of other items
    complete: bool = True  # False when restic itself says that something is missing

    @property
    def missed(self) -> tuple[str, ...]:
        """What may have come and gone while restic read: it was not there, or restic has no words for it."""
        return (*self.absent, *(one.path for one in self.complaints if not one.words))


class RestoreReport(Struct, frozen=True, kw_only=True):
    """How a restore run ended. `complaint` is restic's word for what went wrong, empty when nothing did."""

    seconds: float
    complaint: str = ""
    hint: str = ""
    code: str = ""  # the finding code of the complaint, where it is one that says "could not be tested"


def process_tag(process: str) -> str:
    """The tag that files a snapshot under its critical process."""
    return f"process={process}"


def matching(
    snapshots: list[StoredSnapshot], *, process: str, host: str, paths: tuple[str, ...]
) -> list[StoredSnapshot]:
    """The snapshots of one process, taken on `host`, that hold at least `paths`; newest first.

    Without all three filters the newest snapshot of a shared repository may be another machine's.
    """
    wanted = {TAG, process_tag(process)}
    fitting = [
        snapshot
        for snapshot in snapshots
        if snapshot.host == host and wanted <= set(snapshot.tags) and set(paths) <= set(snapshot.paths)
    ]
    return sorted(fitting, key=lambda snapshot: (snapshot.time, snapshot.id), reverse=True)
