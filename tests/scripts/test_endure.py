"""scripts/endure says what it ran, and stops at the first failure with the seed to repeat."""

import os
import subprocess
from pathlib import Path

import pytest

from support.places import ROOT

CAMPAIGNS = (
    "year",
    "promises",
    "service-kill",
    "kill",
    "retain-kill",
    "walks",
    "planted",
    "live",
    "corpus",
    "battle",
    "examples",
)
# notes how it was called; fails with the seed that FATAL says
PYTEST = """#!/bin/sh
echo "$READINESS_TEST_SEED $*" "${READINESS_TEST_EXAMPLES:+in a large dose}" >>"$CALLS"
[ "$READINESS_TEST_SEED" != "$FATAL" ] || { echo "assert 1 == 2"; exit 1; }
echo "1 passed"
"""


class Endured:
    """What a run of the script said, and how it called pytest."""

    def __init__(self, place: Path, *arguments: str, fatal: int = 0) -> None:
        program, calls = place / "pytest", place / "calls"
        program.write_text(PYTEST)
        program.chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "HOME": str(place), "PYTEST": str(program)}
        environment |= {"READINESS_TEST_SEED": "70", "CALLS": str(calls), "FATAL": str(fatal)}
        done = subprocess.run(
            [ROOT / "scripts/endure", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.status, self.errors = done.returncode, done.stderr
        self.lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        self.calls = calls.read_text().splitlines() if calls.exists() else []


def test_each_campaign_runs_with_so_many_seeds_and_a_line_says_so(tmp_path: Path) -> None:
    endured = Endured(tmp_path, "2")

    assert endured.status == 0
    assert endured.lines == [[name, seed, "1 passed"] for name in CAMPAIGNS for seed in ("70", "71")]
    assert [call.split()[0] for call in endured.calls] == ["70", "71"] * len(CAMPAIGNS)
    assert all("--hypothesis-seed=7" in call for call in endured.calls)
    large = [call for call in endured.calls if call.endswith("in a large dose")]
    dosed = (
        "test_promises",
        "test_walk_planted",
        "test_live_writers",
        "test_looking_corpus",
        "containers/test_hostile",
    )
    assert [name for call in large for name in dosed if name in call] == sorted([*dosed] * 2, key=dosed.index)
    assert len(large) == 2 * len(dosed)


def test_the_first_failure_ends_it_and_says_how_to_repeat_it(tmp_path: Path) -> None:
    endured = Endured(tmp_path, "3", "kill", "year", fatal=71)

    assert (endured.status, endured.lines) == (1, [["kill", "70", "1 passed"], ["kill", "71", "FAILED"]])
    assert "assert 1 == 2" in endured.errors
    assert "READINESS_TEST_SEED=71" in endured.errors
    assert "tests/faults/test_kill.py" in endured.errors.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("many",), ("0",), ("1", "nothing"), ("1", "year", "nothing")])
def test_what_it_does_not_know_is_refused_and_nothing_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    endured = Endured(tmp_path, *arguments)

    assert (endured.status, endured.calls) == (2, [])
    assert "scripts/endure --help" in endured.errors


def test_what_it_repeats_is_there_and_takes_a_seed(tmp_path: Path) -> None:
    endured = Endured(tmp_path, "1")

    named = [word for call in endured.calls for word in call.split() if word.startswith("tests/")]
    assert len(named) == len(CAMPAIGNS) - 1
    for file in named:
        source = (ROOT / ("tests/support/walking/walk.py" if file == "tests/walks" else file)).read_text()
        taken = (
            "chance: random.Random",
            "READINESS_TEST_SEED",
            "READINESS_TEST_EXAMPLES",
        )  # the last: hypothesis
        assert any(word in source for word in taken), file
