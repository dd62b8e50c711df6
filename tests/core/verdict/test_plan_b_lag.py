"""How far plan B is behind, and when that weighs on the verdict."""

import pytest

from agent.core.configuration.config import Rhythm
from agent.core.model.drills import ProofResult
from agent.core.model.records import Verdict
from agent.core.model.runs import Outcome
from agent.core.verdict.plan_b_lag import lags
from support.builders.shop import DAY, HOUR, PROOF, codes, copy, drill, judged, process, snapshot

PRIMARY = (snapshot(1), drill(2))


def planb(*records: object) -> tuple[object, ...]:
    return (copy(*records, repository="planb"),)  # type: ignore[arg-type]


def test_the_lag_is_the_time_between_the_newest_good_snapshots() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(5))).standings)  # type: ignore[arg-type]

    assert (lag.repository, lag.seconds) == ("planb", 4 * HOUR)


def test_a_plan_b_without_a_good_snapshot_has_no_lag_but_nothing() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(5, "failed"))).standings)  # type: ignore[arg-type]

    assert lag.seconds is None


def test_a_plan_b_that_is_ahead_is_not_behind() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(0.5))).standings)  # type: ignore[arg-type]

    assert lag.seconds == 0


def test_without_a_plan_b_there_is_no_lag() -> None:
    assert lags(judged(*PRIMARY).standings) == ()


@pytest.mark.parametrize(
    ("hours", "behind"),
    [(2, False), (47, False), (49, False), (50, True), (500, True)],  # the newest is an hour old
)
def test_two_copies_that_fell_out_make_a_risk(hours: float, behind: bool) -> None:
    found = judged(*PRIMARY, more=planb(snapshot(hours)), of=process(rpo=HOUR, copy=Rhythm(every=DAY)))  # type: ignore[arg-type]

    assert ("plan-b-behind" in codes(found)) == behind
    assert found.verdict == (Verdict.AT_RISK if behind else Verdict.READY)


def test_a_rhythm_by_cron_counts_as_long_as_it_is() -> None:
    weekly = process(rpo=HOUR, copy=Rhythm(cron="0 3 * * 6"))

    assert "plan-b-behind" not in codes(judged(*PRIMARY, more=planb(snapshot(13 * 24)), of=weekly))  # type: ignore[arg-type]
    assert "plan-b-behind" in codes(judged(*PRIMARY, more=planb(snapshot(15 * 24)), of=weekly))  # type: ignore[arg-type]


def test_an_empty_plan_b_is_a_risk_and_says_what_to_run() -> None:
    [reason] = [r for r in judged(*PRIMARY, more=planb()).reasons if r.code == "plan-b-behind"]  # type: ignore[arg-type]

    assert reason.sentence == "Plan B holds no good snapshot: nothing is left without the first repository."
    assert reason.hint == "Run: readiness copy orders --to planb"


@pytest.mark.parametrize(
    ("asked", "hours", "holds"),
    [
        ("of then", 4, False),  # the proof is newer than the drill of plan B: nobody asked there
        ("of today", 4, True),
        ("of then", 1.5, True),  # somebody tried it there since
    ],
)
def test_what_plan_b_passed_before_a_proof_was_there_says_nothing_of_it(
    asked: str, hours: float, holds: bool
) -> None:
    def answer(outcome: Outcome, question: str) -> tuple[ProofResult, ...]:
        return (ProofResult(name=PROOF.name, outcome=outcome, seconds=1.0, fingerprint=question),)

    bad = drill(2, "failed", of=5, proofs=answer("failed", "of today"))
    here = (snapshot(1), snapshot(5), drill(0.5, of=1), bad)
    there = snapshot(5, snapshot="c" * 64, copy_of=bad.snapshot)
    passed = drill(hours, of=5, snapshot=there.snapshot, copy_of=bad.snapshot, proofs=answer("passed", asked))

    [lag] = lags(judged(*here, more=planb(there, passed)).standings)

    assert (lag.seconds is not None) == holds
