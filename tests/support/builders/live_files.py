"""Files that are watched and looked at: real ones, mounts over them, and a good witness without restic."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agent.adapters.sources.exposure_scan import ExposureScan
from agent.adapters.sources.scan import Scanner
from agent.adapters.sources.witness_changes import good_witness, remember_witness
from agent.core.configuration.config import CriticalProcess
from agent.core.model.snapshots import RootIdentity, SnapshotRecord
from agent.core.snapshot.exposure import Look, changes_since, what_is_wrong
from agent.core.snapshot.extent import Scan
from support.builders.shop import snapshot

LONG_AGO = 1_600_000_000
MIB = 1 << 20
ORDERS_ROOT = RootIdentity("/srv/orders", 1, 2, 100)
Mount = Callable[[Path], None]


@contextmanager
def mounted_over() -> Iterator[Mount]:
    """Mounts empty file systems over directories, and takes them away at the end."""
    done: list[Path] = []

    def mount(place: Path) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "readiness-test", place], check=True)
        done.append(place)

    try:
        yield mount
    finally:
        for place in reversed(done):
            subprocess.run(["umount", "--lazy", place], check=False, stderr=subprocess.DEVNULL)


def text(number: int) -> bytes:
    """2,000 bytes that are like other texts."""
    return (f"order {number}: ten pieces of blue paint for customer {number * 7919}\n" * 40).encode()[:2000]


class LiveFiles:
    """The files of the process "orders" and, after `remember`, the witness of its last good snapshot."""

    def __init__(self, base: Path, *, paths: tuple[str, ...] = ()) -> None:
        self.root = base / "srv" / "orders"
        self.root.mkdir(parents=True)
        self._carried = base / "carried"
        self._carried.mkdir()
        self._state = base / "state"
        self._state.mkdir()
        self.process = CriticalProcess(
            name="orders", paths=paths or (str(self.root),), rto=1, rpo=1, mtd=1, max_proof_age=1
        )

    def fill(
        self, directory: str, number: int, suffix: str = ".txt", content: Callable[[int], bytes] = text
    ) -> None:
        """So many files, last written long ago."""
        for n in range(number):
            file = self.root / directory / f"{n // 50}" / f"file-{n:04}{suffix}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content(n))
            os.utime(file, (LONG_AGO, LONG_AGO))

    def files(self) -> list[Path]:
        """All of them, in order."""
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def remember(self) -> None:
        """Take the witness of what is there now as that of a good snapshot."""
        started = datetime.now(UTC)
        with closing(Scanner(self._carried, self.process.paths, (), ())) as scanner:
            scan = scanner.scan(0, lambda files, size: None)
            scanner.keep(unchanged=False)
        remember_witness(self._carried, good_witness(self._state, "orders"))
        self.good = SnapshotRecord(
            process="orders",
            repository="primary",
            started=started,
            outcome="passed",
            seconds=0.0,
            host="shop",
            paths=self.process.paths,
            files=scan.files,
            bytes=scan.size,
            roots=scan.roots,
        )

    def look(self) -> Look:
        """What differs by now."""
        changes = changes_since(self.good, [self.good], self.process.paths)
        with closing(ExposureScan(self.process, str(self._state))) as scan:
            return scan.look(changes)

    def codes(self) -> list[str]:
        """The codes of what one look finds."""
        return [found.code for found in what_is_wrong(self.process, self.look(), self.good)]


def scan(**changes: Any) -> Scan:
    """What a look at the files of orders found: as much as the last `good` snapshot holds."""
    usual = Scan(
        files=100,
        size=10 * MIB,
        allocated=10 * MIB,
        entries=110,
        begun_ns=0,
        witness_sha256="ab" * 32,
        roots=(ORDERS_ROOT,),
    )
    return replace(usual, **changes)


def good(**changes: Any) -> SnapshotRecord:
    return snapshot(files=100, bytes=10 * MIB, roots=(ORDERS_ROOT,), **changes)
