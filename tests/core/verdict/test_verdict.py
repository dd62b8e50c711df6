"""The rules of the verdict on one process, one fact each."""

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Step
from agent.core.model.records import (
    DrillFiles,
    DrillRecord,
    DrillSeconds,
    ProofResult,
    RefusedSnapshot,
    Verdict,
)
from support.builders.shop import (
    GIB,
    HOUR,
    ago,
    assessed,
    codes,
    config,
    copy,
    drill,
    judged,
    process,
    snapshot,
    wrong,
)

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN


def test_a_fresh_snapshot_and_a_fresh_full_drill_make_ready() -> None:
    judgement = judged(snapshot(), drill())
    assert (judgement.verdict, codes(judgement)) == (READY, [])


# ---- unknown: nobody looked -----------------------------------------------------------------


def test_nothing_recorded_is_unknown() -> None:
    judgement = judged()
    assert judgement.verdict == UNKNOWN
    assert codes(judgement) == ["no-snapshot", "never-proven"]


def test_a_snapshot_that_was_never_drilled_is_unknown() -> None:
    judgement = judged(snapshot())
    assert (judgement.verdict, codes(judgement)) == (UNKNOWN, ["never-proven"])


def test_a_drill_that_could_not_be_made_proves_nothing_and_says_why() -> None:
    judgement = judged(snapshot(), drill(outcome="not_tested"))
    assert judgement.verdict == UNKNOWN
    assert "This is no-space." in judgement.reasons[1].sentence


def test_a_snapshot_run_that_could_not_be_made_is_unknown_and_says_why() -> None:
    judgement = judged(snapshot(outcome="not_tested"))
    assert judgement.verdict == UNKNOWN
    assert judgement.reasons[0].sentence == "No snapshot has been taken yet: This is timed-out."


def test_a_proof_exactly_as_old_as_allowed_still_counts() -> None:
    judgement = judged(snapshot(), drill(240, of=241))
    assert judgement.verdict == AT_RISK
    assert codes(judgement) == ["proof-expiring"]


def test_a_proof_a_second_older_than_allowed_is_unknown() -> None:
    judgement = judged(snapshot(), drill(240 + 1 / 3600, of=241))
    assert (judgement.verdict, codes(judgement)) == (UNKNOWN, ["proof-expired"])


def test_a_drill_of_a_snapshot_that_was_too_old_already_proves_only_the_past() -> None:
    judgement = judged(snapshot(), drill(1, of=242))
    assert codes(judgement) == ["proof-expired"]
    assert "proves only the past" in judgement.reasons[0].sentence


def test_a_record_more_than_an_hour_in_the_future_is_unknown() -> None:
    judgement = judged(snapshot(-1.01), drill())
    assert "clock-went-back" in codes(judgement)
    assert judgement.verdict == UNKNOWN


def test_a_record_half_an_hour_in_the_future_is_two_clocks_that_differ() -> None:
    judgement = judged(snapshot(-0.5), drill(-0.4))
    assert (judgement.verdict, judgement.rpo.actual_s) == (READY, 0)


def test_a_pass_from_the_future_is_no_proof_even_when_newer_records_are_sane() -> None:
    judgement = judged(snapshot(), drill(1, "not_tested"), drill(-100))
    assert "never-proven" in codes(judgement)


