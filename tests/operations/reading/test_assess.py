"""Gathering the evidence: few questions to the ledger, whatever its size, and nothing overlooked."""

from datetime import timedelta

from agent.core.model.drills import Compared, Uncompared
from agent.core.model.records import Verdict
from agent.operations.reading.assess import assess_now, gather
from support.builders.shop import GIB, NOW, ago, config, drill, process, snapshot
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
