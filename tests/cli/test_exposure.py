"""`readiness exposure`: what would be lost now, and whether that is more than was promised."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.cli import exposure as module
from agent.core.snapshot.exposed import Exposure
from support.builders.recorded_shop import Handed, readiness, recorded_shop
from support.builders.shop import NOW, wrong

HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path)
    return tmp_path


def look(**changes: Any) -> Exposure:
    fields = {
        "process": "orders",
        "at": NOW,
        "since": NOW - 3 * HOUR,
        "rpo": 7200,
        "files": 3,
        "changed": 3,
        "bytes": 4096,
        "oldest": NOW - HOUR,
    }
    return Exposure(**{**fields, **changes})


SINCE = "orders: since the last good snapshot 3 files with 4.0 KiB"


@pytest.mark.parametrize(
    ("changes", "line", "status"),
    [
        ({}, f"{SINCE}, the oldest change 1 h ago", 0),
        ({"oldest": None}, SINCE, 0),
        ({"oldest": NOW - 3 * HOUR}, f"{SINCE}, the oldest change 3 h ago, more than the promised 2 h", 1),
        ({"files": 0, "changed": 0}, "orders: nothing changed since the last good snapshot", 0),
        ({"since": None}, "orders: no good snapshot: all of 3 files would be lost", 0),
    ],
)
def test_the_line_says_what_would_be_lost(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(module, "exposures", Handed(look(**changes)))
    assert readiness(place, "exposure") == status
    assert capsys.readouterr().out == f"{line}\n"


def test_what_looks_wrong_is_bad_however_little_would_be_lost(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "exposures", Handed(look(findings=(wrong("source-missing"),))))
    assert readiness(place, "exposure") == 1
    assert "source-missing: This is source-missing." in capsys.readouterr().out


def test_scripts_get_the_age_and_the_objective_in_seconds(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "exposures", Handed(look()))
    readiness(place, "exposure", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.exposure/1"
    [row] = answer["result"]["exposures"]
    assert (row["oldest_s"], row["rpo"]) == (3600, {"objective_s": 7200, "met": True})
