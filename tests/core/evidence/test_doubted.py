"""What a proof found bad in one copy, and what of plan B was never asked."""

from typing import Any

import pytest

from agent.core.configuration.config import CommandProof, CriticalProcess
from agent.core.drill.fingerprint import fingerprint
from agent.core.evidence.doubted import doubted
from agent.core.model.drills import DrillRecord, ProofResult
from agent.core.model.runs import Outcome
from support.builders.shop import ago, drill, process, snapshot

PROOF = CommandProof(name="no bad data", command=("true",))
SHOP: CriticalProcess = process(proofs=(PROOF,))
THERE = snapshot(5, repository="plan-b")


def asked(hours: float, outcome: Outcome, proof: CommandProof = PROOF, **changes: Any) -> DrillRecord:
    """A drill of what was taken so many hours ago."""
    result = ProofResult(name=proof.name, outcome=outcome, seconds=1, fingerprint=fingerprint(proof))
    usual = {"snapshot": snapshot(hours).snapshot, "snapshot_at": ago(hours), "proofs": (result,)}
    return drill(hours - 0.1, outcome, **(usual | changes))


def names(failure: DrillRecord, *passes: DrillRecord, of: CriticalProcess = SHOP) -> frozenset[str]:
    return doubted(of, [("content", failure)], (THERE,), passes)


def test_what_was_never_asked_is_doubted_whether_it_is_older_or_newer() -> None:
    for hours in (6, 5, 4):
        assert names(asked(hours, "failed")) == {THERE.snapshot}
        assert names(asked(hours, "failed"), drill(0.1)) == {THERE.snapshot}, "asked nothing"


@pytest.mark.parametrize(
    ("failed", "passed"),
    [
        (asked(4, "failed"), asked(4.5, "passed")),  # not bad yet
        (asked(6, "failed"), asked(5.5, "passed")),  # no more
        (asked(4, "failed"), asked(9, "passed", snapshot=THERE.snapshot, repository="plan-b")),
        (asked(4, "failed"), asked(9, "passed", snapshot="0", copy_of=THERE.snapshot)),
    ],
)
def test_what_was_taken_before_it_was_bad_or_after_or_was_asked_itself_is_not(
    failed: DrillRecord, passed: DrillRecord
) -> None:
    assert names(failed, passed) == frozenset()


def test_a_mended_first_repository_says_nothing_of_what_was_taken_before() -> None:
    assert names(asked(6, "failed"), asked(1, "passed")) == {THERE.snapshot}
    assert names(asked(4, "failed"), asked(1, "passed")) == {THERE.snapshot}


def test_only_the_questions_of_today_count_and_only_what_another_copy_failed() -> None:
    assert names(asked(4, "failed"), of=process()) == frozenset()
    other = CommandProof(name="no bad data", command=("false",))
    assert names(asked(4, "failed"), of=process(proofs=(other,))) == frozenset()
    assert names(asked(4, "failed", repository="plan-b")) == frozenset()
