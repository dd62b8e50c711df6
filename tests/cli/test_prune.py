"""`readiness prune`: what it says of a repository, and its exit status."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.app import upkeep
from agent.core.model.records import PruneRecord
from support.builders.recorded_shop import Handed, readiness, recorded_shop


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path)
    return tmp_path


def record(**changes: Any) -> PruneRecord:
    fields = {"repository": "primary", "started": datetime.now(UTC), "outcome": "passed", "seconds": 2.5}
    return PruneRecord(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "line", "status"),
    [
        ({}, "primary: done (2.5 s)", 0),
        ({"outcome": "failed"}, "primary: NOT as it should be (2.5 s)", 1),
        ({"outcome": "not_tested"}, "primary: could not be done (2.5 s)", 3),
        ({"frozen": ("file-damaged",)}, "primary: frozen, no space was freed", 0),
    ],
)
def test_the_line_says_what_became_of_it(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(upkeep, "prunings", Handed(record(**changes)))
    assert readiness(place, "prune") == status
    assert capsys.readouterr().out == f"{line}\n"


def test_scripts_are_told_why_it_is_frozen(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upkeep, "prunings", Handed(record(frozen=("file-damaged",))))
    readiness(place, "prune", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.prune/1"
    [row] = answer["result"]["prunes"]
    assert (row["repository"], row["frozen"], row["seconds"]) == ("primary", ["file-damaged"], 2.5)


def test_only_the_named_repositories_are_pruned(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded_shop(place, more='[repository.planb]\nurl = "/srv/planb"\npassword_file = "/etc/p"\n')
    prunings = Handed(record())
    monkeypatch.setattr(upkeep, "prunings", prunings)
    readiness(place, "prune", "planb")
    assert [repository.name for repository in prunings.asked[1]] == ["planb"]
