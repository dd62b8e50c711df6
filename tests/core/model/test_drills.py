"""What a drill that noted nothing claims: nothing."""

import pytest

from agent.core.model.drills import DrillRecord
from support.builders.shop import NOW


def test_a_drill_that_noted_nothing_showed_nothing() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="not_tested")

    assert (record.rung, record.proofs, record.objectives) == ("L0", (), None)
    assert (record.files.verified, record.seconds.total, record.snapshot) == (0, 0.0, "")
    assert record.recovery_point_age is None


def test_a_drill_is_a_full_one_of_the_newest_snapshot_unless_it_says_otherwise() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="passed")

    assert (record.share, record.selection, record.instead_of) == (1.0, "latest", "")


def test_what_was_recorded_is_never_changed() -> None:
    record = DrillRecord(process="orders", repository="primary", started=NOW, outcome="failed")

    with pytest.raises(AttributeError):
        record.outcome = "passed"  # type: ignore[misc]
