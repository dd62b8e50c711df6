"""`readiness retain`: what it says of a process, and its exit status."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.app import upkeep
from agent.core.model.records import RetentionRecord
from support.builders.recorded_shop import Handed, readiness, recorded_shop

KEEPING = """
[process.mail]
paths = ["/srv/mail"]
keep = { daily = 7 }
[repository.planb]
url = "/srv/planb"
password_file = "/etc/p"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path, more=KEEPING)
    return tmp_path


def record(**changes: Any) -> RetentionRecord:
    fields = {
        "process": "mail",
        "repository": "primary",
        "started": datetime.now(UTC),
        "outcome": "passed",
        "seconds": 2.5,
    }
    return RetentionRecord(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "line", "status"),
    [
        ({"removed": ("a", "b"), "kept": ("c",) * 1200}, "2 snapshots removed, 1,200 kept", 0),
        ({}, "nothing was removed", 0),
        ({"frozen": ("file-damaged",)}, "frozen, nothing was removed", 0),
        ({"outcome": "failed", "removed": ("a",)}, "NOT as it should be, and nothing more is removed", 1),
        ({"outcome": "not_tested"}, "could not be done", 3),
    ],
)
def test_the_line_says_what_was_removed_or_why_nothing_was(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(upkeep, "retentions", Handed(record(**changes)))
    assert readiness(place, "retain", "mail") == status
    assert capsys.readouterr().out == f"mail in primary: {line}\n"


def test_a_process_that_keeps_everything_is_named_and_not_asked_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    retentions = Handed()
    monkeypatch.setattr(upkeep, "retentions", retentions)
    assert readiness(place, "retain") == 0
    assert [process.name for process in retentions.asked[1]] == ["mail"]
    assert capsys.readouterr().out == "orders: has no keep in the config, so that every snapshot stays\n"


def test_it_is_done_in_every_repository_or_in_the_one_that_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retentions = Handed()
    monkeypatch.setattr(upkeep, "retentions", retentions)
    readiness(place, "retain")
    everywhere = [repository.name for repository in retentions.asked[2]]
    readiness(place, "retain", "--in", "planb")
    assert everywhere == ["primary", "planb"]
    assert [repository.name for repository in retentions.asked[2]] == ["planb"]


def test_scripts_get_every_snapshot_that_went_and_stayed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upkeep, "retentions", Handed(record(removed=("a",), kept=("b", "c"))))
    readiness(place, "retain", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.retention/1"
    [row] = answer["result"]["retentions"]
    assert (row["process"], row["removed"], row["kept"]) == ("mail", ["a"], ["b", "c"])
