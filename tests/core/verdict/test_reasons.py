"""What makes a process UNKNOWN or NOT READY: nothing proven, or proven to be bad; one fact each."""

import pytest

from agent.core.configuration.config import NewestFileProof, Step
from agent.core.model.drills import DrillFiles, DrillRecord, ProofResult, RefusedSnapshot
from agent.core.model.records import Verdict
from agent.core.model.snapshots import DumpNote
from support.builders.shop import (
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

READY, NOT_READY, UNKNOWN = Verdict.READY, Verdict.NOT_READY, Verdict.UNKNOWN


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


def test_a_proof_a_second_older_than_allowed_is_unknown() -> None:
    judgement = judged(snapshot(), drill(240 + 1 / 3600, of=241))
    assert (judgement.verdict, codes(judgement)) == (UNKNOWN, ["proof-expired"])


def test_a_drill_of_a_snapshot_that_was_too_old_already_proves_only_the_past() -> None:
    judgement = judged(snapshot(), drill(1, of=242))
    assert codes(judgement) == ["proof-expired"]
    assert "proves only the past" in judgement.reasons[0].sentence


def test_a_short_objective_bears_no_clock_that_went_back_for_longer_than_a_part_of_it() -> None:
    quick = process(rpo=HOUR)
    assert "clock-went-back" in codes(judged(snapshot(-0.3), drill(), of=quick))
    assert "clock-went-back" not in codes(judged(snapshot(-0.2), drill(), of=quick))


def test_a_record_more_than_an_hour_in_the_future_is_unknown() -> None:
    judgement = judged(snapshot(-1.01), drill())
    assert "clock-went-back" in codes(judgement)
    assert judgement.verdict == UNKNOWN


def test_a_record_half_an_hour_in_the_future_is_two_clocks_that_differ() -> None:
    judgement = judged(snapshot(-0.5), drill(-0.4))
    assert (judgement.verdict, judgement.rpo.actual_s) == (READY, 0)


def test_a_path_that_no_snapshot_holds_is_unknown() -> None:
    judgement = judged(snapshot(), drill(), of=process(paths=("/srv/orders", "/srv/labels")))
    assert judgement.verdict == UNKNOWN
    assert judgement.reasons[0].code == "paths-not-covered"
    assert "/srv/labels" in judgement.reasons[0].sentence


def test_a_path_below_one_that_is_held_is_no_new_path() -> None:
    below = process(paths=("/srv/orders/2026", "/srv/labels"))
    assert judged(snapshot(), drill(), of=below).reasons[0].sentence == "No snapshot holds /srv/labels yet."


def test_an_added_path_is_named_although_a_drill_found_the_copy_too_old_or_bad() -> None:
    more = process(paths=("/srv/orders", "/srv/labels"))
    for found in ("snapshot-stale", "file-damaged"):
        judgement = judged(snapshot(), drill(0.5, "failed", findings=(wrong(found),)), of=more)
        assert "paths-not-covered" in codes(judgement)
        assert "no-good-snapshot" not in codes(judgement)
        assert judgement.verdict == NOT_READY


def test_what_drills_refused_is_not_said_to_be_dated_in_the_future() -> None:
    newest = [snapshot(n) for n in range(1, 7)]
    skipped = tuple(RefusedSnapshot(one.snapshot, one.started, "It is bad.") for one in newest)
    judgement = judged(*newest, drill(0.5, of=7, refused=skipped))
    assert judgement.reasons[0].sentence == "No snapshot that counts is left: drills refused the newest ones."


def test_what_is_dated_in_the_future_is_said_to_be() -> None:
    judgement = judged(snapshot(-30), drill(0.5))
    assert "dated in the future." in next(r.sentence for r in judgement.reasons if r.code == "no-snapshot")


# ---- not ready: tested and bad --------------------------------------------------------------


def test_a_good_snapshot_exactly_as_old_as_promised_is_in_time() -> None:
    judgement = judged(snapshot(2), drill())
    assert (judgement.verdict, judgement.rpo.actual_s, judgement.rpo.met) == (READY, 2 * HOUR, True)


def test_a_good_snapshot_older_than_promised_is_not_ready() -> None:
    judgement = judged(snapshot(2 + 1 / 3600), drill())
    assert (judgement.verdict, codes(judgement), judgement.rpo.met) == (NOT_READY, ["snapshot-stale"], False)


def test_snapshots_that_only_ever_failed_are_not_ready() -> None:
    judgement = judged(snapshot(1, "failed"))
    assert judgement.verdict == NOT_READY
    assert judgement.reasons[0].code == "no-good-snapshot"


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


def test_a_dump_that_is_older_than_the_promise_is_said_instead_of_the_snapshot() -> None:
    proof = NewestFileProof(name="recent", path="/srv/orders", max_age=26 * HOUR)
    result = ProofResult(name="recent", outcome="passed", seconds=1)
    taken = snapshot(0.5, dumps=(DumpNote("/srv/orders/orders.sql.gz", 9, ago(20)),))
    nightly = judged(taken, drill(proofs=(result,)), of=process(proofs=(proof,)))
    assert (nightly.verdict, codes(nightly)) == (NOT_READY, ["data-stale"])
    assert nightly.rpo.actual_s == 20 * HOUR
    assert "/srv/orders/orders.sql.gz" in nightly.reasons[0].sentence
    patient = judged(taken, drill(proofs=(result,)), of=process(proofs=(proof,), rpo=26 * HOUR))
    assert patient.verdict == READY
