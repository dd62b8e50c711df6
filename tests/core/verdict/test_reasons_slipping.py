"""What puts a process AT RISK: everything still holds, but is slipping; one fact each."""

import pytest
from msgspec.structs import replace

from agent.core.model.drills import ProofResult
from agent.core.model.findings import Finding
from agent.core.model.records import Verdict
from support.builders.shop import GIB, codes, copy, drill, judged, process, snapshot, wrong

READY, AT_RISK, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.UNKNOWN


def test_a_proof_exactly_as_old_as_allowed_still_counts() -> None:
    judgement = judged(snapshot(), drill(240, of=241))
    assert judgement.verdict == AT_RISK
    assert codes(judgement) == ["proof-expiring"]


def test_a_path_that_was_added_after_the_last_drill_is_at_risk() -> None:
    wider = snapshot(0.2, paths=("/srv/orders", "/srv/labels"))
    judgement = judged(wider, snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/labels")))
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["paths-not-drilled"])


def test_the_only_copy_on_the_same_device_is_at_risk() -> None:
    judgement = judged(snapshot(same_device=True), drill())
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["repository-same-device"])


def test_a_proven_copy_elsewhere_takes_that_risk_away() -> None:
    elsewhere = copy(snapshot(), drill(), repository="plan-b")
    assert judged(snapshot(same_device=True), drill(), more=(elsewhere,)).verdict == READY


def test_an_unproven_copy_elsewhere_does_not() -> None:
    judgement = judged(snapshot(same_device=True), drill(), more=(copy(snapshot(), repository="plan-b"),))
    assert codes(judgement) == ["no-sound-copy"]


def test_one_copy_fresh_and_another_proven_are_not_one_good_copy() -> None:
    stale = copy(snapshot(9), drill(8), repository="plan-b")
    judgement = judged(snapshot(), more=(stale,))
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["no-sound-copy"])
    assert "primary has no current proof and plan-b is 9 h old" in judgement.reasons[0].sentence


def test_the_newest_snapshot_failing_while_the_last_good_one_holds_is_at_risk() -> None:
    judgement = judged(snapshot(0.5, "failed"), snapshot(1), drill())
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["snapshot-failing"])
    assert [finding.code for finding in judgement.findings] == ["source-missing"]


def test_the_newest_drill_not_carried_out_is_at_risk() -> None:
    judgement = judged(snapshot(), drill(0.2, "not_tested"), drill())
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["drill-not-tested"])


@pytest.mark.parametrize(
    ("selection", "code", "verdict"),
    [
        ("0000abcd", "no-snapshot", READY),
        ("latest", "no-snapshot", AT_RISK),
        ("0000abcd", "scratch-too-small", AT_RISK),
    ],
)
def test_a_drill_of_an_id_that_no_snapshot_has_says_nothing(
    selection: str, code: str, verdict: Verdict
) -> None:
    asked = replace(drill(0.2, "not_tested"), selection=selection, findings=(wrong(code),))
    assert judged(snapshot(), asked, drill()).verdict is verdict


@pytest.mark.parametrize(("hours", "verdict"), [(192, READY), (192.1, AT_RISK)])
def test_a_proof_is_about_to_expire_after_four_fifths_of_its_time(hours: float, verdict: Verdict) -> None:
    assert judged(snapshot(), drill(hours)).verdict == verdict


def test_samples_that_do_not_add_up_to_the_whole_are_at_risk() -> None:
    sample = {"share": 0.3, "bytes": GIB // 3}
    judgement = judged(snapshot(), drill(0.5, **sample), drill(24, **sample), drill(48, **sample))
    assert codes(judgement) == ["proof-partial"]
    assert "Only 90 % of it" in judgement.reasons[0].sentence


@pytest.mark.parametrize(("rto", "verdict"), [(750, READY), (749, AT_RISK)])
def test_a_recovery_beyond_four_fifths_of_the_promise_is_at_risk(rto: int, verdict: Verdict) -> None:
    assert judged(snapshot(), drill(), of=process(rto=rto)).verdict == verdict


def test_a_first_tier_process_without_a_proof_is_at_risk() -> None:
    assert codes(judged(snapshot(), drill(proofs=()), of=process(proofs=()))) == ["no-proof"]


def test_a_second_tier_process_without_a_proof_is_not() -> None:
    assert judged(snapshot(), drill(proofs=()), of=process(proofs=(), tier=2)).verdict == READY


def test_a_configured_proof_that_never_ran_is_at_risk() -> None:
    unrun = ProofResult(name="the orders are sound", outcome="not_tested", seconds=0, message="No sqlite3.")
    judgement = judged(snapshot(), drill(proofs=(unrun,)))
    assert codes(judgement) == ["proof-not-run"]
    assert judgement.reasons[0].sentence == "Not proven: the orders are sound - No sqlite3."


def test_a_proof_that_ran_in_an_earlier_drill_that_counts_is_enough() -> None:
    assert judged(snapshot(), drill(0.5, proofs=()), drill(24)).verdict == READY


def test_a_warning_of_a_record_that_passed_is_at_risk() -> None:
    judgement = judged(snapshot(), drill(findings=(wrong("restic-complained"),)))
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["restic-complained"])


def test_a_live_server_s_files_are_at_risk_and_unknown_where_they_are_vital_or_all_there_is() -> None:
    beside, vital = (replace(wrong("live-database"), path=f"/srv/orders/{name}") for name in ("beside", "pg"))
    whole = replace(wrong("live-database"), path="/srv/orders")

    def verdict(*found: Finding) -> Verdict:
        records = snapshot(findings=found), drill()
        return judged(*records, of=process(vital=("/srv/orders/pg/global/pg_control",))).verdict

    assert verdict(beside) == AT_RISK
    assert verdict(beside, vital) == UNKNOWN
    assert verdict(whole) == UNKNOWN
