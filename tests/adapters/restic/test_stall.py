"""A long command that gets nowhere is noticed, and one that works slowly is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.adapters.restic import stall as module
from agent.adapters.restic.stall import Growth, StallWatch
from agent.errors import ResticError


class Pipe:
    def kept(self) -> bytes:
        return b"retrying after 5s: gone"


class Running:
    """Stands in for a restic that does nothing."""

    pid = 4_194_304  # beyond the largest number that Linux gives
    stderr = Pipe()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def outlives(clock: list[float], seconds: int, signs: Callable[[], object]) -> bool:
    """Whether a run with a patience of 20 seconds is left alone for so long."""
    clock[0] = 100.0
    watch = StallWatch(Running(), signs, 20)  # type: ignore[arg-type]
    for second in range(seconds):
        clock[0] = 101.0 + second
        try:
            watch()
        except ResticError as error:
            assert error.code == "timed-out"
            assert "It said: retrying after 5s: gone" in error.message
            return False
    return True


def test_one_that_shows_no_sign_of_life_is_ended_after_its_patience_and_quoted(clock: list[float]) -> None:
    assert outlives(clock, 20, lambda: None)
    assert not outlives(clock, 40, lambda: None)


def test_any_change_is_a_sign_of_life(clock: list[float]) -> None:
    assert outlives(clock, 90, lambda: int(clock[0]) // 15)


def test_work_of_the_processor_or_the_disk_is_a_sign_of_life(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StallWatch, "_work_done", lambda _: (int(clock[0]) // 15, 0))
    assert outlives(clock, 90, lambda: None)


def test_it_looks_only_now_and_then(clock: list[float]) -> None:
    looks: list[float] = []
    watch = StallWatch(Running(), lambda: looks.append(clock[0]), 20)  # type: ignore[arg-type]
    for tenth in range(200):
        clock[0] = 100 + tenth / 10
        watch()
    assert looks == [105.0, 110.0, 115.0]


def test_growth_is_what_the_file_system_has_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = [1000]
    monkeypatch.setattr(Growth, "_room", lambda _: room[0])
    heard: list[tuple[int, int, int]] = []
    growth = Growth(str(tmp_path), lambda *told: heard.append(told))
    for free in (1000, 400, 1200):
        room[0] = free
        growth()
    assert heard == [(0, 0, 0), (600, 0, 0), (0, 0, 0)]
