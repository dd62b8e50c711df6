"""Which snapshots the records call good, bad, proven and copied."""

from datetime import UTC, datetime

from agent.core.model.drills import RefusedSnapshot
from agent.core.upkeep.drill_standings import standings_of
from support.builders.shop import drill, snapshot, wrong

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def name(hours: float) -> str:
    return f"{int(hours * 100) % (1 << 64):064x}"


def ids(*hours: float) -> frozenset[str]:
    return frozenset(map(name, hours))


def test_what_passed_is_good_and_what_failed_is_bad() -> None:
    known = standings_of([snapshot(1), snapshot(2, "failed"), snapshot(3, "not_tested")], [])
    assert (known.good, known.bad) == (ids(1), ids(2, 3))


def test_a_snapshot_beside_which_others_vanished_is_good_itself() -> None:
    both = (wrong("snapshots-vanished"), wrong("file-unreadable"))
    vanished = snapshot(1, "failed", findings=both[:1])
    known = standings_of([vanished, snapshot(2, "failed", findings=both)], [])
    assert (known.good, known.bad) == (ids(1), ids(2))


def test_a_drill_that_failed_makes_a_good_snapshot_bad() -> None:
    known = standings_of([snapshot(1)], [drill(2, of=1), drill(0.5, "failed", of=1)])
    assert (known.good, known.bad, known.proven) == (frozenset(), ids(1), frozenset())


def test_a_drill_that_passed_later_makes_it_good_again() -> None:
    known = standings_of([snapshot(1)], [drill(0.5, "failed", of=1), drill(0.4, of=1)])
    assert (known.good, known.bad, known.proven) == (ids(1), frozenset(), ids(1))


def test_a_drill_that_only_found_it_stale_says_nothing_of_its_data() -> None:
    stale = drill(0.5, "failed", of=1, findings=(wrong("snapshot-stale"),))
    assert standings_of([snapshot(1)], [stale]).good == ids(1)


def test_a_snapshot_that_a_drill_walked_past_is_bad() -> None:
    walked = drill(0.5, of=2, refused=(RefusedSnapshot(name(1), NOW, "damaged"),))
    known = standings_of([snapshot(1), snapshot(2)], [walked])
    assert (known.good, known.bad) == (ids(2), ids(1))


def test_a_sample_proves_less_than_the_whole() -> None:
    known = standings_of([snapshot(1)], [drill(0.5, of=1, share=0.1)])
    assert (known.proven, known.sampled) == (frozenset(), ids(1))


def test_a_copy_is_known_by_what_it_was_copied_from() -> None:
    copied = snapshot(1, copy_of=name(7))
    assert standings_of([copied], []).copied_from == {name(1): name(7)}
