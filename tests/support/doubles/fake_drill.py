"""A drill's room and a repository that only note what is asked of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes
from agent.core.drill.proofs import Judgement, passed
from agent.core.drill.sampling import Part, Sample
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.kinds.kinds import Unseen
from agent.core.model.drills import ProofResult
from agent.core.model.records import Body
from agent.core.model.repository import RestoreReport
from agent.core.model.snapshots import DumpNote, TableCounts
from agent.operations.drill.task import DrillTools
from support.builders.shop import GIB, NOW
from support.doubles.fakes import FakeClock, FakeLedger

CARRIED = "/state/carried/orders"
GOOD = RestoreReport(seconds=1.0)
PART = Part(first=b"", last=b"srv", entries=1, of=9, cursor="srv")


def witness(sha256: str, described: str = "", carried: str = CARRIED, **changes: Any) -> RestoredWitness:
    fields = {"file": "witness", "begun_ns": 0, "checksums_sha256": "", "tables": ()}
    return RestoredWitness(
        sha256=sha256, described_sha256=described, carried=carried, **{**fields, **changes}
    )


class FakeRoom:
    """Has the witnesses and the losses that a test gives it; `asked` keeps what it was asked for."""

    tree, cache = "/scratch/tree", "/scratch/cache"

    def __init__(self) -> None:
        self.found: RestoredWitness | None = None  # what came back
        self.own: RestoredWitness | None = None  # our own copy
        self.result = Verification()
        self.asked: list[Any] = []
        self.moving = MovingFiles()
        self.of_found = passed()
        self.unseen: list[Unseen] = []

    def require(self, needed_bytes: int, files: int) -> None:
        self.asked.append(("require", needed_bytes, files))

    def renew(self) -> None:
        self.asked.append("renew")

    def read_early(self, process: str, witness_sha256: str) -> None:
        self.asked.append(("read early", witness_sha256))

    def end_early(self) -> None:
        self.asked.append("end early")

    def find_witness(self, paths: Sequence[str]) -> RestoredWitness | None:
        return self.found

    def known_witness(self, process: str, sha256: str) -> RestoredWitness | None:
        return self.own if self.own and self.own.sha256 == sha256 else None

    def next_sample(self, of: RestoredWitness, share: float, cursor: str, vital: Sequence[str]) -> Sample:
        self.asked.append(("next sample", share, cursor))
        patterns = (b"/srv/a", *(os_bytes(path) for path in vital))
        return Sample(part=PART, patterns=patterns, size=GIB // 5, entries=100)

    def verify(
        self,
        of: RestoredWitness,
        roots: Sequence[str],
        moving: MovingFiles,
        part: Part | None,
        on_read: Callable[[int, int], None],
        vital: Sequence[str] = (),
    ) -> Verification:
        self.moving = moving
        self.asked.append(("verify", of.sha256, tuple(roots)))
        return self.result

    def verify_carried(
        self, of: RestoredWitness, tables: Sequence[TableCounts], result: Verification
    ) -> None:
        self.asked.append("verify carried")

    def lay_databases(self, of: RestoredWitness, tables: Sequence[TableCounts]) -> None:
        self.asked.append(("lay", tuple(tables)))

    def examine_found(
        self, of: RestoredWitness, tables: Sequence[TableCounts]
    ) -> list[tuple[str, Judgement]]:
        return [(known.database, self.of_found) for known in tables if known.found]

    def cut_dumps(self, dumps: Sequence[DumpNote]) -> tuple[list[DumpNote], list[Unseen]]:
        return [dump for dump in dumps if dump.is_cut], self.unseen

    def write_lists(self, name: str, of: RestoredWitness, result: Verification) -> str:
        self.asked.append(("lists", name))
        return "/state/damage"

    def keep(self) -> str:
        return self.tree


class FakeRestoring:
    def __init__(self, room: FakeRoom) -> None:
        self.room = room

    def wait(self) -> RestoreReport:
        return GOOD

    def stop(self) -> None:
        self.room.asked.append("stop")


class FakeRepository:
    """Restores nothing; `restored` are the snapshots with the patterns that it was asked for."""

    def __init__(self, room: FakeRoom) -> None:
        self.room = room
        self.restored: list[tuple[str, tuple[bytes, ...]]] = []
        self.of_version = (0, 19, 1)

    def version(self) -> tuple[int, int, int]:
        return self.of_version

    def restore_size(self, snapshot: str) -> tuple[int, int]:
        return GIB, 10

    def start_restore(
        self, snapshot: str, target: str, includes: Sequence[bytes] = (), on_bytes: object = None
    ) -> FakeRestoring:
        self.restored.append((snapshot, tuple(includes)))
        return FakeRestoring(self.room)


class FakeProgress:
    """Keeps the titles."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        self.titles.append(title)

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        pass

    def end(self) -> None:
        self.titles.append("")


class FakeProver:
    """Every proof ends as said; `proven` are the trees that were asked about."""

    def __init__(self) -> None:
        self.outcome: Any = "passed"
        self.proven: list[tuple[str, datetime]] = []

    def __call__(
        self,
        process: CriticalProcess,
        tree: str,
        tables: tuple[TableCounts, ...],
        snapshot_at: datetime,
        moving: MovingFiles,
    ) -> tuple[tuple[ProofResult, ...], tuple[str, ...]]:
        self.proven.append((tree, snapshot_at))
        results = [ProofResult(name=one.name, outcome=self.outcome, seconds=1) for one in process.proofs]
        return tuple(results), ("user",)


class Tools:
    """The tools of a drill, each in the test's hand."""

    def __init__(self, *records: Body) -> None:
        self.room = FakeRoom()
        self.repository = FakeRepository(self.room)
        self.prover = FakeProver()
        self.ledger = FakeLedger(*records)
        self.progress = FakeProgress()
        self.tools = DrillTools(
            repository=self.repository,  # type: ignore[arg-type]
            room=self.room,
            prove=self.prover,
            chosen=lambda: None,
            ledger=self.ledger,
            clock=FakeClock(NOW),
            progress=self.progress,
        )
