"""What forbids removing anything, whatever the policy says, and the way out of it."""

from datetime import timedelta

import pytest

from agent.core.configuration.config import Keep, Rhythm
from agent.core.model.drills import DrillRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.obstacles import in_future, left_alone, says_something_of_the_data, too_much, unproven
from support.builders.shop import NOW, drill, wrong


def stored(number: int) -> StoredSnapshot:
    return StoredSnapshot(id=f"{number}" * 64, time=NOW + timedelta(hours=number), host="shop", paths=())


def why(*drills: DrillRecord) -> str:
    """Why nothing is removed from the first repository; `drills` oldest first."""
    found = unproven("orders", "primary", drills)
    return found[0].message if found else ""


def test_where_the_newest_drill_passed_something_may_go() -> None:
    assert why(drill(3, "failed"), drill(2)) == ""


def test_where_no_drill_was_made_or_the_newest_failed_nothing_goes() -> None:
    assert why().endswith("before a drill from there passes: none was made yet.")
    assert "the newest (2026-11-25 10:00 UTC) failed: This is file-damaged." in why(
        drill(3), drill(2, "failed")
    )


def test_a_pass_from_another_repository_proves_nothing_of_this_one() -> None:
    assert "none was made yet" in why(drill(2, repository="planb"))


@pytest.mark.parametrize("code", ["snapshot-stale", "snapshots-vanished", "repository-changed", "rto-missed"])
def test_a_drill_that_failed_for_what_is_no_fault_of_the_data_is_passed_over(code: str) -> None:
    failed = drill(1, "failed", findings=(wrong(code),))

    assert not says_something_of_the_data(failed)
    assert why(drill(2), failed) == ""


def test_a_drill_that_found_another_fault_as_well_is_not_passed_over() -> None:
    both = (wrong("snapshot-stale"), wrong("file-missing"))

    assert why(drill(2), drill(1, "failed", findings=both)) != ""


def test_three_of_the_snapshots_from_the_future_are_named_with_a_way_out() -> None:
    found = in_future("orders", "primary", [stored(number) for number in range(1, 5)], NOW)

    assert "4 snapshots there, such as 11111111 (2026-11-25 13:00 UTC), 22222222" in found.message
    assert "44444444" not in found.message
    assert (
        "(restic forget 11111111 22222222 33333333), then run: readiness snapshot --accept orders"
        in found.hint
    )


def test_the_share_that_would_let_them_go_is_rounded_up() -> None:
    listed = [stored(number) for number in range(7)]
    found = too_much("orders", "primary", listed[:3], listed, Keep(rhythm=Rhythm(every=1), at_most=30))

    assert "3 of 7 snapshots of orders in primary go at once, more than 30 %" in found.message
    assert "set its at_most to 43," in found.hint  # 42.9 would be too little


def test_what_nobody_here_knows_is_counted_and_named() -> None:
    one = left_alone("orders", "primary", [stored(1)])
    many = left_alone("orders", "primary", [stored(number) for number in range(1, 6)])

    assert one.message == (
        "1 snapshot of orders in primary (11111111) is left alone, and fills no place of keep: "
        "the ledger does not know it."
    )
    assert (
        "5 snapshots of orders in primary (11111111, 22222222, 33333333 and 2 more) are left" in many.message
    )
    assert many.hint.endswith("then run: readiness snapshot --accept orders")
