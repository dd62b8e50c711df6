"""`readiness agent`: the service, or only its clearing up."""

from pathlib import Path
from typing import Any

import pytest

from agent.app import service
from agent.errors import Busy
from support.builders.recorded_shop import readiness, recorded_shop


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(service, "serve", lambda config, verbose: found.append(("serve", verbose)))
    monkeypatch.setattr(service, "clean_up", lambda config: found.append("clean up"))
    return found


@pytest.mark.parametrize(
    ("arguments", "call"),
    [([], ("serve", False)), (["-v"], ("serve", True)), (["--clean-up"], "clean up")],
)
def test_it_serves_or_only_clears_up(
    tmp_path: Path, calls: list[Any], arguments: list[str], call: Any
) -> None:
    recorded_shop(tmp_path)
    assert readiness(tmp_path, "agent", *arguments) == 0
    assert calls == [call]


def test_a_config_that_is_wrong_starts_nothing(tmp_path: Path, calls: list[Any]) -> None:
    recorded_shop(tmp_path, more="[nonsense]\n")
    assert readiness(tmp_path, "agent") == 78
    assert calls == []


def test_a_second_service_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(config: Any, verbose: bool) -> None:
        raise Busy("Another readiness is at work on this state, as the service.")

    monkeypatch.setattr(service, "serve", serve)
    recorded_shop(tmp_path)
    assert readiness(tmp_path, "agent") == 75
