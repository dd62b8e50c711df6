"""Which reasons put what was measured in doubt: all that are grave, but for those that only say "late"."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.records import Verdict
from agent.core.verdict.doubt import first_without_time, is_proven, loss_doubt, restore_doubt
from agent.core.verdict.judgement import Judgement, Reason
from agent.core.verdict.meanings import REASONS
from agent.core.verdict.verdict import assess
from support.builders.shop import NOW, assessed, config, copy, damage, drill, judged, process, snapshot, wrong

NONE = Evidence()
GOOD = judged(snapshot(), drill())
STILL_TIMED = {"rto-missed", "snapshot-stale", "data-stale"}


def with_reason(code: str, verdict: Verdict, repository: str = "", of: Judgement = GOOD) -> Judgement:
    found = Reason(code=code, verdict=verdict, sentence="So.", repository=repository)
    return replace(of, reasons=(found,), verdict=verdict)


def checked(*copies: Copy, hours: float = 0.1) -> tuple[Judgement, Evidence]:
    """A check found damage in primary so many hours ago."""
    evidence = Evidence(
        copies=copies, checks=(replace(damage(), started=NOW - timedelta(hours=hours)),), sequence=7
    )
    names = tuple(dict.fromkeys(one.repository for one in copies))
    return assess(config(repositories=names), evidence, NOW).judgements[0], evidence


def test_what_is_good_is_not_in_doubt() -> None:
    assert restore_doubt(GOOD, NONE) is None
    assert loss_doubt(GOOD, NONE) is None
    assert is_proven(GOOD, GOOD.standings[0], NONE)


@pytest.mark.parametrize("code", [*REASONS, "a-reason-of-next-year"])
@pytest.mark.parametrize("verdict", Verdict)
def test_whatever_is_grave_puts_the_restore_in_doubt_but_what_is_only_late(
    code: str, verdict: Verdict
) -> None:
    grave = verdict == Verdict.UNKNOWN or (verdict == Verdict.NOT_READY and code not in STILL_TIMED)
    found = with_reason(code, verdict)
    damaged = code == "repository-damaged"
    if damaged:
        assert restore_doubt(with_reason(code, verdict, "primary"), NONE) or not grave
    else:
        assert bool(restore_doubt(found, NONE)) == grave
        assert is_proven(found, found.standings[0], NONE) == (not grave)


@pytest.mark.parametrize(("code", "known"), [("never-proven", True), ("clock-went-back", False)])
def test_the_age_of_a_snapshot_needs_no_proof_but_a_clock(code: str, known: bool) -> None:
    assert (loss_doubt(with_reason(code, Verdict.UNKNOWN), NONE) is None) == known


def test_what_is_bad_in_another_copy_leaves_the_time_and_takes_the_proof_of_that_copy() -> None:
    bad = copy(snapshot(3), drill(0.2, "failed", of=2), drill(40), repository="planb")
    found = judged(more=(copy(snapshot(), drill()), bad))

    assert [one.code for one in found.reasons if one.verdict == Verdict.NOT_READY] == ["drill-failed"]
    assert restore_doubt(found, NONE) is None
    assert loss_doubt(found, NONE) is None
    assert [is_proven(found, one, NONE) for one in found.standings] == [True, False]
    assert found.standings[1].current


def test_the_copy_with_the_newest_snapshot_in_doubt_leaves_the_loss_unknown() -> None:
    old = copy(snapshot(9), drill(8), repository="primary")
    newest = copy(snapshot(0.5), drill(0.7, "failed", of=4), repository="planb")
    found = judged(more=(old, newest))

    assert found.rto.repository == "primary"
    assert restore_doubt(found, NONE) is None
    assert loss_doubt(found, NONE)


def test_an_equally_new_snapshot_elsewhere_keeps_the_loss_known() -> None:
    bad = copy(snapshot(1), drill(0.7, "failed", of=4), repository="planb")
    assert loss_doubt(judged(more=(copy(snapshot(1), drill()), bad)), NONE) is None


def test_the_time_is_that_of_the_copy_that_would_be_used_when_another_is_damaged() -> None:
    primary, planb = copy(snapshot(), drill()), copy(snapshot(1.5), drill(40), repository="planb")
    found, evidence = checked(primary, planb)

    assert found.verdict == Verdict.AT_RISK
    assert found.rto.repository == "planb"
    assert restore_doubt(found, evidence) is None
    assert [is_proven(found, one, evidence) for one in found.standings] == [False, True]


def test_equally_new_snapshots_that_are_all_in_doubt_for_reasons_of_their_own_leave_the_loss_unknown() -> (
    None
):
    lost = snapshot(0.4, "failed", findings=(wrong("repository-missing"),))
    primary, planb = copy(snapshot(1), drill(0.5)), copy(snapshot(1), drill(0.6), repository="planb")

    found, evidence = checked(primary, planb)
    assert loss_doubt(found, evidence) is None
    found, evidence = checked(primary, replace(planb, snapshots=(lost, *planb.snapshots)))
    assert loss_doubt(found, evidence)


def test_what_came_back_whole_after_the_check_is_promised_again() -> None:
    found, evidence = checked(copy(snapshot(), drill()), hours=5)

    assert [one.code for one in found.reasons] == ["repository-damaged"]
    assert restore_doubt(found, evidence) is None


def test_what_comes_after_a_process_in_doubt_has_no_time_either() -> None:
    shop = config(*(process(name) for name in "abc"))
    good = {name: copy(snapshot(paths=()), drill(), name=name) for name in "abc"}
    bad = copy(snapshot(paths=()), drill(outcome="failed"), name="b")
    all_good, one_bad = assessed(*good.values(), shop=shop), assessed(good["a"], bad, good["c"], shop=shop)

    assert first_without_time(all_good.judgements, NONE) == 3
    assert first_without_time(one_bad.judgements, NONE) == 1
