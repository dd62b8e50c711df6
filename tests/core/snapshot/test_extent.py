"""When a snapshot would lie: the rules about how much the sources hold, at their boundaries."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.extent import blemishes, replaced_roots, why_refuse
from support.builders.live_files import MIB, good, scan
from support.builders.shop import process

ORDERS = process(paths=("/srv/orders",))


def _codes(findings: list[Any]) -> list[str]:
    return [found.code for found in findings]


@pytest.mark.parametrize(
    ("now", "before", "refused"),
    [
        ({"files": 50}, {"files": 100}, False),
        ({"files": 49}, {"files": 100}, True),
        ({"files": 0, "size": 10 * MIB}, {"files": 2}, False),
        ({"files": 0, "size": 10 * MIB}, {"files": 3}, True),
        ({"size": 5 * MIB}, {"bytes": 10 * MIB}, False),
        ({"size": 5 * MIB - 1}, {"bytes": 10 * MIB}, True),
        ({"size": 0}, {"bytes": (1 << 16) - 1}, False),
        ({"size": 0}, {"bytes": 1 << 16}, True),
    ],
)
def test_below_half_it_has_collapsed_unless_it_was_tiny(
    now: dict[str, int], before: dict[str, int], refused: bool
) -> None:
    findings = why_refuse(ORDERS, scan(**now), replace(good(), **before))

    assert _codes(findings) == (["source-collapsed"] if refused else [])


@pytest.mark.parametrize(
    ("past", "files", "refused"),
    [
        ((10, 4, 10, 4, 10), 100, False),  # logs are packed every night
        ((10, 4, 10), 100, True),  # a person accepted it once
        ((10, 4, 10, 4, 10), 40, True),
        ((10, 5, 10, 5, 10), 100, True),  # never as little as now
        ((4, 4, 10, 10), 100, True),  # it has only grown
        ((10, 4, 4, 10, 6, 10), 100, True),
    ],
)
def test_bytes_that_come_and_go_may_go_again_where_all_files_are_there(
    past: tuple[int, ...], files: int, refused: bool
) -> None:
    earlier = [replace(good(), files=100, bytes=each * MIB) for each in past]
    found = why_refuse(ORDERS, scan(files=files, size=4 * MIB), earlier[-1], earlier)
    assert _codes(found) == (["source-collapsed"] if refused else [])


def test_without_a_good_snapshot_any_extent_will_do() -> None:
    assert why_refuse(ORDERS, scan(files=1, size=1), None) == []


def test_an_excluded_file_that_the_last_good_snapshot_held_is_refused() -> None:
    findings = why_refuse(ORDERS, scan(excluded_held=(b"srv/orders/db",)), good())

    assert _codes(findings) == ["exclude-drops-data"]
    assert findings[0].path == "/srv/orders/db"


@pytest.mark.parametrize(
    ("root", "refused", "warned"),
    [
        (RootIdentity("/srv/orders", 9, 9, 40), ["source-collapsed"], ["source-replaced"]),
        (RootIdentity("/srv/orders", 9, 9, 50), [], ["source-replaced"]),
        (RootIdentity("/srv/orders", 9, 2, 40), [], []),  # the device's number changed with a reboot
        (RootIdentity("/srv/orders", 1, 9, 40), [], []),  # the directory was made anew
    ],
)
def test_another_file_system_is_told_and_refused_when_it_holds_less(
    root: RootIdentity, refused: list[str], warned: list[str]
) -> None:
    now = scan(roots=(root,))

    assert _codes(why_refuse(ORDERS, now, good())) == refused
    assert _codes(replaced_roots(ORDERS, now, good())) == warned


def test_a_file_that_is_being_written_may_be_zero_for_a_moment() -> None:
    zeroed = scan(zeroed=(b"srv/orders/a", b"srv/orders/b"))

    assert [found.path for found in blemishes(ORDERS, zeroed, {b"srv/orders/a"})] == ["/srv/orders/b"]


def test_of_many_unreadable_files_twenty_are_named_and_the_others_counted() -> None:
    unreadable = tuple((b"srv/orders/%d" % number, "denied") for number in range(25))

    findings = blemishes(ORDERS, scan(unreadable=unreadable), set())

    assert _codes(findings) == ["file-unreadable"] * 21
    assert "5 more" in findings[-1].message


# ---- paths that come and go, and what databases write beside their data


def root(path: str, files: int, lasting: int | None = None, size: int = 0) -> RootIdentity:
    return RootIdentity(path, 1, 2, files, lasting, size)


def test_a_path_that_was_taken_out_of_the_config_is_no_loss() -> None:
    before = replace(
        good(),
        files=1000,
        bytes=100 * MIB,
        roots=(root("/srv/orders", 100, 100, MIB), root("/srv/old", 900, 900, 99 * MIB)),
    )
    now = scan(files=100, size=MIB, roots=(root("/srv/orders", 100, 100, MIB),))
    assert why_refuse(ORDERS, now, before) == []
    less = scan(files=40, size=MIB, roots=(root("/srv/orders", 40, 40, MIB),))
    [found] = why_refuse(ORDERS, less, before)
    assert "Only 40 files with 1.0 MiB are left of 100 files with 1.0 MiB" in found.message


def test_a_path_that_was_added_makes_up_for_no_loss() -> None:
    before = replace(good(), files=100, bytes=MIB, roots=(root("/srv/orders", 100, 100, MIB),))
    now = scan(files=940, size=99 * MIB, roots=(root("/srv/orders", 40, 40, MIB), root("/srv/new", 900, 900)))
    assert _codes(why_refuse(ORDERS, now, before)) == ["source-collapsed"]


@pytest.mark.parametrize(("files", "refused"), [(100, []), (40, ["source-collapsed"])])
def test_of_an_old_record_the_files_of_the_paths_that_are_left_are_compared(
    files: int, refused: list[str]
) -> None:
    before = replace(
        good(), files=1000, bytes=100 * MIB, roots=(root("/srv/orders", 100), root("/srv/old", 900))
    )
    now = scan(files=files, size=MIB, roots=(root("/srv/orders", files, files, MIB),))
    assert _codes(why_refuse(ORDERS, now, before)) == refused


def test_a_log_that_was_merged_into_its_database_is_no_loss() -> None:
    before = replace(good(), files=3, bytes=30 * MIB, roots=(root("/srv/orders", 3, 1, 10 * MIB),))
    now = scan(files=1, size=10 * MIB, roots=(root("/srv/orders", 1, 1, 10 * MIB),))
    assert why_refuse(ORDERS, now, before) == []


def test_an_empty_path_is_refused_until_a_person_has_accepted_it() -> None:
    empty = scan(files=0, size=0, roots=(root("/srv/orders", 0, 0),), empty_roots=("/srv/orders",))
    [found] = why_refuse(ORDERS, empty, None)
    assert found.code == "source-empty" and "readiness snapshot --accept orders" in found.hint
    accepted = replace(good(), files=0, bytes=0, roots=(root("/srv/orders", 0, 0),))
    assert why_refuse(ORDERS, empty, accepted) == []
    assert _codes(why_refuse(ORDERS, empty, good())) == ["source-empty"]


def test_what_a_database_makes_anew_at_each_start_may_be_zeros() -> None:
    zeroed = scan(zeroed=(b"srv/pg/pg_subtrans/0000", b"srv/my/ibtmp1", b"srv/pg/base/1/2619"))
    assert [found.path for found in blemishes(ORDERS, zeroed, ())] == ["/srv/pg/base/1/2619"]
