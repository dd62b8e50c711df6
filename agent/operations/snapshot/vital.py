"""Waits for vital files that are being written, so that the snapshot is taken again when they are whole."""

import time
from collections.abc import Callable, Container, Mapping, Sequence

from agent.core.model.repository import Stamp, StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.extent import VitalPlace
from agent.core.snapshot.vital import may_have_grown
from agent.operations.ports.progress import Progress
from agent.operations.ports.repository import Repository
from agent.operations.ports.sources import Sources

TRIES = 2  # more snapshots at most
SECONDS = 60.0  # that all waiting may take
ASKED = 1000  # paths that restic is asked for at once


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


def still_moving(
    vital: Sequence[VitalPlace],
    there: Container[str],
    last_good: Callable[[], SnapshotRecord | None],
    sources: Sources,
) -> list[VitalPlace]:
    """Those that the snapshot does not hold (`there` are the paths it does), or may hold half.

    What only grew on top of what the last good snapshot holds of it is no half.
    """
    gone = [each for each in vital if f"/{each.text}" not in there]
    still = [each for each in vital if each not in gone and each.is_file]
    before = last_good() if still else None
    return gone + [
        each for each in still if not (may_have_grown(each.path, before) and sources.only_grew(each.place))
    ]


def held(asked: Sequence[str], stored: StoredSnapshot | None, repository: Repository) -> Mapping[str, Stamp]:
    """What the snapshot holds of these paths, and in which state; restic is asked only when there are any."""
    return repository.held(stored.id, asked[:ASKED]) if stored and asked else {}
