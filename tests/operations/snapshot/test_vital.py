"""How long a snapshot waits for vital files, and whether restic is asked about them."""

from collections.abc import Sequence

import pytest

from agent.core.model.repository import Stamp, StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.extent import VitalPlace
from agent.operations.snapshot import vital as module
from agent.operations.snapshot.vital import Patience, held, still_moving
from support.builders.shop import NOW, snapshot
from support.doubles.fake_drill import FakeProgress

DUMP = VitalPlace("/srv/dump", b"srv/dump", is_file=True)
MAIL = VitalPlace("/srv/mail", b"srv/mail", is_file=False)


class Sources:
    """Each wait takes as many seconds as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, takes: float) -> None:
        self.time, self.takes = 0.0, takes
        self.asked: list[float] = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.time)

    def settled(self, places: Sequence[bytes], seconds: float) -> bool:
        self.asked.append(seconds)
        self.time += self.takes
        return True

    def only_grew(self, place: bytes) -> bool:
        return True


class Repository:
    def held(self, snapshot: str, paths: Sequence[str]) -> dict[str, Stamp]:
        return {f"{snapshot}:{path}": Stamp(1, 2) for path in paths}


def patience(sources: Sources) -> Patience:
    return Patience(sources, FakeProgress(), "orders")  # type: ignore[arg-type]


@pytest.mark.parametrize(("takes", "asked"), [(10, [60, 50]), (60, [60]), (35, [60, 25])])
def test_all_waiting_together_is_bounded_and_so_are_the_snapshots(
    monkeypatch: pytest.MonkeyPatch, takes: float, asked: list[float]
) -> None:
    sources = Sources(monkeypatch, takes)
    left = patience(sources)
    while left.wait([DUMP]):
        pass
    assert sources.asked == asked


def test_where_nothing_moved_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources(monkeypatch, 1)
    assert not patience(sources).wait([])
    assert sources.asked == []


def test_restic_is_asked_only_when_there_is_something_to_ask() -> None:
    stored = StoredSnapshot(id="ab", time=NOW, host="shop", paths=("/srv",), tags=())
    assert held([], stored, None) == {}  # type: ignore[arg-type]
    assert held(["/srv/dump"], None, None) == {}  # type: ignore[arg-type]
    assert held(["/srv/dump"], stored, Repository()) == {"ab:/srv/dump": Stamp(1, 2)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "before", "moving"),
    [
        ({"/srv/dump", "/srv/mail"}, snapshot(), []),
        ({"/srv/dump", "/srv/mail"}, None, [DUMP]),
        ({"/srv/dump"}, snapshot(), [MAIL]),
        (set(), snapshot(), [DUMP, MAIL]),
    ],
)
def test_what_only_grew_is_whole_and_what_the_snapshot_lacks_is_not(
    monkeypatch: pytest.MonkeyPatch, there: set[str], before: SnapshotRecord | None, moving: list[VitalPlace]
) -> None:
    sources = Sources(monkeypatch, 1)
    assert still_moving([DUMP, MAIL], there, lambda: before, sources) == moving  # type: ignore[arg-type]
