"""Waits for vital files that are being written, so that the snapshot is taken again when they are whole."""

import time
from collections.abc import Sequence

from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.extent import VitalPlace
from agent.core.snapshot.vital import may_have_grown
from agent.operations.ports.progress import Progress
from agent.operations.ports.repository import Repository
from agent.operations.ports.sources import Sources

TRIES = 2  # more snapshots at most
SECONDS = 60.0  # that all waiting may take


class Patience:
    """What is left of it in one run."""

    def __init__(self, sources: Sources, progress: Progress, process: str) -> None:
        self._sources = sources
        self._progress = progress
        self._process = process
        self._tries, self._seconds = TRIES, SECONDS

    def wait(self, moving: Sequence[VitalPlace]) -> bool:
        """Wait until these stand still; whether it is worth taking another snapshot."""
        if not moving or not self._tries or self._seconds <= 0:
            return False
        self._tries -= 1
        begun = time.monotonic()
        self._progress.begin(f"{self._process}: waiting until {moving[0].path} is written")
        try:
            return self._sources.settled([vital.place for vital in moving], self._seconds)
        finally:
            self._progress.end()
            self._seconds -= time.monotonic() - begun


def without_grown(
    moving: Sequence[VitalPlace], before: SnapshotRecord | None, sources: Sources
) -> tuple[VitalPlace, ...]:
    """Those that did not only grow on top of what the last good snapshot holds of them."""
    return tuple(
        vital
        for vital in moving
        if not (vital.is_file and may_have_grown(vital.path, before) and sources.only_grew(vital.place))
    )


def held(moving: Sequence[VitalPlace], snapshot: str, repository: Repository) -> frozenset[str]:
    """Which of them the snapshot holds; restic is asked only when there are any."""
    return repository.held(snapshot, [f"/{vital.text}" for vital in moving]) if moving else frozenset()
