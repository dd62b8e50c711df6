"""Failures of drills that refute no data, and what shows that they are over."""

from agent.core.evidence.mild import is_of_the_repository, is_only_stale, is_over, spares_the_data
from agent.core.model.drills import DrillRecord
from support.builders.shop import ago, drill, snapshot, wrong


def failure(*codes: str) -> DrillRecord:
    return drill(1, "failed", of=3, findings=tuple(wrong(code) for code in codes))


def test_what_is_wrong_with_the_repository_or_the_age_alone_spares_the_data() -> None:
    assert spares_the_data(failure("snapshots-vanished", "snapshot-stale"))
    assert not spares_the_data(failure("snapshots-vanished", "file-damaged"))
    assert not spares_the_data(failure())


def test_age_and_repository_are_told_apart() -> None:
    stale, robbed = failure("snapshot-stale"), failure("snapshots-vanished")
    assert (is_only_stale(stale), is_of_the_repository(stale)) == (True, False)
    assert (is_only_stale(robbed), is_of_the_repository(robbed)) == (False, True)


def test_an_accepted_snapshot_anywhere_ends_a_loss_and_nothing_else() -> None:
    accepted = [snapshot(0.5, accepted=True, repository="planb")]
    assert is_over(failure("snapshots-vanished"), None, [], accepted)
    assert not is_over(failure("snapshots-vanished", "file-damaged"), None, [], accepted)
    assert not is_over(failure("repository-changed"), None, [], accepted)
    assert not is_over(failure("snapshots-vanished"), None, [], [snapshot(2, accepted=True)]), "before it"
    assert not is_over(failure("snapshots-vanished"), None, [], [snapshot(0.5)]), "elsewhere"


def test_a_snapshot_that_missed_nothing_ends_a_loss_and_a_copy_that_arrived_does_not() -> None:
    robbed = failure("snapshots-vanished")
    assert is_over(robbed, None, [snapshot(0.5)], [])
    assert not is_over(robbed, None, [snapshot(0.5, "failed")], [])
    assert not is_over(robbed, None, [snapshot(0.5, copy_of="1")], [])


def test_age_ends_with_a_snapshot_taken_since_and_leaves_the_rest() -> None:
    assert is_over(failure("snapshot-stale"), ago(0.5), [], [])
    assert not is_over(failure("snapshot-stale"), ago(2), [], [])
    assert not is_over(failure("snapshot-stale", "snapshots-vanished"), ago(0.5), [], [])
