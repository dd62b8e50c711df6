"""Gathering the evidence: few questions to the ledger, whatever its size, and nothing overlooked."""

from datetime import timedelta

from msgspec.structs import replace

from agent.core.model.drills import Compared, ProofResult, RefusedSnapshot, Uncompared
from agent.core.model.records import Verdict
from agent.operations.reading.assess import assess_now, gather
from support.builders.shop import GIB, NOW, PROOF, ago, config, drill, process, snapshot, wrong
from support.doubles.fakes import FakeClock, FakeLedger


def test_an_empty_ledger_is_unknown() -> None:
    assert assess_now(config(), FakeLedger(), FakeClock(NOW)).verdict == Verdict.UNKNOWN


def test_the_newest_records_decide() -> None:
    ledger = FakeLedger(snapshot(9, "failed"), drill(8, "failed", of=9), snapshot(1), drill(0.5))
    assert assess_now(config(), ledger, FakeClock(NOW)).verdict == Verdict.READY


def test_the_head_of_the_ledger_is_kept_with_the_evidence() -> None:
    evidence = gather(config(), FakeLedger(snapshot(1)))
    assert (evidence.sequence, evidence.head) == (1, f"{1:064x}")


def test_a_long_ledger_costs_no_more_than_a_short_one() -> None:
    short = FakeLedger(*(snapshot(n) for n in range(40, 0, -1)), *(drill(n) for n in range(40, 0, -1)))
    long = FakeLedger(*(snapshot(n) for n in range(4000, 0, -1)), *(drill(n) for n in range(4000, 0, -1)))
    gather(config(), short)
    gather(config(), long)
    assert (short.queries, short.read) == (long.queries, long.read)


def test_the_last_good_snapshot_is_found_behind_any_number_of_failures() -> None:
    ledger = FakeLedger(snapshot(99), *(snapshot(n, "failed") for n in range(50, 0, -1)))
    answer = assess_now(config(), ledger, FakeClock(NOW))
    assert answer.judgements[0].last_snapshot_at == ago(99)


def test_one_in_which_vital_files_stood_still_is_found_behind_many_in_which_they_moved() -> None:
    moved = [snapshot(n, vital_moving=("/srv/orders/dump.sql",)) for n in range(50, 0, -1)]
    answer = assess_now(config(), FakeLedger(snapshot(99), snapshot(98), *moved), FakeClock(NOW))
    assert answer.judgements[0].last_snapshot_at == ago(98)


def test_a_drill_that_compared_what_moves_now_is_found_behind_others() -> None:
    left = Uncompared("/srv/orders/log", GIB // 10, "moving")
    moved = Compared(of_bytes=GIB, uncompared=(left,), uncompared_files=1, uncompared_bytes=left.bytes)
    at_rest = Compared(of_bytes=GIB, bytes=GIB, large=("/srv/orders/log",))
    drills = [drill(9, compared=at_rest), *(drill(n, compared=moved) for n in range(8, 0, -1))]
    assert assess_now(config(), FakeLedger(snapshot(1), *drills), FakeClock(NOW)).verdict == Verdict.READY
    never = assess_now(config(), FakeLedger(snapshot(1), *drills[1:]), FakeClock(NOW))
    assert [reason.code for reason in never.judgements[0].reasons] == ["content-not-proven"]


def test_a_full_drill_is_found_behind_many_samples() -> None:
    samples = [drill(n / 2, share=0.1, bytes=GIB // 10) for n in range(40, 0, -1)]
    answer = assess_now(config(), FakeLedger(snapshot(50), drill(49), *samples), FakeClock(NOW))
    assert answer.judgements[0].rto.basis == "measured"


def test_a_failed_drill_is_found_behind_any_number_that_could_not_be_made() -> None:
    never = [drill(n / 10, "not_tested") for n in range(50, 0, -1)]
    answer = assess_now(config(), FakeLedger(snapshot(9), drill(8, "failed"), *never), FakeClock(NOW))
    assert "drill-failed" in [reason.code for reason in answer.judgements[0].reasons]


def test_a_failure_is_found_behind_any_number_of_drills_of_older_snapshots() -> None:
    older = [drill(n / 100, of=9, selection="last-good") for n in range(60, 0, -1)]
    ledger = FakeLedger(snapshot(9), snapshot(2), drill(1, "failed", of=2), *older)
    answer = assess_now(config(), ledger, FakeClock(NOW))
    assert "drill-failed" in [reason.code for reason in answer.judgements[0].reasons]


def test_a_failed_proof_is_found_behind_any_number_of_samples_and_years() -> None:
    bad = drill(9000, "failed", of=9001, proofs=(ProofResult(name=PROOF.name, outcome="failed", seconds=1),))
    samples = [drill(n, of=n, share=0.1, sampled=True) for n in range(900, 0, -1)]
    answer = assess_now(config(), FakeLedger(bad, snapshot(1), *samples), FakeClock(NOW))
    assert "drill-failed" in [reason.code for reason in answer.judgements[0].reasons]


def test_a_refuted_snapshot_stays_refuted_behind_any_number_of_newer_drills() -> None:
    """The newest was refuted as well; the one before it was refuted long ago."""
    old, newest = snapshot(90), snapshot(2)
    drills = [drill(n, of=3) for n in range(60, 2, -1)]
    ledger = FakeLedger(
        snapshot(95), old, drill(89, "failed", of=90), *drills, newest, drill(1, "failed", of=2)
    )
    answer = assess_now(config(), ledger, FakeClock(NOW))
    assert answer.judgements[0].last_snapshot_at == ago(95)


def test_what_a_proof_refuted_long_ago_is_refuted_in_its_copy() -> None:
    proofs = (ProofResult(name=PROOF.name, outcome="failed", seconds=1),)
    bad = drill(40, "failed", of=41, proofs=proofs, findings=(wrong("proof-failed"),))
    good = [drill(n, of=n + 1) for n in range(30, 0, -1)]
    original, copied = snapshot(41), snapshot(41, repository="plan-b", snapshot="c" * 64)
    ledger = FakeLedger(original, replace(copied, copy_of=original.snapshot), bad, snapshot(1), *good)
    shop = config(process(), repositories=("primary", "plan-b"))
    standings = assess_now(shop, ledger, FakeClock(NOW)).judgements[0].standings
    assert standings[1].good == ()


def test_seven_newest_that_last_good_refused_do_not_hide_the_one_that_it_proved() -> None:
    refused = [snapshot(n / 10) for n in range(7, 0, -1)]
    names = tuple(RefusedSnapshot(each.snapshot, each.started, "damaged") for each in refused)
    proven = drill(0.05, of=1, selection="last-good", refused=names)
    answer = assess_now(config(), FakeLedger(snapshot(1), *refused, proven), FakeClock(NOW))
    assert answer.judgements[0].last_snapshot_at == ago(1)


def test_every_process_is_looked_up_in_every_repository() -> None:
    shop = config(process(), process("mail"), repositories=("primary", "plan-b"))
    evidence = gather(shop, FakeLedger())
    assert {(copy.process, copy.repository) for copy in evidence.copies} == {
        ("orders", "primary"),
        ("orders", "plan-b"),
        ("mail", "primary"),
        ("mail", "plan-b"),
    }


def test_the_answer_for_a_past_moment_can_be_had_again() -> None:
    ledger = FakeLedger(snapshot(1), drill(0.5))
    later = assess_now(config(), ledger, FakeClock(NOW + timedelta(days=30)))
    assert later.verdict == Verdict.NOT_READY
    assert assess_now(config(), ledger, FakeClock(NOW)).verdict == Verdict.READY
