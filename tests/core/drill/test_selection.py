"""Which snapshots are drilled, and in which order."""

from datetime import timedelta

from agent.core.drill.selection import chosen
from agent.core.model.repository import StoredSnapshot
from support.builders.shop import NOW

NEWEST_FIRST = [
    StoredSnapshot(id=name * 32, time=NOW - timedelta(hours=hours), host="shop", paths=())
    for hours, name in enumerate(("cc", "cd", "aa"))
]


def names(how: str, seed: int = 1, among: list[StoredSnapshot] = NEWEST_FIRST) -> list[str]:
    return [snapshot.id[:2] for snapshot in chosen(among, how, seed)]


def test_the_latest_is_one() -> None:
    assert names("latest") == ["cc"]


def test_for_the_last_good_one_all_are_tried_newest_first() -> None:
    assert names("last-good") == ["cc", "cd", "aa"]


def test_a_random_one_depends_on_nothing_but_the_seed() -> None:
    found = {seed: names("random", seed) for seed in range(20)}

    assert {name for (name,) in found.values()} == {"aa", "cc", "cd"}
    assert found == {seed: names("random", seed) for seed in range(20)}


def test_the_start_of_an_id_is_enough_when_it_fits_one_alone() -> None:
    assert names("a") == ["aa"]
    assert names("cd" * 32) == ["cd"]
    assert names("c") == []
    assert names("ff") == []


def test_among_no_snapshots_none_is_chosen() -> None:
    assert [names(how, among=[]) for how in ("latest", "last-good", "random", "aa")] == [[], [], [], []]
