"""What still counts of the records of one copy: good snapshots, failures not cleared, current proofs."""

from agent.core.model.drills import DrillRecord, ProofResult, RefusedSnapshot
from agent.core.model.records import Verdict
from support.builders.shop import GIB, ago, codes, drill, judged, process, snapshot, wrong

READY, NOT_READY = Verdict.READY, Verdict.NOT_READY


def test_a_pass_from_the_future_is_no_proof_even_when_newer_records_are_sane() -> None:
    judgement = judged(snapshot(), drill(1, "not_tested"), drill(-100))
    assert "never-proven" in codes(judgement)


def test_a_path_below_one_that_is_snapshot_is_covered() -> None:
    assert judged(snapshot(), drill(), of=process(paths=("/srv/orders/labels/",))).verdict == READY


def test_a_drill_of_another_repository_that_stood_here_before_is_no_proof() -> None:
    judgement = judged(snapshot(repository_id="new"), drill(repository_id="old"))
    assert codes(judgement) == ["never-proven"]


def test_a_failed_snapshot_does_not_count_as_the_newest_good_one() -> None:
    judgement = judged(snapshot(1, "failed"), snapshot(3), drill())
    assert codes(judgement) == ["snapshot-stale", "snapshot-failing"]


def test_a_snapshot_in_which_a_vital_file_moved_replaces_none_in_which_it_stood_still() -> None:
    moving = snapshot(1, vital_moving=("/srv/orders/dump.sql",))
    assert judged(moving, snapshot(3), drill()).last_snapshot_at == ago(3)
    assert judged(moving, drill()).last_snapshot_at == ago(1), "better than none"


def test_a_snapshot_that_a_drill_refused_does_not_count_as_good() -> None:
    refused = RefusedSnapshot(snapshot=snapshot(1).snapshot, at=ago(1), reason="file-damaged")
    judgement = judged(snapshot(1), snapshot(3), drill(0.5, of=3, refused=(refused,)))
    assert codes(judgement) == ["snapshot-stale"]
    assert judgement.last_snapshot_at == ago(3)


def test_what_a_drill_refused_is_refused_under_every_other_id_here() -> None:
    renamed = snapshot(1, snapshot="2" * 64, copy_of=snapshot(1).snapshot)
    assert "no-good-snapshot" in codes(judged(renamed, snapshot(1), drill(0.5, "failed", of=1)))
    passed = drill(0.3, of=1, snapshot="2" * 64)
    assert judged(renamed, snapshot(1), passed, drill(0.5, "failed", of=1)).verdict == READY


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
    newer = snapshot(0.7)
    sampled = [drill(0.1, of=0.7, **half), drill(0.2, of=0.7, **half)]
    judgement = judged(newer, snapshot(), *sampled, drill(0.5, "failed", of=1))
    assert judgement.verdict == READY


def test_samples_do_not_clear_a_failed_proof() -> None:
    half = {"share": 0.5, "bytes": GIB // 2}
    bad = drill(0.5, "failed", of=1, proofs=(ProofResult(name="sound", outcome="failed", seconds=1),))
    assert judged(snapshot(), drill(0.1, **half), drill(0.2, **half), bad).verdict == NOT_READY


def stale(hours: float, of: float) -> DrillRecord:
    return drill(hours, "failed", of=of, findings=(wrong("snapshot-stale"),))


def test_a_snapshot_taken_after_it_ends_a_drill_s_complaint_about_age() -> None:
    judgement = judged(snapshot(0.5), snapshot(9), stale(1, of=9), drill(8, of=9))
    assert (judgement.verdict, judgement.findings) == (READY, ())


def test_samples_too_old_to_count_do_not_add_up() -> None:
    half = {"share": 0.5, "bytes": GIB // 2}
    assert codes(judged(snapshot(), drill(0.5, **half), drill(250, **half))) == ["proof-partial"]


def test_samples_of_ten_tenths_are_the_whole() -> None:
    tenths = [drill(n + 0.5, share=0.1, bytes=GIB // 10) for n in range(10)]
    assert judged(snapshot(), *tenths).verdict == READY
