"""The live files of one critical process."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from agent.core.kinds.rotations import Turns
from agent.core.model.findings import Finding
from agent.core.model.places import Placed
from agent.core.model.snapshots import TableCounts
from agent.core.model.swapped import KeptFile
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.exposure import Comparison
from agent.core.snapshot.extent import Moved, Scan
from agent.core.snapshot.held import Neighbour
from agent.core.snapshot.live_databases import Copied
from agent.core.snapshot.shrinkage import Names


class Sources(Protocol):
    """The live files of one process, and the directory with the witness that its snapshots carry."""

    carried: str  # absolute path

    def roots(self) -> list[Finding]:
        """What is wrong with the paths themselves: missing, or links."""
        ...

    def copy_databases(self, known: Collection[str]) -> tuple[tuple[TableCounts, ...], list[Finding]]:
        """Put consistent copies of the declared SQLite databases beside the witness, and count their rows."""
        ...

    def scan(self, on_read: Callable[[int, int], None], are_zeros_meant: Callable[[bytes], bool]) -> Scan:
        """Walk everything and write a new witness, not yet in place.

        `are_zeros_meant`: whether a file, by its path without a leading slash, may have become zero bytes.
        """
        ...

    def copy_found(self, scan: Scan, known: Collection[str]) -> Copied:
        """The same for the live databases in `scan` that no proof names; those that stand still are read.

        Those `known` from earlier snapshots are said when they are no databases any more."""
        ...

    def keep(self, scan: Scan, tables: tuple[TableCounts, ...]) -> tuple[int, int]:
        """Put the new witness in place; returns how many files, and bytes, the carried directory holds."""
        ...

    def drop(self) -> None:
        """Forget the new witness."""
        ...

    def moved(self, missed: Collection[str]) -> Moved:
        """What changed, vanished or appeared since the scan.

        `missed` were not there when restic came: those that were not there at the scan either came and went.
        """
        ...

    def unlisted(self, files: Sequence[KeptFile]) -> Sequence[KeptFile]:
        """Those files of a snapshot that the scan did not meet in that state, wherever they lay."""
        ...

    def settled(self, places: Sequence[bytes], seconds: float) -> bool:
        """Wait at most so long until these files are there and stand still; whether they do."""
        ...

    def only_grew(self, place: bytes) -> bool:
        """Whether the file still begins with all that the last good snapshot recorded of it."""
        ...

    def beside(self, place: bytes, wanted: Callable[[str], bool]) -> Collection[Neighbour]:
        """The regular files of `wanted` names in the directory of a place."""
        ...

    def blank(self, places: Collection[bytes]) -> frozenset[bytes]:
        """The files that hold nothing but white space and zeros."""
        ...

    def held_before(self, places: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
        """Files and bytes in or below each place, as the last good snapshot recorded them."""
        ...

    def still_named(self, places: Mapping[bytes, bool]) -> dict[bytes, Names]:
        """How many of the files that the last good snapshot recorded there the scan met by the same name.

        True for places in which a dated file may have made room for the next one."""
        ...

    def turns(self, was: bytes, wanted: Callable[[str], bool]) -> Turns:
        """The files of `wanted` names that the scan met, wherever they lie, held against what the last good
        snapshot recorded of the file `was`."""
        ...

    def differences(self, changes: Changes) -> Comparison | None:
        """Count how the kept witness differs from that of the last good snapshot; None when it does not."""
        ...

    def remember(self) -> None:
        """The snapshot of the kept witness is good: later ones are compared with it."""
        ...

    def place_of(self, url: str, options: Sequence[str]) -> Placed:
        """Where the repository at `url`, which restic reaches with `options`, lies as the sources see it."""
        ...
