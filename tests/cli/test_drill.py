"""`readiness drill`: what it says of each drill, and how it reads what was asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agent.app.drill_here import Wish
from agent.cli import drill as module
from agent.core.model.drills import Compared, ProofResult, RefusedSnapshot
from support.builders.recorded_shop import Handed, readiness, recorded_shop
from support.builders.shop import NOW, drill, wrong

DRILLED = replace(drill(), snapshot="0123456789abcdef" * 4, recovery_point_age=1800)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    recorded_shop(tmp_path)
    return tmp_path


def said(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept: str = "",
    **changes: Any,
) -> list[str]:
    monkeypatch.setattr(module, "drills", Handed((replace(DRILLED, **changes), kept)))
    readiness(place, "drill")
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "PASSED, restored and proven in 10 min"),
        ({"rung": "L4"}, "PASSED, restored and verified in 10 min"),
        (
            {"rung": "L1", "compared": Compared(of_bytes=9)},
            "PASSED, restored and proven, though no content could be compared, in 10 min",
        ),
        ({"outcome": "failed"}, "FAILED, this could not be brought back as it was"),
        (
            {"outcome": "failed", "findings": (wrong("snapshots-vanished"), wrong("snapshot-stale"))},
            "FAILED, it came back as it was, but other snapshots are gone and it is too old",
        ),
        (
            {"outcome": "failed", "findings": (wrong("proof-failed"),)},
            "FAILED, it came back as it was, but a proof says that the data is not good",
        ),
        (
            {"outcome": "failed", "findings": (wrong("snapshots-vanished"), wrong("file-changed"))},
            "FAILED, this could not be brought back as it was",
        ),
        (
            {"outcome": "failed", "findings": (wrong("repository-changed"),), "snapshot": ""},
            "FAILED, another repository stands there",
        ),
        ({"outcome": "not_tested"}, "NOT TESTED, which is neither good nor bad"),
        (
            {"repository": "planb", "instead_of": "primary"},
            "from planb, because primary could not be used: PASSED, restored and proven in 10 min",
        ),
    ],
)
def test_the_first_line_says_what_came_of_it(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    line: str,
) -> None:
    assert said(place, monkeypatch, capsys, **changes)[0] == f"orders: {line}"


def test_below_stand_the_snapshot_its_extent_and_the_proofs(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(place, monkeypatch, capsys, statement="Everything was drilled.")[1:] == [
        "  snapshot 01234567 from primary, 30 min old at the start",
        "  1,200 entries, 1.0 GiB: restored in 8 min 20 s, verified in 1 min 20 s, proven in 10 s",
        "  Everything was drilled.",
        "  proven: the orders are sound",
    ]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("passed", "proven: sums\\x1b (1 row\\x0afew)"),
        ("failed", "DISPROVEN: sums\\x1b (1 row\\x0afew)"),
        ("not_tested", "not proven: sums\\x1b (1 row\\x0afew)"),
    ],
)
def test_a_proof_has_its_word_and_its_reason_and_moves_no_cursor(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: Any,
    line: str,
) -> None:
    proof = ProofResult(name="sums\x1b", outcome=outcome, seconds=1, message="1 row\nfew")
    assert said(place, monkeypatch, capsys, proofs=(proof,))[-1] == f"  {line}"


def test_a_snapshot_that_was_walked_past_and_a_kept_tree_are_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = RefusedSnapshot("fedcba9876543210" * 4, NOW, "a file is damaged")
    assert said(place, monkeypatch, capsys, kept="/scratch/kept-1/tree", refused=(refused,))[-2:] == [
        "  refused snapshot fedcba98: a file is damaged",
        "  the restored files are kept in /scratch/kept-1/tree",
    ]


def test_nothing_that_a_drill_says_moves_a_cursor(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record may be that of one that was taken over."""
    owned = "\x1b]0;owned\x07"
    refused = RefusedSnapshot(owned, NOW, owned)
    words = {"statement": owned, "snapshot": owned, "rung": owned}
    lines = said(place, monkeypatch, capsys, kept=owned, refused=(refused,), **words)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        ([], Wish()),
        (["--from", "planb", "--keep"], Wish(source="planb", keep=True)),
        (["--snapshot", "last-good", "--sample", "10%"], Wish(select="last-good", share=0.1)),
        (["--snapshot", "0123abcd", "--sample", "2.5"], Wish(select="0123abcd", share=0.025)),
    ],
)
def test_what_was_asked_for_is_handed_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], wish: Wish
) -> None:
    drilled = Handed((DRILLED, ""))
    monkeypatch.setattr(module, "drills", drilled)
    assert readiness(place, "drill", *arguments) == 0
    assert drilled.asked[2] == wish


@pytest.mark.parametrize(
    "arguments",
    [
        ["--snapshot", "newest"],
        ["--snapshot", "0123ABCD"],
        ["--snapshot", "abc"],
        ["--sample", "0%"],
        ["--sample", "100.1%"],
        ["--sample", "-1%"],
    ],
)
def test_what_names_no_snapshot_or_no_share_is_wrong_usage(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(module, "drills", Handed((DRILLED, "")))
    assert readiness(place, "drill", *arguments) == 2


def test_scripts_get_the_promised_keys(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "drills", Handed((replace(DRILLED, outcome="failed"), "")))
    assert readiness(place, "drill", "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    [row] = answer["result"]["drills"]
    assert answer["schema"] == "readiness.drill/1"
    assert {"process", "repository", "snapshot", "outcome", "rung", "seconds", "files"} <= set(row)
    assert set(row["seconds"]) == {"restore", "verify", "prove", "total"}
    assert row["files"]["verified"] == 1200
