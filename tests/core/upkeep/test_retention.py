"""What retention may remove and what it must never touch, one fact each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.configuration.config import CriticalProcess, Keep, Rhythm
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.keeping import kept_by_policy
from agent.core.upkeep.retention import Choice, Standings, choose
from support.builders.shop import process

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly", "within")


def keep(at_most: int = 100, **rules: int) -> Keep:
    return Keep(rhythm=Rhythm(every=86400), at_most=at_most, **rules)


def policed(at_most: int = 100, **rules: int) -> CriticalProcess:
    return process(keep=keep(at_most, **rules))


def stored(hours: float, **changes: Any) -> StoredSnapshot:
    """Taken so many hours ago; the ID says how many."""
    usual = {"id": name(hours), "time": NOW - timedelta(hours=hours), "host": "shop", "paths": ()}
    return StoredSnapshot(**(usual | changes))


def name(hours: float) -> str:
    return f"{int(hours * 100) % (1 << 64):064x}"


def removed(of: CriticalProcess, *hours: float, **known: Any) -> set[str]:
    return {snapshot.id for snapshot in chosen(of, *hours, **known).remove}


def chosen(of: CriticalProcess, *hours: float, **known: Any) -> Choice:
    listed = [stored(hour) for hour in hours]
    return choose(of, "primary", listed, Standings(**known), BERLIN, NOW)


def ids(*hours: float) -> frozenset[str]:
    return frozenset(map(name, hours))


# ---- the policy


def test_a_process_without_a_policy_loses_nothing() -> None:
    assert removed(process(), 1, 2, 3000) == set()


def test_an_empty_repository_has_nothing_to_lose() -> None:
    assert chosen(policed(last=1)).remove == ()


def test_the_newest_so_many_stay() -> None:
    assert removed(policed(last=2), 1, 2, 3, 4) == ids(3, 4)


def test_all_within_a_time_before_the_newest_stay() -> None:
    """Exactly so old is too old, as for restic."""
    assert removed(policed(within=7200), 10, 11, 12, 13) == ids(12, 13)


def test_a_day_begins_at_the_businesss_midnight() -> None:
    """12:00 UTC is 13:00 in Berlin: 13 hours before lies midnight there."""
    kept = kept_by_policy([stored(12.9), stored(13.1), stored(14)], keep(daily=2), BERLIN)
    assert set(kept) == ids(12.9, 13.1)
    kept = kept_by_policy([stored(12.9), stored(13.1), stored(14)], keep(daily=1), ZoneInfo("UTC"))
    assert set(kept) == ids(12.9)


def test_an_hour_that_the_clock_shows_twice_is_one_hour() -> None:
    night = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    listed = [StoredSnapshot(id=str(i), time=at, host="shop", paths=()) for i, at in enumerate(night)]
    assert set(kept_by_policy(listed, keep(hourly=2), BERLIN)) == {"2", "1"}


def test_every_rule_that_keeps_a_snapshot_is_named() -> None:
    assert kept_by_policy([stored(1)], keep(last=1, daily=1), BERLIN) == {name(1): ("last", "daily")}


# ---- what always stays


def test_the_newest_good_snapshot_stays_however_old_it_is() -> None:
    assert removed(policed(last=1), 1, 2, 3, 4, good=ids(3, 4), bad=ids(1, 2)) == ids(2, 4)


def test_the_newest_good_snapshot_stays_behind_newer_ones_that_nobody_knows() -> None:
    assert removed(policed(last=1), 1, 2, 3, 4, good=ids(3, 4)) == ids(2, 4)


def test_the_newest_snapshot_stays_even_for_a_policy_that_keeps_none() -> None:
    assert removed(policed(), 1, 2) == ids(2)


def test_the_newest_snapshot_that_passed_a_drill_stays() -> None:
    assert removed(policed(last=1), 1, 2, 3, 4, proven=ids(3, 4)) == ids(2, 4)


def test_the_newest_that_passed_a_sampled_drill_stays_as_well() -> None:
    assert removed(policed(last=1), 1, 2, 3, 4, proven=ids(4), sampled=ids(3, 4)) == ids(2)


def test_a_copy_of_a_proven_snapshot_stays() -> None:
    elsewhere = name(99)
    known = {"proven": frozenset({elsewhere}), "copied_from": {name(3): elsewhere}}
    assert removed(policed(last=1), 1, 2, 3, 4, **known) == ids(2, 4)


def test_the_source_of_a_copy_that_was_proven_stays() -> None:
    elsewhere = name(99)
    known = {"proven": frozenset({elsewhere}), "copied_from": {elsewhere: name(3)}}
    assert removed(policed(last=1), 1, 2, 3, 4, **known) == ids(2, 4)


def test_another_copy_of_the_same_source_stays() -> None:
    known = {"proven": ids(99), "copied_from": {name(99): name(98), name(3): name(98)}}
    assert removed(policed(last=1), 1, 2, 3, 4, **known) == ids(2, 4)


def test_what_was_proven_here_stays_even_when_something_newer_was_proven_elsewhere() -> None:
    known = {"proven": ids(3, 99), "copied_from": {name(2): name(99)}}
    assert removed(policed(last=1), 1, 2, 3, 4, **known) == ids(4)


def test_a_snapshot_that_is_not_good_takes_no_good_ones_place() -> None:
    assert removed(policed(daily=1), 1, 2, 3, bad=ids(1)) == ids(3)
    assert removed(policed(last=2), 1, 2, 3, 4, 5, 6, bad=ids(1, 2, 3)) == ids(3, 6)


def test_what_was_proven_and_then_tagged_by_a_person_stays() -> None:
    """`restic tag` makes another snapshot of it, with another ID."""
    tagged = stored(3, original=name(99))
    choice = choose(
        policed(last=1), "primary", [stored(1), stored(2), tagged], Standings(proven=ids(99)), BERLIN, NOW
    )
    assert {snapshot.id for snapshot in choice.remove} == ids(2)


def test_the_newest_with_a_path_that_the_process_has_no_more_stays() -> None:
    """Nobody may notice for weeks that the config lost a line: then it is all that is left of it."""
    listed = [stored(hours, paths=("/srv/orders",)) for hours in (1, 2)]
    listed += [stored(hours, paths=("/srv/orders", "/srv/mail")) for hours in (3, 4)]
    choice = choose(policed(last=1), "primary", listed, Standings(), BERLIN, NOW)
    assert {snapshot.id for snapshot in choice.remove} == ids(2, 4)
    bad = choose(policed(last=1), "primary", listed, Standings(bad=ids(3)), BERLIN, NOW)
    assert {snapshot.id for snapshot in bad.remove} == ids(2, 3)


def test_a_path_that_another_one_holds_now_keeps_nothing() -> None:
    listed = [
        stored(1, paths=("/srv",)),
        stored(2, paths=("/srv/orders/",)),
        stored(3, paths=("/srv/orders",)),
    ]
    wide = process(paths=("/srv/",), keep=keep(last=1))
    assert len(choose(wide, "primary", listed, Standings(), BERLIN, NOW).remove) == 2


# ---- what forbids removing anything


def test_no_more_than_a_share_is_removed_at_once() -> None:
    assert removed(policed(50, last=2), 1, 2, 3, 4) == ids(3, 4)
    refused = chosen(policed(49, last=2), 1, 2, 3, 4)
    assert (refused.remove, [found.code for found in refused.obstacles]) == ((), ["retention-too-much"])
    assert "2 of 4 snapshots" in refused.obstacles[0].message
    assert "set its at_most to 50" in refused.obstacles[0].hint


@pytest.mark.parametrize("rules", [{rule: 1} for rule in RULES])
def test_a_snapshot_from_the_future_costs_no_other_its_life(rules: dict[str, int]) -> None:
    refused = chosen(policed(**rules), -1.1, 1, 2, 3)
    assert (refused.remove, [found.code for found in refused.obstacles]) == ((), ["snapshot-in-future"])
    assert f"restic forget {name(-1.1)[:8]}" in refused.obstacles[0].hint


def test_a_clock_that_is_a_little_ahead_is_no_future() -> None:
    assert removed(policed(last=1), -0.9, 1) == ids(1)


# ---- properties


snapshot_hours = st.lists(st.integers(-2, 20000), unique=True, max_size=40)
rules = st.dictionaries(st.sampled_from(RULES), st.integers(1, 20), min_size=1)


@settings(max_examples=200, deadline=None)
@given(
    hours=snapshot_hours, policy=rules, at_most=st.integers(1, 100), chance=st.randoms(use_true_random=False)
)
def test_no_policy_removes_what_must_stay(
    hours: list[int], policy: dict[str, int], at_most: int, chance: Any
) -> None:
    listed = [stored(hour) for hour in hours]
    every = [snapshot.id for snapshot in listed]
    known = Standings(
        good=frozenset(chance.sample(every, len(every) // 2)),
        proven=frozenset(chance.sample(every, len(every) // 3)),
        copied_from={other: f"source of {other}" for other in chance.sample(every, len(every) // 4)},
    )

    gone = choose(policed(at_most, **policy), "primary", listed, known, BERLIN, NOW).remove

    assert len(gone) * 100 <= at_most * len(listed)
    left = [snapshot for snapshot in listed if snapshot not in gone]
    for kind in (known.good, known.proven, frozenset(every)):
        there = [snapshot for snapshot in listed if snapshot.id in kind]
        assert not there or max(there, key=lambda snapshot: snapshot.time) in left
    if any(snapshot.time > NOW + timedelta(hours=1) for snapshot in listed):
        assert not gone
