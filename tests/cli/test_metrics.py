"""`readiness metrics`: figures for Prometheus, whatever they say."""

import json
import stat
from pathlib import Path

import pytest

from support.builders.recorded_shop import readiness, recorded_shop
from support.builders.shop import drill, snapshot


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path, snapshot(), drill(outcome="failed"))
    return tmp_path


def test_figures_of_a_bad_verdict_are_good_figures(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert readiness(place, "metrics") == 0
    assert "# HELP readiness_" in capsys.readouterr().out


def test_in_a_file_they_are_what_is_printed_otherwise_and_for_everybody(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = place / "readiness.prom"
    readiness(place, "metrics", "--output", str(target))
    assert capsys.readouterr().out == ""
    assert target.read_text().startswith("# HELP readiness_")
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_scripts_get_the_verdict_instead(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert readiness(place, "metrics", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["result"]["verdict"]) == ("readiness.metrics/1", "NOT_READY")
