"""What the record of a snapshot claims that noted nothing."""

from agent.core.model.snapshots import SnapshotRecord
from support.builders.shop import NOW


def test_no_snapshot_was_accepted_by_a_person_or_copied_unless_it_says_so() -> None:
    record = SnapshotRecord(process="orders", repository="primary", started=NOW, outcome="passed", seconds=1)

    assert (record.accepted, record.copy_of, record.same_device) == (False, "", False)
