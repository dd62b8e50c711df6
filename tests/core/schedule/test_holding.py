"""What a run has for itself while it is at work."""

import pytest

from agent.core.schedule.holding import everything, held, held_at_first, shown


@pytest.mark.parametrize("kind", ["copy", "retain", "check", "prune"])
def test_beside_a_drill_nothing_works_on_its_repository_but_snapshots(kind: str) -> None:
    drill = held("drill", "orders", "primary")

    assert held(kind, "shop", "primary") & drill
    assert not held(kind, "shop", "planb") & drill
    assert not held("snapshot", "orders", "primary") & drill


def test_two_works_on_the_files_of_one_process_exclude_each_other_and_leave_others_alone() -> None:
    taken = held("snapshot", "orders", "primary")

    assert held("exposure", "orders") & taken
    assert held("retain", "orders", "planb") & taken
    assert not held("exposure", "shop") & taken


def test_a_repository_is_free_only_when_nobody_writes_and_nobody_drills() -> None:
    assert everything("primary") == {"repository.primary", "drill.primary"}


def test_only_a_drill_waits_for_the_snapshot_of_its_process_before_it_begins() -> None:
    assert held_at_first("drill", "orders") == {"process.orders"}
    assert held_at_first("check", "orders") == frozenset()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("agent", "this state, as the service"),
        ("mail", "the mail"),
        ("process.orders", "process orders"),
        ("repository.primary", "repository primary"),
        ("drill.primary", "repository primary"),
        ("process.a.b", "process a.b"),
    ],
)
def test_a_lock_is_named_to_people_by_what_it_is_on(name: str, words: str) -> None:
    assert shown(name) == words
