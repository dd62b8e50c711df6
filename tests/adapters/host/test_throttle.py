"""What may happen once in a while happens once in a while, whoever asks."""

from pathlib import Path

import pytest

from agent.adapters.host import throttle
from agent.adapters.host.throttle import passes, passes_again


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(throttle, "time", found)
    return found


def test_it_passes_once_and_again_when_the_time_is_up(tmp_path: Path, clock: Clock) -> None:
    begin, passed = clock.now, []
    for second in (0, 0, 1, 3599, 3600, 3601, 7199, 7200):
        clock.now = begin + second
        passed += [second] if passes(tmp_path / "told", 3600) else []

    assert passed == [0, 3600, 7200]
    assert (tmp_path / "told").stat().st_mode & 0o777 == 0o600


def test_what_another_told_holds_it_back_for_a_while(tmp_path: Path, clock: Clock) -> None:
    begin, passed = clock.now, []
    assert passes(tmp_path / "first", 86400)
    for second in (1, 3599, 3600):
        clock.now = begin + second
        passed += [second] if passes(tmp_path / "second", 86400, [tmp_path / "first"], 3600) else []

    assert passed == [3600]


def test_what_came_to_nothing_passes_again_soon(tmp_path: Path, clock: Clock) -> None:
    assert passes(tmp_path / "told", 3600)
    passes_again(tmp_path / "told", 3600, 60)

    clock.now += 59
    assert not passes(tmp_path / "told", 3600)
    clock.now += 1
    assert passes(tmp_path / "told", 3600)


def test_a_time_that_lies_ahead_holds_nothing_back(tmp_path: Path, clock: Clock) -> None:
    assert passes(tmp_path / "told", 3600)
    clock.now -= 60
    assert passes(tmp_path / "told", 3600)


def test_where_nothing_can_be_noted_nothing_passes(tmp_path: Path) -> None:
    assert not passes(tmp_path / "missing" / "told", 3600)
    passes_again(tmp_path / "missing" / "told", 3600, 60)
