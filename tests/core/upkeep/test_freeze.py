"""What freezes the retention of a process, and what lets it go on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.findings import Finding
from agent.core.model.records import Body, RetentionRecord, WatchRecord
from agent.core.model.runs import AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.upkeep.freeze import FREEZING, frozen_finding, open_freezes
from agent.operations.records.freezing import freezes
from support.builders.shop import NOW, drill, snapshot
from support.doubles.fakes import FakeLedger

DAY = 86400
YEAR = 365 * DAY
ACCEPTED = snapshot(0.1, accepted=True)


def codes(*bodies: Body, process: str = "orders") -> list[str]:
    """What is open after these records, oldest first; the question put to the ledger as well."""
    ledger = FakeLedger(*bodies)
    found = [freeze.code for freeze in open_freezes(ledger.entries(), process)]
    assert [freeze.code for freeze in freezes(ledger, process)] == found
    return found


def noticed(code: str, process: str = "orders") -> tuple[Finding, ...]:
    return (Finding(code=code, severity="error", process=process, message=f"This is {code}."),)


def changed(process: str = "orders") -> WatchRecord:
    findings = noticed("mass-change", process)
    return WatchRecord(process=process, started=NOW, outcome="failed", findings=findings)


def jumped(seconds: int) -> AgentRecord:
    return AgentRecord(event="clock-jumped", jump=seconds)


def refused(code: str) -> SnapshotRecord:
    return snapshot(1, "failed", findings=noticed(code))


def test_nothing_recorded_freezes_nothing() -> None:
    assert codes() == []
    assert codes(snapshot(2), drill(1), AgentRecord(event="started")) == []


@pytest.mark.parametrize("code", FREEZING)
def test_a_finding_that_only_old_snapshots_may_undo_freezes(code: str) -> None:
    assert codes(snapshot(2), refused(code)) == [code]


def test_a_finding_of_the_watcher_a_drill_or_a_retention_freezes_as_well() -> None:
    vanished = noticed("snapshots-vanished")
    retention = RetentionRecord(
        process="orders", repository="primary", started=NOW, outcome="failed", seconds=1, findings=vanished
    )

    assert codes(changed()) == ["mass-change"]
    assert codes(retention) == ["snapshots-vanished"]
    assert codes(drill(1, "failed", findings=vanished)) == ["snapshots-vanished"]


def test_another_finding_freezes_nothing() -> None:
    assert codes(refused("source-missing"), drill(1, "failed")) == []


def test_later_good_records_do_not_thaw() -> None:
    calm = WatchRecord(process="orders", started=NOW, outcome="passed")
    assert codes(changed(), calm, snapshot(1), drill(0.5)) == ["mass-change"]


def test_a_person_who_accepts_thaws() -> None:
    assert codes(changed(), refused("snapshots-vanished"), jumped(YEAR), ACCEPTED) == []


def test_an_accepted_snapshot_that_is_not_good_thaws_nothing() -> None:
    assert codes(changed(), replace(ACCEPTED, outcome="failed")) == ["mass-change"]
    assert codes(changed(), replace(ACCEPTED, outcome="not_tested")) == ["mass-change"]


def test_what_was_accepted_is_only_what_was_known_by_then() -> None:
    assert codes(changed(), ACCEPTED, refused("repository-changed")) == ["repository-changed"]


def test_one_process_is_not_frozen_or_thawed_by_another() -> None:
    assert codes(changed("mail")) == []
    assert codes(changed(), replace(ACCEPTED, process="mail")) == ["mass-change"]


def test_a_jump_of_the_clock_freezes_every_process() -> None:
    assert codes(jumped(YEAR)) == ["clock-jumped"]
    assert codes(jumped(-YEAR), process="mail") == ["clock-jumped"]


def test_a_jump_before_its_first_snapshot_is_none_of_a_processs_business() -> None:
    ledger = FakeLedger(jumped(YEAR), snapshot(3), snapshot(2))
    assert freezes(ledger, "orders") == ()
    assert [freeze.code for freeze in freezes(ledger, "mail")] == ["clock-jumped"]
    ledger.append(jumped(-YEAR), NOW)
    assert [freeze.code for freeze in freezes(ledger, "orders")] == ["clock-jumped"]


def test_what_lies_behind_two_retentions_that_looked_is_not_searched_again() -> None:
    """One that was at work while the finding was recorded may stand behind it: one alone tells nothing."""
    free = RetentionRecord(
        process="orders", repository="primary", started=NOW, outcome="passed", seconds=1, host="shop"
    )
    frozen = replace(free, frozen=("mass-change",))
    assert [freeze.code for freeze in freezes(FakeLedger(changed(), free), "orders")] == ["mass-change"]
    assert freezes(FakeLedger(changed(), free, free), "orders") == ()
    ledger = FakeLedger(free, changed(), free, *[frozen] * 20)
    assert [freeze.code for freeze in freezes(ledger, "orders")] == ["mass-change"]


def test_a_clock_that_was_set_right_again_thaws_by_itself() -> None:
    assert codes(jumped(YEAR), jumped(-YEAR + 3600)) == []
    assert codes(jumped(YEAR), jumped(-YEAR + 3601)) == ["clock-jumped"]


def test_a_clock_that_was_set_right_in_two_steps_thaws_too() -> None:
    assert codes(jumped(YEAR), jumped(-YEAR // 2), jumped(-YEAR + YEAR // 2)) == []


def test_small_jumps_that_add_up_freeze() -> None:
    assert codes(jumped(1800), jumped(1800)) == []
    assert codes(jumped(1800), jumped(1800), jumped(1)) == ["clock-jumped"]


def test_an_accepted_clock_is_the_right_one_from_then_on() -> None:
    assert codes(jumped(YEAR), ACCEPTED, jumped(-YEAR)) == ["clock-jumped"]


def test_freezes_are_told_in_the_order_in_which_they_were_opened() -> None:
    assert codes(jumped(YEAR), changed(), changed()) == ["clock-jumped", "mass-change"]


def test_the_finding_names_every_cause_and_how_to_clear_them() -> None:
    entries = FakeLedger(changed(), jumped(-YEAR)).entries()
    found = frozen_finding("orders", "Nothing is removed.", open_freezes(entries, "orders"))

    assert (found.code, found.severity) == ("retention-frozen", "warning")
    assert found.message.startswith("Nothing is removed. ")
    assert "mass-change: This is mass-change." in found.message
    assert "clock-jumped: The clock was set back by 365 d." in found.message
    assert "readiness snapshot --accept orders" in found.hint


def test_the_real_ledger_finds_the_same(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        ledger.append(snapshot(3), NOW)
        assert freezes(ledger, "orders") == ()
        first = ledger.first(SnapshotRecord, process="orders")
        assert (first and first.sequence, ledger.first(SnapshotRecord, process="mail")) == (1, None)
        for body in (changed("mail"), refused("snapshots-vanished"), jumped(YEAR)):
            ledger.append(body, NOW)
        assert [freeze.code for freeze in freezes(ledger, "orders")] == ["snapshots-vanished", "clock-jumped"]
        ledger.append(ACCEPTED, NOW)
        assert freezes(ledger, "orders") == ()
        assert [freeze.code for freeze in freezes(ledger, "mail")] == ["mass-change", "clock-jumped"]
