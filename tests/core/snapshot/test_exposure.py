"""The exposure: since when changes count, whose habits are known, and what a look finds wrong."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.changes import Changes, Known
from agent.core.snapshot.exposure import (
    Comparison,
    Look,
    changes_since,
    habit_since,
    last_good,
    news,
    what_is_wrong,
)
from support.builders.live_files import good, scan
from support.builders.shop import ago, process, snapshot, wrong

ORDERS = process()


def look(changes: Changes | None = None, **found: Any) -> Look:
    return Look(scan=scan(**found), comparison=Comparison(changes or Changes()))


def all_gone() -> Changes:
    changes = Changes()
    changes.files = 100
    for number in range(100):
        changes.differs(Known(b"srv/orders/%d" % number, 10, 1, 1, number), None)
    return changes


def codes(found: Look) -> list[str]:
    return [each.code for each in what_is_wrong(ORDERS, found, good())]


# ---- compared with what ---------------------------------------------------------------------


def test_the_newest_good_snapshot_of_the_live_files_is_what_counts() -> None:
    newest = snapshot(3)
    copied = snapshot(1, copy_of="a" * 64)

    assert last_good([snapshot(9), newest, copied, snapshot(2, "failed")]) == newest
    assert last_good([copied]) is None


def test_habits_are_known_once_snapshots_passed_for_more_than_a_day() -> None:
    newest = snapshot(1)

    assert habit_since([newest, snapshot(27)], newest) == ago(27)
    assert habit_since([newest, snapshot(26.9)], newest) is None
    assert habit_since([newest, snapshot(27, "failed")], newest) is None
    assert habit_since([], None) is None


def test_what_lies_outside_of_the_configured_paths_is_no_loss_of_the_process() -> None:
    changes = changes_since(good(), [], ["/srv/orders"])
    for path in (b"srv/orders/a", b"srv/orders2/a", b"home/a"):
        changes.differs(Known(path, 10, 1, 1, 7), None)

    assert changes.gone == 1


def test_what_was_written_before_the_snapshot_came_with_its_directory_and_is_not_new() -> None:
    taken = int(good().started.timestamp()) * 10**9
    changes = changes_since(good(), [], ["/srv/orders"])
    changes.differs(None, Known(b"srv/orders/old", 10, taken - 1, taken - 1, 7))
    changes.differs(None, Known(b"srv/orders/new", 10, taken + 1, taken + 1, 8))

    assert (changes.came, sum(changes.new.values())) == (2, 1)


# ---- what is wrong --------------------------------------------------------------------------


def test_files_as_they_were_are_nothing_wrong() -> None:
    assert codes(look()) == []


def test_a_path_without_any_file_is_told() -> None:
    assert codes(look(empty_roots=("/srv/orders",))) == ["source-empty"]


def test_another_file_system_with_as_much_in_it_is_told_and_with_less_is_one_fault() -> None:
    assert codes(look(roots=(RootIdentity("/srv/orders", 9, 9, 100),))) == ["source-replaced"]
    assert codes(look(roots=(RootIdentity("/srv/orders", 9, 9, 40),))) == ["source-collapsed"]


def test_files_that_are_gone_at_once_are_a_mass_change_and_no_second_fault() -> None:
    assert codes(look(files=0, size=0)) == ["source-collapsed"]
    assert codes(look(all_gone(), files=0, size=0)) == ["mass-change"]


# ---- what is worth a record -----------------------------------------------------------------


def test_other_numbers_in_a_message_are_no_news() -> None:
    more = wrong("source-collapsed", message="Only 3 files are left.")

    assert not news([more], [wrong("source-collapsed", message="Only 4 files are left.")])


def test_another_code_or_another_path_is_news() -> None:
    here = replace(wrong("source-missing"), path="/srv/orders")

    assert news([here], [])
    assert news([], [here])
    assert news([here], [replace(here, path="/srv/labels")])
    assert news([here], [replace(here, code="source-empty")])


def test_changes_count_from_the_moment_of_the_snapshot() -> None:
    begin = changes_since(good(), [snapshot(1), snapshot(99)], ["/srv/orders"])

    moment = int(good().started.timestamp()) * 10**9
    habit = int((good().started - timedelta(hours=26)).timestamp()) * 10**9
    assert (begin._since, begin._habitual) == (moment, habit)