def test_a_path_that_no_snapshot_holds_is_unknown() -> None:
    judgement = judged(snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/labels")))
    assert judgement.verdict == UNKNOWN
    assert judgement.reasons[0].code == "paths-not-covered"
    assert "/srv/labels" in judgement.reasons[0].sentence


def test_a_path_below_one_that_is_snapshot_is_covered() -> None:
    assert judged(snapshot(), drill(), of=process(paths=("/srv/orders/labels/",))).verdict == READY


def test_a_path_that_was_added_after_the_last_drill_is_at_risk() -> None:
    wider = snapshot(0.2, paths=("/srv/orders", "/srv/labels"))
    judgement = judged(wider, snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/labels")))
    assert (judgement.verdict, codes(judgement)) == (AT_RISK, ["paths-not-drilled"])


def test_a_drill_of_another_repository_that_stood_here_before_is_no_proof() -> None:
    judgement = judged(snapshot(repository_id="new"), drill(repository_id="old"))
    assert codes(judgement) == ["never-proven"]


# ---- not ready: tested and bad --------------------------------------------------------------


def test_a_good_snapshot_exactly_as_old_as_promised_is_in_time() -> None:
    judgement = judged(snapshot(2), drill())
    assert (judgement.verdict, judgement.rpo.actual_s, judgement.rpo.met) == (READY, 2 * HOUR, True)


def test_a_good_snapshot_older_than_promised_is_not_ready() -> None:
    judgement = judged(snapshot(2 + 1 / 3600), drill())
    assert (judgement.verdict, codes(judgement), judgement.rpo.met) == (NOT_READY, ["snapshot-stale"], False)


def test_a_failed_snapshot_does_not_count_as_the_newest_good_one() -> None:
    judgement = judged(snapshot(1, "failed"), snapshot(3), drill())
    assert codes(judgement) == ["snapshot-stale", "snapshot-failing"]


def test_snapshots_that_only_ever_failed_are_not_ready() -> None:
    judgement = judged(snapshot(1, "failed"))
    assert judgement.verdict == NOT_READY
    assert judgement.reasons[0].code == "no-good-snapshot"


def test_a_snapshot_that_a_drill_refused_does_not_count_as_good() -> None:
    refused = RefusedSnapshot(snapshot=snapshot(1).snapshot, at=ago(1), reason="file-damaged")
    judgement = judged(snapshot(1), snapshot(3), drill(0.5, of=3, refused=(refused,)))
    assert codes(judgement) == ["snapshot-stale"]
    assert judgement.last_snapshot_at == ago(3)


def test_a_failed_drill_is_not_ready() -> None:
    judgement = judged(snapshot(2), drill(0.5, "failed"), drill(1.5, of=2))
    assert judgement.verdict == NOT_READY
    assert codes(judgement) == ["drill-failed"]
    assert [finding.code for finding in judgement.findings] == ["file-damaged"]


def test_what_did_not_come_back_is_counted_by_files_and_not_by_the_findings_that_name_some() -> None:
    lost = tuple(wrong("file-missing", message=f"/srv/{n} did not come back.") for n in range(21))
    files = DrillFiles(expected=807, restored=5, verified=5, missing=802)
    judgement = judged(snapshot(2), drill(0.5, "failed", findings=lost, files=files))
    assert "/srv/0 did not come back (801 more)." in judgement.reasons[0].sentence


def test_a_drill_that_could_not_be_made_does_not_clear_a_failed_one() -> None:
    judgement = judged(snapshot(2), drill(0.1, "not_tested"), drill(0.5, "failed"), drill(1.5, of=2))
    assert judgement.verdict == NOT_READY
    assert "drill-failed" in codes(judgement)


def test_a_later_full_pass_clears_a_failed_drill() -> None:
    judgement = judged(snapshot(), drill(0.2), drill(0.5, "failed", of=2))
    assert (judgement.verdict, judgement.findings) == (READY, ())


def test_a_pass_of_an_older_snapshot_does_not_clear_a_failed_drill() -> None:
    judgement = judged(snapshot(1), snapshot(1.5), drill(0.2, of=1.5), drill(0.5, "failed", of=1))
    assert codes(judgement) == ["drill-failed"]


def test_one_passing_sample_does_not_clear_a_failed_drill() -> None:
    judgement = judged(snapshot(), drill(0.2, share=0.5, bytes=GIB // 2), drill(0.5, "failed", of=1))
    assert "drill-failed" in codes(judgement)


def test_samples_that_add_up_to_the_whole_clear_a_failed_drill() -> None:
    half = {"share": 0.5, "bytes": GIB // 2}
    judgement = judged(snapshot(), drill(0.1, **half), drill(0.2, **half), drill(0.5, "failed", of=1))
    assert judgement.verdict == READY


def test_samples_do_not_clear_a_failed_proof() -> None:
    half = {"share": 0.5, "bytes": GIB // 2}
    bad = drill(0.5, "failed", of=1, proofs=(ProofResult(name="sound", outcome="failed", seconds=1),))
    assert judged(snapshot(), drill(0.1, **half), drill(0.2, **half), bad).verdict == NOT_READY


def test_a_pass_in_one_repository_does_not_clear_a_failure_in_another() -> None:
    failing = copy(snapshot(), drill(0.5, "failed"), repository="plan-b")
    judgement = judged(snapshot(), drill(0.2), more=(failing,))
    assert judgement.verdict == NOT_READY
    assert judgement.reasons[0].repository == "plan-b"


def test_a_failed_drill_that_is_too_old_to_prove_anything_is_still_not_ready() -> None:
    assert judged(snapshot(), drill(1000, "failed")).verdict == NOT_READY


def stale(hours: float, of: float) -> DrillRecord:
    return drill(hours, "failed", of=of, findings=(wrong("snapshot-stale"),))


def test_a_drill_that_failed_only_for_age_leaves_its_snapshot_good_and_is_one_fault() -> None:
    judgement = judged(snapshot(9), stale(1, of=9), drill(8, of=9))
    assert (judgement.verdict, codes(judgement)) == (NOT_READY, ["snapshot-stale"])
    assert judgement.rpo.actual_s == 9 * HOUR


def test_a_snapshot_taken_after_it_ends_a_drill_s_complaint_about_age() -> None:
    judgement = judged(snapshot(0.5), snapshot(9), stale(1, of=9), drill(8, of=9))
    assert (judgement.verdict, judgement.findings) == (READY, ())


def test_a_repository_whose_newest_snapshot_is_older_than_the_ledger_says_is_not_ready() -> None:
    judgement = judged(snapshot(1), stale(0.5, of=9), drill(8, of=9))
    assert (judgement.verdict, codes(judgement)) == (NOT_READY, ["snapshot-stale"])


def test_a_recovery_exactly_as_long_as_promised_is_met() -> None:
    judgement = judged(snapshot(), drill(), of=process(rto=600))
    assert (judgement.rto.met, judgement.rto.basis, codes(judgement)) == (True, "measured", ["rto-tight"])


def test_a_recovery_longer_than_promised_is_not_ready() -> None:
    judgement = judged(snapshot(), drill(), of=process(rto=599))
    assert (judgement.verdict, codes(judgement), judgement.rto.met) == (NOT_READY, ["rto-missed"], False)


def test_what_people_do_counts_into_the_recovery() -> None:
    judgement = judged(snapshot(), drill(), of=process(rto=HOUR, steps=(Step("label printer", 51),)))
    assert (judgement.rto.actual_s, judgement.rto.met) == (600 + 51 * 60, False)


@pytest.mark.parametrize("code", ["repository-missing", "repository-changed", "snapshots-vanished"])
def test_a_repository_that_vanished_or_was_replaced_is_not_ready(code: str) -> None:
    gone = snapshot(0.1, "failed", findings=(wrong(code),))
    judgement = judged(gone, snapshot(), drill())
    assert (judgement.verdict, codes(judgement)) == (NOT_READY, [code])


def test_snapshots_of_one_process_that_vanished_are_no_other_ones_trouble() -> None:
    """Nor does it take them back when another process's snapshot passes."""
    gone = snapshot(0.2, "failed", findings=(wrong("snapshots-vanished"),))
    copies = (copy(gone, snapshot(), drill()), copy(snapshot(0.1), drill(), name="mail"))
    both = config(process(), process("mail", paths=("/srv/orders",)))
    found = {judged.process: codes(judged) for judged in assessed(*copies, shop=both).judgements}
    assert found == {"orders": ["snapshots-vanished"], "mail": []}


def test_a_repository_that_a_drill_could_not_find_is_not_ready() -> None:
    gone = drill(0.1, "not_tested", findings=(wrong("repository-missing"),))
    assert judged(snapshot(), gone, drill()).verdict == NOT_READY


def test_a_repository_that_came_back_is_good_again() -> None:
    gone = drill(0.8, "not_tested", findings=(wrong("repository-missing"),))
    assert "repository-missing" not in codes(judged(snapshot(0.5), gone, drill(0.9)))


def test_tested_and_bad_outweighs_unknown() -> None:
    judgement = judged(snapshot(50))
    assert judgement.verdict == NOT_READY
    assert codes(judgement) == ["snapshot-stale", "never-proven"]


# ---- at risk: still possible, but slipping --------------------------------------------------


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


@pytest.mark.parametrize(("hours", "verdict"), [(192, READY), (192.1, AT_RISK)])
def test_a_proof_is_about_to_expire_after_four_fifths_of_its_time(hours: float, verdict: Verdict) -> None:
    assert judged(snapshot(), drill(hours)).verdict == verdict


def test_samples_that_do_not_add_up_to_the_whole_are_at_risk() -> None:
    sample = {"share": 0.3, "bytes": GIB // 3}
    judgement = judged(snapshot(), drill(0.5, **sample), drill(24, **sample), drill(48, **sample))
    assert codes(judgement) == ["proof-partial"]
    assert "Only 90 % of it" in judgement.reasons[0].sentence


def test_samples_too_old_to_count_do_not_add_up() -> None:
    half = {"share": 0.5, "bytes": GIB // 2}
    assert codes(judged(snapshot(), drill(0.5, **half), drill(250, **half))) == ["proof-partial"]


def test_samples_of_ten_tenths_are_the_whole() -> None:
    tenths = [drill(n + 0.5, share=0.1, bytes=GIB // 10) for n in range(10)]
    assert judged(snapshot(), *tenths).verdict == READY


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


def test_a_finding_that_only_informs_changes_nothing() -> None:
    note = replace(wrong("not-tested"), severity="info")
    judgement = judged(snapshot(findings=(note,)), drill(findings=(note,)))
    assert (judgement.verdict, judgement.findings) == (READY, ())


def test_the_warning_and_the_rule_on_one_device_are_one_reason() -> None:
    judgement = judged(snapshot(same_device=True, findings=(wrong("repository-same-device"),)), drill())
    assert codes(judgement) == ["repository-same-device"]


# ---- growth ---------------------------------------------------------------------------------


def growing(factor: float, days: int = 10) -> list:
    """One snapshot a day that is `factor` times the one before; the newest has 1 GiB."""
    return [snapshot(1 + 24 * n, bytes=int(GIB / factor**n)) for n in range(days)]


def test_growth_that_breaks_the_objective_within_thirty_days_is_at_risk() -> None:
    judgement = judged(*growing(1.05), drill(), of=process(rto=900))
    assert codes(judgement) == ["growth"]
    assert "from about Thursday 3 December on" in judgement.reasons[0].sentence


def test_growth_that_breaks_the_objective_later_is_not() -> None:
    assert judged(*growing(1.05), drill(), of=process(rto=600 * 5)).verdict == READY


def test_growth_in_files_counts_like_growth_in_bytes() -> None:
    records = [snapshot(1 + 24 * n, files=int(1000 / 1.05**n)) for n in range(10)]
    assert codes(judged(*records, drill(), of=process(rto=900))) == ["growth"]


def test_two_sizes_make_no_trend() -> None:
    assert judged(*growing(1.05, days=2), drill(), of=process(rto=900)).verdict == READY


def test_sizes_within_a_day_make_no_trend() -> None:
    records = [snapshot(1 + n, bytes=int(GIB / 1.2**n)) for n in range(10)]
    assert judged(*records, drill(), of=process(rto=900)).verdict == READY


def test_one_big_import_is_no_trend() -> None:
    records = [snapshot(1 + 24 * n, bytes=GIB if n < 2 else GIB // 2) for n in range(10)]
    assert judged(*records, drill(), of=process(rto=900)).verdict == READY


def test_shrinking_is_no_risk() -> None:
    assert judged(*growing(0.9), drill(), of=process(rto=900)).verdict == READY


# ---- the recovery time ----------------------------------------------------------------------


def test_a_full_drill_is_measured_whatever_samples_came_later() -> None:
    rto = judged(snapshot(), drill(0.5, share=0.1, bytes=GIB // 10), drill(24)).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_a_sample_is_extrapolated_by_bytes_when_those_are_more() -> None:
    sample = drill(share=0.5, bytes=GIB // 4)
    rto = judged(snapshot(), sample).rto
    assert (rto.basis, rto.scale, rto.machine_s) == ("extrapolated", 4.0, 580 * 4 + 20)


def test_a_sample_is_extrapolated_by_files_when_those_are_more() -> None:
    rto = judged(snapshot(), drill(share=0.1, bytes=GIB // 2)).rto
    assert (rto.basis, rto.machine_s) == ("extrapolated", 580 * 10 + 20)


def test_samples_of_the_whole_are_added_up() -> None:
    quarters = [drill(n + 0.5, share=0.25, bytes=GIB // 4) for n in range(4)]
    rto = judged(snapshot(), *quarters).rto
    assert (rto.basis, rto.machine_s, rto.drills) == ("extrapolated", 4 * 580 + 20, 4)


def test_a_full_drill_that_the_data_has_outgrown_is_extrapolated() -> None:
    rto = judged(snapshot(bytes=3 * GIB), drill()).rto
    assert (rto.basis, rto.machine_s) == ("extrapolated", 3 * 580 + 20)


def test_a_full_drill_of_slightly_less_data_is_still_measured() -> None:
    rto = judged(snapshot(bytes=int(1.09 * GIB)), drill()).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_without_a_passing_drill_the_recovery_time_is_not_known() -> None:
    rto = judged(snapshot(), drill(outcome="failed"), of=process(steps=(Step("dns", 10),))).rto
    assert (rto.basis, rto.actual_s, rto.met, rto.steps_s) == ("none", None, None, 600)


def test_an_empty_process_can_be_measured() -> None:
    nothing = {"bytes": 0, "total_bytes": 0, "total_files": 0}
    rto = judged(snapshot(bytes=0, files=0), drill(**nothing)).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_a_sample_of_nothing_says_nothing() -> None:
    rto = judged(snapshot(), drill(share=0.0, bytes=0)).rto
    assert (rto.basis, rto.actual_s) == ("none", None)


def test_the_current_drill_of_plan_b_is_preferred_to_an_expired_one_of_the_primary() -> None:
    slower = drill(seconds=DrillSeconds(restore=900, total=900))
    rto = judged(snapshot(), drill(500), more=(copy(snapshot(), slower, repository="plan-b"),)).rto
    assert (rto.repository, rto.machine_s) == ("plan-b", 900)


# ---- what is told beside the verdict --------------------------------------------------------


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
