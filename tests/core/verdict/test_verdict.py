"""The verdict on one process: the worst of its reasons, each fault once, and what is told beside."""

from msgspec.structs import replace

from agent.core.model.records import Verdict
from support.builders.shop import ago, codes, drill, judged, snapshot, wrong

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN


def test_a_fresh_snapshot_and_a_fresh_full_drill_make_ready() -> None:
    judgement = judged(snapshot(), drill())
    assert (judgement.verdict, codes(judgement)) == (READY, [])


def test_tested_and_bad_outweighs_unknown() -> None:
    judgement = judged(snapshot(50))
    assert judgement.verdict == NOT_READY
    assert codes(judgement) == ["snapshot-stale", "never-proven"]


def test_a_finding_that_only_informs_changes_nothing() -> None:
    note = replace(wrong("not-tested"), severity="info")
    judgement = judged(snapshot(findings=(note,)), drill(findings=(note,)))
    assert (judgement.verdict, judgement.findings) == (READY, ())


def test_the_warning_and_the_rule_on_one_device_are_one_reason() -> None:
    judgement = judged(snapshot(same_device=True, findings=(wrong("repository-same-device"),)), drill())
    assert codes(judgement) == ["repository-same-device"]


def test_last_times_are_those_of_what_was_good() -> None:
    judgement = judged(snapshot(0.1, "failed"), snapshot(1), drill(0.2, "not_tested"), drill(0.5))
    assert (judgement.last_snapshot_at, judgement.last_proven_at) == (ago(1), ago(0.5))


def test_every_reason_says_what_to_do() -> None:
    worst = judged(snapshot(0.1, "failed"), snapshot(40), drill(0.1, "not_tested"), drill(0.5, "failed"))
    assert worst.reasons
    assert all(reason.hint and reason.sentence.endswith(".") for reason in worst.reasons)


def test_reasons_come_worst_first() -> None:
    judgement = judged(snapshot(0.1, "not_tested"), snapshot(40))
    assert [reason.verdict for reason in judgement.reasons] == [NOT_READY, UNKNOWN, AT_RISK]
