"""`readiness snapshot`: what it says of each snapshot, and its exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agent.cli import snapshot as module
from agent.core.model.findings import finding
from support.builders.recorded_shop import Handed, readiness, recorded_shop
from support.builders.shop import GIB, snapshot

TAKEN = replace(snapshot(), snapshot="0123456789abcdef" * 4, files=1200, bytes=3 * GIB, seconds=61)
EXTENT = "(1,200 files, 3.0 GiB, 1 min 1 s"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "line", "status"),
    [
        ({}, f"snapshot 01234567 is good {EXTENT})", 0),
        ({"moving": 1}, f"snapshot 01234567 is good {EXTENT}; 1 entry moving)", 0),
        ({"outcome": "failed"}, f"snapshot 01234567 was taken, but is NOT good {EXTENT})", 1),
        ({"outcome": "failed", "snapshot": ""}, "NO snapshot, it was refused", 1),
        ({"outcome": "not_tested", "snapshot": ""}, "NO snapshot, it could not be tried", 3),
    ],
)
def test_the_line_says_whether_there_is_a_good_snapshot(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(module, "snapshots", Handed(replace(TAKEN, **changes)))
    assert readiness(place, "snapshot") == status
    assert capsys.readouterr().out == f"orders: {line}\n"


def test_the_worst_of_several_is_the_exit_status(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fates = [replace(TAKEN, outcome=outcome) for outcome in ("passed", "failed", "not_tested")]
    monkeypatch.setattr(module, "snapshots", Handed(*fates))
    assert readiness(place, "snapshot") == 1


def test_what_was_asked_for_is_handed_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Handed(TAKEN)
    monkeypatch.setattr(module, "snapshots", taken)
    readiness(place, "snapshot", "orders", "--accept", "--to", "planb")
    _, processes, _, accept, target = taken.asked
    assert ([process.name for process in processes], accept, target) == (["orders"], True, "planb")
    assert taken.closed


def test_scripts_get_the_promised_keys(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "snapshots", Handed(TAKEN))
    readiness(place, "snapshot", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "readiness.snapshot/1"
    assert answer["result"]["snapshots"] == [
        {
            "process": "orders",
            "repository": "primary",
            "snapshot": TAKEN.snapshot,
            "outcome": "passed",
            "files": 1200,
            "bytes": 3 * GIB,
            "moving": 0,
            "seconds": 61,
            "findings": [],
            "accepted": [],
        }
    ]


def test_what_was_accepted_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = finding("database-collapsed", "orders", "The database has 0 rows; it had 1,000.", "If meant: ...")
    monkeypatch.setattr(module, "snapshots", Handed(replace(TAKEN, accepted=True, accepted_findings=(lost,))))
    assert readiness(place, "snapshot", "--accept") == 0
    assert "\n  accepted, database-collapsed: The database has 0 rows" in capsys.readouterr().out
