"""What a record of the ledger holds: every kind has one stable name, and nothing noted claims nothing."""

from typing import get_args

import pytest

from agent.core.model.records import KINDS, Body, DrillRecord, SnapshotRecord, Verdict
from support.builders.shop import NOW


def test_every_body_that_the_ledger_takes_has_a_kind_and_no_two_the_same() -> None:
    assert set(KINDS) == set(get_args(Body))
    assert len(set(KINDS.values())) == len(KINDS)


def test_the_kinds_that_old_ledgers_hold_keep_their_names() -> None:
    assert set(KINDS.values()) == {
        *("snapshot", "drill", "repository", "copy", "check", "retention", "listing", "prune", "watch"),
        *("agent", "config", "incident", "message", "delivery", "acknowledgement", "alarm-test", "ping"),
        *("run-snapshot", "run-copy", "run-drill", "run-retain", "run-check", "run-prune", "run-report"),
    }


def test_a_drill_that_noted_nothing_showed_nothing() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="not_tested")

    assert (record.rung, record.proofs, record.objectives) == ("L0", (), None)
    assert (record.files.verified, record.seconds.total, record.snapshot) == (0, 0.0, "")
    assert record.recovery_point_age is None


def test_a_drill_is_a_full_one_of_the_newest_snapshot_unless_it_says_otherwise() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="passed")

    assert (record.share, record.selection, record.instead_of) == (1.0, "latest", "")


def test_no_snapshot_was_accepted_by_a_person_or_copied_unless_it_says_so() -> None:
    record = SnapshotRecord(process="orders", repository="primary", started=NOW, outcome="passed", seconds=1)

    assert (record.accepted, record.copy_of, record.same_device) == (False, "", False)


def test_what_was_recorded_is_never_changed() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="failed")

    with pytest.raises(AttributeError):
        record.outcome = "passed"  # type: ignore[misc]


def test_a_verdict_is_written_as_scripts_read_it() -> None:
    assert [str(verdict) for verdict in Verdict] == ["READY", "AT_RISK", "NOT_READY", "UNKNOWN"]
