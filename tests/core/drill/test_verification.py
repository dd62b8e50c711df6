"""What a comparison with the witness counts, names and explains."""

import pytest

from agent.core.drill import verification
from agent.core.drill.verification import MovingFiles, Verification


def test_what_came_and_went_in_a_moving_directory_is_explained_and_nothing_else() -> None:
    moving = MovingFiles(paths=frozenset({b"srv/orders/mail"}))

    assert moving.explains_new(b"srv/orders/mail/tmp-1", 0)
    assert moving.explains_new(b"srv/orders/mail/new/deep", 0)
    assert not moving.explains_new(b"srv/orders/other", 0)
    assert not moving.holds(b"srv/orders/mail/file", None)


def test_what_was_unreadable_at_snapshot_time_counts_as_missing_and_other_metadata_as_damage() -> None:
    counts = Verification(missing=1, unreadable=2, damaged=4, changed=8).counts()

    assert (counts.missing, counts.damaged) == (3, 12)


def test_everything_that_did_not_come_back_as_it_was_is_lost() -> None:
    assert Verification(missing=1, unreadable=2, damaged=4, changed=8, unexpected=16, moving=32).lost == 15


def test_the_lost_are_named_each_once_whatever_became_of_them() -> None:
    found = Verification(
        missing_paths=[b"a"],
        damaged_paths=[b"b"],
        changed_paths=[(b"b", "its mode is 600"), (b"c", "its owner is 7")],
        unreadable_paths=[b"d"],
        unexpected_paths=[b"e"],
    )

    assert found.named == {b"a", b"b", b"c", b"d"}


def test_names_are_kept_only_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "NAMED", 2)
    found = Verification()
    for path in (b"a", b"b", b"c"):
        found.note(found.missing_paths, path)

    assert found.missing_paths == [b"a", b"b"]


def test_without_a_list_what_was_written_while_the_snapshot_was_made_is_explained() -> None:
    moving = MovingFiles(since_ns=10, until_ns=20)

    assert [at for at in (9, 10, 20, 21) if moving.holds(b"a", at)] == [10, 20]
    assert not MovingFiles().holds(b"a", 0)
