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
