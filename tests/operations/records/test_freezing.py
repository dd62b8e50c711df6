"""What freezes the retention of a process is asked of the ledger, few records at a time."""

from msgspec.structs import replace

from agent.core.model.records import Body, RetentionRecord
from agent.core.model.runs import AgentRecord
from agent.operations.records.freezing import freezes
from support.builders.shop import NOW, snapshot, wrong
from support.doubles.fakes import FakeLedger

CHANGED = snapshot(5, "failed", findings=(wrong("mass-change"),))
ACCEPTED = snapshot(1, accepted=True)
RETAINED = RetentionRecord(process="orders", repository="primary", started=NOW, outcome="passed", seconds=1)


def codes(*bodies: Body) -> list[str]:
    return [freeze.code for freeze in freezes(FakeLedger(*bodies), "orders")]


def test_nothing_freezes_a_process_without_trouble() -> None:
    assert codes(snapshot(2), RETAINED, snapshot(1)) == []


def test_a_finding_that_only_old_snapshots_may_undo_freezes_until_a_person_accepts() -> None:
    assert codes(CHANGED, snapshot(2)) == ["mass-change"]
    assert codes(CHANGED, ACCEPTED) == []
    assert codes(ACCEPTED, CHANGED) == ["mass-change"]


def test_two_retentions_that_were_not_frozen_are_far_enough_behind_it() -> None:
    """One may have begun before the finding was recorded; the one before it has not."""
    assert codes(CHANGED, RETAINED) == ["mass-change"]
    assert codes(CHANGED, RETAINED, RETAINED, RETAINED) == []


def test_a_retention_that_was_frozen_proves_nothing() -> None:
    frozen = replace(RETAINED, frozen=("mass-change",))
    assert codes(CHANGED, frozen, frozen, frozen) == ["mass-change"]


def test_a_clock_that_jumped_since_the_first_snapshot_freezes_every_process() -> None:
    jumped = AgentRecord(event="clock-jumped", jump=90_000)
    assert codes(snapshot(9), jumped) == ["clock-jumped"]
    assert codes(jumped, snapshot(9)) == []
