"""`readiness copy`: what it says of plan B, and its exit status."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.app import copies
from agent.core.model.records import CopyRecord
from support.builders.recorded_shop import Handed, readiness, recorded_shop

PLAN_B = '[repository.planb]\nurl = "/srv/planb"\npassword_file = "/etc/p"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path, more=PLAN_B)
    return tmp_path


def record(**changes: Any) -> CopyRecord:
    fields = {
        "process": "orders",
        "repository": "planb",
        "source": "primary",
        "started": datetime.now(UTC),
        "outcome": "passed",
        "seconds": 5,
        "copied": 2,
    }
    return CopyRecord(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "line", "status"),
    [
        ({}, "has everything (2 snapshots copied from primary, 5.0 s)", 0),
        (
            {"outcome": "failed", "copied": 1, "behind": 3, "lag": 7200},
            "is NOT what it should be (1 snapshot copied from primary, 3 snapshots behind, "
            "2 h older than primary)",
            1,
        ),
        (
            {"outcome": "not_tested", "copied": 0},
            "could not be brought up to date (0 snapshots copied from primary)",
            3,
        ),
    ],
)
def test_the_line_says_how_far_plan_b_is_behind(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(copies, "copies", Handed(record(**changes)))
    assert readiness(place, "copy") == status
    assert capsys.readouterr().out == f"orders: planb {line}\n"


def test_scripts_get_the_lag_in_seconds_and_null_where_it_is_not_known(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(copies, "copies", Handed(record(lag=60), record(outcome="not_tested")))
    assert readiness(place, "copy", "--json") == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.copy/1"
    assert [row["lag"] for row in answer["result"]["copies"]] == [60, None]


def test_copying_into_the_first_repository_is_wrong_usage(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert readiness(place, "copy", "--to", "primary") == 2
    assert "copies are made from it, not into it" in capsys.readouterr().err
