"""`readiness check`: what it says of a repository, and its exit status."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.app import upkeep
from agent.core.model.records import CheckRecord
from agent.core.model.runs import Outcome
from support.builders.recorded_shop import Handed, readiness, recorded_shop
from support.builders.shop import wrong


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path)
    return tmp_path


def record(outcome: Outcome = "passed") -> CheckRecord:
    return CheckRecord(
        repository="primary",
        started=datetime.now(UTC),
        outcome=outcome,
        seconds=75,
        part=3,
        parts=28,
        findings=() if outcome == "passed" else (wrong("repository-damaged", ""),),
    )


@pytest.mark.parametrize(
    ("outcome", "line", "status"),
    [
        ("passed", "primary: sound (part 3 of 28, 1 min 15 s)", 0),
        ("failed", "primary: NOT sound (part 3 of 28, 1 min 15 s)", 1),
        (
            "not_tested",
            "primary: NOT TESTED, which is neither good nor bad (part 3 of 28, 1 min 15 s)",
            3,
        ),
    ],
)
def test_the_line_says_whether_the_repository_is_sound(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: Outcome,
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(upkeep, "checks", Handed(record(outcome)))
    assert readiness(place, "check") == status
    assert capsys.readouterr().out.splitlines()[0] == line


def test_what_was_found_stands_below(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upkeep, "checks", Handed(record("failed")))
    readiness(place, "check")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  repository-damaged: This is repository-damaged.",
        "    Mend repository-damaged.",
    ]


def test_scripts_get_the_part_that_was_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upkeep, "checks", Handed(record()))
    assert readiness(place, "check", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.check/1"
    assert answer["result"]["checks"] == [
        {"repository": "primary", "outcome": "passed", "part": 3, "parts": 28, "seconds": 75, "findings": []}
    ]


def test_a_repository_that_the_config_does_not_have_is_wrong_usage(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert readiness(place, "check", "planb") == 2
    assert "There is no repository planb" in capsys.readouterr().err
