"""What a drill restored is verified against a witness to trust, and proven when nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from agent.core.drill.proofs import failed, not_tested
from agent.core.drill.verification import Verification
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import DumpNote, SnapshotRecord, TableCounts
from agent.operations.drill.check import Checked, Checker
from agent.operations.drill.restore import Restored
from agent.operations.drill.task import DrillTask
from support.builders.shop import NOW, ago, process, snapshot
from support.doubles.fake_drill import CARRIED, GOOD, PART, Tools, witness

OURS, OTHER = "ab" * 32, "cd" * 32
TAKEN = ago(1)
STORED = StoredSnapshot(id="12" * 32, time=TAKEN, host="shop", paths=("/srv/orders", CARRIED))
TABLE = TableCounts("/srv/orders/o.db", "0-o.db", {"orders": 3}, "ef" * 32)


def record(**changes: Any) -> SnapshotRecord:
    fields = {"witness_sha256": OURS, "paths": ("/srv/orders", CARRIED), "tables": (TABLE,)}
    return snapshot(1, **{**fields, **changes})


@pytest.fixture
def tools() -> Tools:
    """The recorded witness came back."""
    found = Tools()
    found.room.found = witness(OURS)
    return found


def check(
    tools: Tools, of: SnapshotRecord | None = None, any_record: bool = True, part: Any = None, **changes: Any
) -> Checked:
    task = DrillTask(process=process(**changes), repository="primary", host="shop")
    checker = Checker(task, tools.tools, STORED, of, any_record)
    return checker.check(Restored(report=GOOD, seconds=1.0, part=part), NOW)


def codes(checked: Checked) -> list[str]:
    return [found.code for found in checked.findings]


def test_what_came_back_whole_is_proven(tools: Tools) -> None:
    checked = check(tools, record())
    assert (codes(checked), checked.isolation) == ([], ("user",))
    assert [proof.outcome for proof in checked.proofs] == ["passed"]
    assert tools.prover.proven == [(tools.room.tree, TAKEN)]
    assert ("verify", OURS, ("/srv/orders",)) in tools.room.asked


def test_before_proofs_run_the_consistent_copies_are_laid_in_place(tools: Tools) -> None:
    check(tools, record())
    assert ("lay", (TABLE,)) in tools.room.asked


def test_the_copy_of_a_database_that_no_proof_names_is_looked_into(tools: Tools) -> None:
    found = structs.replace(TABLE, found=True)
    assert codes(check(tools, record(tables=(TABLE, found)))) == []
    tools.room.of_found = failed("row 3 is missing")
    [told] = check(tools, record(tables=(TABLE, found))).findings
    assert (told.code, told.path) == ("database-damaged", "/srv/orders/o.db")
    assert "row 3 is missing" in told.message
    tools.room.of_found = not_tested("it took too long")
    assert codes(check(tools, record(tables=(found,)))) == ["proof-not-run"]
    assert codes(check(tools, record(tables=(found,)), part=PART)) == []


def test_a_dump_that_came_back_cut_is_a_warning_and_bad_where_it_is_vital(tools: Tools) -> None:
    older, newest = (
        DumpNote(f"/srv/orders/orders-2026112{day}.sql", 9, ago(24 - day), is_cut=True) for day in (1, 2)
    )
    [told] = check(tools, record(dumps=(older, newest))).findings
    assert (told.code, told.severity, told.path) == ("dump-cut", "warning", newest.path)
    vital = {"vital": (older.path, newest.path)}
    [told] = check(tools, record(dumps=(older, newest)), **vital).findings
    assert told.severity == "error"
    whole = structs.replace(newest, is_cut=False)
    assert codes(check(tools, record(dumps=(older, whole)), **vital)) == []
    moving = {"moving": 1, "moving_paths": (newest.path,)}
    assert codes(check(tools, record(dumps=(structs.replace(older, is_cut=False), newest), **moving))) == []


def test_a_proof_that_fails_is_a_finding(tools: Tools) -> None:
    tools.prover.outcome = "failed"
    assert codes(check(tools, record())) == ["proof-failed"]


def test_where_files_are_lost_nothing_is_proven_and_lists_are_written(tools: Tools) -> None:
    tools.room.result = Verification(expected=2, verified=1, missing=1, missing_paths=[b"srv/orders/a"])
    checked = check(tools, record())
    assert codes(checked) == ["file-missing"]
    assert [(proof.outcome, proof.message) for proof in checked.proofs] == [
        ("not_tested", "not run, because files were lost")
    ]
    assert ("lists", "orders-12121212") in tools.room.asked
    assert tools.prover.proven == []


def test_a_sample_is_verified_and_not_proven(tools: Tools) -> None:
    checked = check(tools, record(), part=PART)
    assert (checked.proofs, tools.prover.proven) == ((), [])


def test_a_witness_that_is_not_the_recorded_one_is_replaced_by_our_own_copy_and_said(tools: Tools) -> None:
    tools.room.found, tools.room.own = witness(OTHER), witness(OURS)
    checked = check(tools, record())
    assert codes(checked) == ["witness-changed"]
    assert ("verify", OURS, ("/srv/orders",)) in tools.room.asked


@pytest.mark.parametrize(("found", "code"), [(None, "witness-missing"), (OTHER, "witness-changed")])
def test_without_a_witness_to_trust_nothing_is_verified(tools: Tools, found: str | None, code: str) -> None:
    tools.room.found = witness(found) if found else None
    checked = check(tools, record())
    assert (codes(checked), checked.result) == ([code], None)


def test_a_witness_that_was_lost_with_other_files_is_no_fault_of_its_own(tools: Tools) -> None:
    tools.room.found, tools.room.own = None, witness(OURS)
    tools.room.result = Verification(expected=1, missing=1, missing_paths=[b"a"])
    assert codes(check(tools, record())) == ["file-missing"]


@pytest.mark.parametrize(
    ("any_record", "described", "trusted", "said"),
    [
        (False, OTHER, True, []),  # a new ledger believes the word of the snapshot itself
        (False, "", False, ["witness-changed"]),
        (True, OTHER, True, ["snapshot-unknown"]),  # to one that knows snapshots it is somebody else's
        (True, "", False, ["snapshot-unknown"]),
    ],
)
def test_without_a_record_its_own_word_counts_and_proves_nothing_to_a_ledger_that_knows_others(
    tools: Tools, any_record: bool, described: str, trusted: bool, said: list[str]
) -> None:
    tools.room.found = witness(OTHER, described=described)
    tools.room.own = witness(OTHER)
    checked = check(tools, None, any_record)
    assert (checked.result is not None, codes(checked)) == (trusted, said)


# ---- what may differ because it was being written -------------------------------------------


def nanoseconds(hours: float) -> int:
    return int(ago(hours).timestamp() * 1e9)


def test_what_was_recorded_as_moving_is_excused_by_name_alone(tools: Tools) -> None:
    check(tools, record(moving=1, moving_paths=("/srv/orders/log",)))
    assert tools.room.moving.paths == {b"srv/orders/log"}
    assert not tools.room.moving.holds(b"srv/orders/other", nanoseconds(1))


def test_when_more_moved_than_was_listed_the_time_of_the_snapshot_excuses_the_others(tools: Tools) -> None:
    tools.room.found = witness(OURS, begun_ns=nanoseconds(1.1))
    check(tools, record(moving=9, moving_paths=("/srv/orders/log",), started=ago(1.2), seconds=900.0))
    moving = tools.room.moving
    assert (moving.since_ns, moving.until_ns) == (nanoseconds(1.1), nanoseconds(0.95))


def test_without_a_record_the_day_behind_the_snapshot_excuses_and_no_more(tools: Tools) -> None:
    tools.room.found = witness(OURS, described=OURS, begun_ns=nanoseconds(1.1))
    check(tools, None, any_record=False)
    assert tools.room.moving.until_ns == int(min(TAKEN + timedelta(hours=24), NOW).timestamp() * 1e9)


def test_a_witness_of_another_day_excuses_nothing(tools: Tools) -> None:
    tools.room.found = witness(OURS, described=OURS, begun_ns=nanoseconds(40))
    check(tools, None, any_record=False)
    assert not tools.room.moving.holds(b"a", nanoseconds(1))
