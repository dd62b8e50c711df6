"""The private room in which a drill restores and compares."""

from collections.abc import Callable, Sequence
from typing import Protocol

from agent.core.drill.proofs import Judgement
from agent.core.drill.sampling import Part, Sample
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.kinds.kinds import Unseen
from agent.core.model.snapshots import DumpNote, TableCounts


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

    def next_sample(
        self, witness: RestoredWitness, share: float, cursor: str, vital: Sequence[str]
    ) -> Sample:
        """The part of a sampled drill, with what is vital wherever links lead to it."""
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

    def examine_found(
        self, witness: RestoredWitness, tables: Sequence[TableCounts]
    ) -> list[tuple[str, Judgement]]:
        """Look into the carried copies of databases that no proof names."""
        ...

    def cut_dumps(self, dumps: Sequence[DumpNote]) -> tuple[list[DumpNote], list[Unseen]]:
        """Those of the restored dumps that are not whole, and those that nobody could look into."""
        ...

    def write_lists(self, name: str, witness: RestoredWitness, result: Verification) -> str:
        """List lost and surviving files in two files below the state directory; returns their directory."""
        ...

    def keep(self) -> str:
        """Keep the restored tree for a person to look at; returns where it is."""
        ...
