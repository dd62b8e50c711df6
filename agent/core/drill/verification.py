"""What a comparison of restored files with their witness showed."""

from msgspec import Struct, field

from agent.core.drill.content import ContentTally
from agent.core.model.drills import DrillFiles
from agent.core.model.snapshots import TableCounts

NAMED = 100_000  # paths of one kind that are kept by name; the rest is only counted


class Verification(Struct, kw_only=True):
    """Filled while a restored tree is compared; `lost` and the others hold paths without a leading slash."""

    expected: int = 0
    restored: int = 0
    verified: int = 0
    damaged: int = 0
    changed: int = 0
    missing: int = 0
    unexpected: int = 0
    unreadable: int = 0  # were unreadable when the snapshot was taken
    moving: int = 0
    too_long: int = 0  # paths that nothing can restore below the scratch
    bytes_read: int = 0
    expanded: int = 0  # bytes that sparse files take more than they did
    total_files: int = 0  # regular files in the whole witness
    total_bytes: int = 0
    total_entries: int = 0
    content: ContentTally = field(default_factory=ContentTally)
    vital: dict[str, bytes] = field(default_factory=dict)  # where each vital path lies in the tree
    missing_paths: list[bytes] = field(default_factory=list)
    damaged_paths: list[bytes] = field(default_factory=list)
    changed_paths: list[tuple[bytes, str]] = field(default_factory=list)
    unexpected_paths: list[bytes] = field(default_factory=list)
    unreadable_paths: list[bytes] = field(default_factory=list)

    def counts(self) -> DrillFiles:
        """The counts as a record holds them; damaged counts other content and other metadata."""
        return DrillFiles(
            expected=self.expected,
            restored=self.restored,
            verified=self.verified,
            damaged=self.damaged + self.changed,
            missing=self.missing + self.unreadable,
            unexpected=self.unexpected,
            moving=self.moving,
        )

    @property
    def lost(self) -> int:
        """Entries that did not come back as they were."""
        return self.damaged + self.changed + self.missing + self.unreadable

    @property
    def named(self) -> set[bytes]:
        """The lost entries by name; fewer than `lost` when there were too many to keep."""
        changed = {path for path, _ in self.changed_paths}
        return {*self.missing_paths, *self.damaged_paths, *self.unreadable_paths} | changed

    def lose(self, path: bytes) -> None:
        """`path` did not come back; once is enough."""
        if path not in self.missing_paths:
            self.missing += 1
            self.note(self.missing_paths, path)

    def note(self, paths: list[bytes], path: bytes) -> None:
        """Keep `path` by name while there is room."""
        if len(paths) < NAMED:
            paths.append(path)


class RestoredWitness(Struct, frozen=True, kw_only=True):
    """The witness that was found for a snapshot, and what its description says."""

    file: str
    sha256: str  # as computed now
    described_sha256: str  # as the description in the same snapshot says; empty when that is not readable
    begun_ns: int
    checksums_sha256: str  # of SHA256SUMS, as the description says; empty when it does not
    tables: tuple[TableCounts, ...]
    carried: str  # the directory of the snapshot that held it, an absolute source path


class MovingFiles(Struct, frozen=True):
    """What may differ because it was being written while the snapshot was taken.

    `paths` is the recorded list, `gone` what was not there any more when the snapshot was done: of that
    nobody needs the content back. `whole` are those that were replaced: they hold other content, not half
    of it. Without a record (`since_ns`, `until_ns` set) an entry counts as moving when its restored time
    lies between the making of the witness and the end of the snapshot.
    """

    paths: frozenset[bytes] = frozenset()
    gone: frozenset[bytes] = frozenset()
    whole: frozenset[bytes] = frozenset()
    since_ns: int = 0
    until_ns: int = -1

    def holds(self, path: bytes, restored_mtime_ns: int | None) -> bool:
        """Whether a difference at `path` is explained."""
        if path in self.paths:
            return True
        return restored_mtime_ns is not None and self.since_ns <= restored_mtime_ns <= self.until_ns

    def may_be_half(self, path: bytes, restored_mtime_ns: int) -> bool:
        """Whether it may have come back as nothing whole."""
        return path not in self.whole and self.holds(path, restored_mtime_ns)

    def explains_new(self, path: bytes, restored_mtime_ns: int) -> bool:
        """Whether an entry that the witness does not know came, and perhaps went, during the snapshot."""
        if self.holds(path, restored_mtime_ns):
            return True
        above = path
        while above := above.rpartition(b"/")[0]:
            if above in self.paths:
                return True
        return False
