"""Which snapshots plan B still lacks, what is recorded of those that arrived, and how far it is behind."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Repository
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.copying import (
    Good,
    arrivals,
    contradiction,
    copy_among,
    done_with,
    good_ones,
    init_command,
    lag,
    missing,
)
from support.builders.shop import HOUR, NOW, snapshot, wrong

PRIMARY = Repository(name="primary", url="/mnt/primary", password_file="/etc/primary")
PLAN_B = Repository(name="planb", url="sftp:nas:/restic", password_file="/etc/planb")
BASE = snapshot(
    0, repository="planb", repository_id="b" * 64, place="not-known", place_reason="why", same_device=False
)


def stored(hours: float, name: str = "", **changes: Any) -> StoredSnapshot:
    """Of so many hours ago; its tree is the same in every repository."""
    usual = StoredSnapshot(
        id=name or snapshot(hours).snapshot,
        time=NOW - timedelta(hours=hours),
        host="shop",
        paths=(),
        tree=f"tree {hours}",
    )
    return replace(usual, **changes)


def copied(hours: float, **changes: Any) -> StoredSnapshot:
    return stored(hours, f"copy {hours}", original=snapshot(hours).snapshot, **changes)


def goods(*hours: float) -> list[Good]:
    return good_ones([stored(hour) for hour in hours], [snapshot(hour) for hour in hours])


# ---- what is to be copied -------------------------------------------------------------------


def test_only_listed_snapshots_that_were_whole_are_copied_newest_first() -> None:
    records = [snapshot(3), snapshot(2, "failed"), snapshot(1), snapshot(9)]
    found = good_ones([stored(3), stored(2), stored(1), stored(5)], records)

    assert [good.stored for good in found] == [stored(1), stored(3)]


def test_a_snapshot_beside_which_others_vanished_is_copied_all_the_same() -> None:
    record = snapshot(1, "failed", findings=(wrong("snapshots-vanished"),))

    assert len(good_ones([stored(1)], [record])) == 1


def test_a_copy_is_known_by_its_original_and_its_content() -> None:
    (good,) = goods(1)

    assert copy_among(good, [copied(2), copied(1)]) == copied(1)
    assert copy_among(good, [copied(1, tree="other")]) is None, "somebody rewrote it"
    assert copy_among(good, [stored(1)]) is None, "it is no copy"


def test_a_copy_of_the_same_original_by_another_way_is_a_copy_of_it() -> None:
    (good,) = goods(1)
    first = replace(good, stored=replace(good.stored, original="made elsewhere"))

    assert copy_among(first, [stored(1, "copy", original="made elsewhere")]) is not None


def test_what_is_there_or_was_removed_there_on_purpose_is_not_copied_again() -> None:
    three = goods(1, 2, 3)

    assert [good.stored for good in missing(three, [copied(2)], {snapshot(3).snapshot})] == [stored(1)]


def test_only_copies_that_the_retention_removed_are_done_with() -> None:
    records = [snapshot(1, snapshot="copy a", copy_of="a"), snapshot(1, snapshot="copy b", copy_of="b")]

    assert done_with([*records, snapshot(1, snapshot="own")], {"copy a", "own"}) == {"a"}


# ---- what is recorded of them ---------------------------------------------------------------


def test_a_copy_is_as_good_as_its_original_and_nobody_accepted_it() -> None:
    here = {"place": "same-disk", "same_device": True}
    original = snapshot(1, accepted=True, findings=(wrong("mass-change"),), files=7, **here)
    (record,) = arrivals(good_ones([stored(1)], [original]), [copied(1)], [], BASE)

    assert (record.repository, record.repository_id) == ("planb", "b" * 64)
    assert (record.snapshot, record.copy_of, record.files) == ("copy 1", original.snapshot, 7)
    assert (record.accepted, record.findings) == (False, ())
    assert (record.place, record.place_reason, record.same_device) == ("not-known", "why", False)


def test_the_newest_copy_is_recorded_last() -> None:
    found = arrivals(goods(1, 2), [copied(1), copied(2)], [], BASE)

    assert [record.snapshot for record in found] == ["copy 2", "copy 1"]


def test_when_an_older_one_comes_after_a_newer_one_the_newest_is_recorded_once_more() -> None:
    there = [copied(1), copied(2)]

    assert [r.snapshot for r in arrivals(goods(1, 2), there, ["copy 1"], BASE)] == ["copy 2", "copy 1"]
    assert arrivals(goods(1, 2), there, ["copy 1", "copy 2"], BASE) == []


def test_plan_b_is_behind_by_the_time_between_the_two_newest() -> None:
    assert lag(goods(1, 9), [copied(9), copied(5)]) == 4 * HOUR
    assert lag(goods(5), [copied(1)]) == 0
    assert (lag([], [copied(1)]), lag(goods(1), [])) == (None, None)


# ---- one restic for both --------------------------------------------------------------------


def test_two_repositories_on_different_ways_do_not_contradict_each_other() -> None:
    assert contradiction(PRIMARY, PLAN_B, {"A": "1"}, {"B": "2"}) == ""
    assert contradiction(PRIMARY, PLAN_B, {"A": "1"}, {"A": "1"}) == ""


def test_what_must_be_two_things_at_once_is_named() -> None:
    s3 = replace(PRIMARY, url="s3:one"), replace(PLAN_B, url="s3:two")
    options = replace(PRIMARY, options=("sftp.args=-p 1",)), replace(PLAN_B, options=("sftp.args=-p 2",))

    assert contradiction(*s3, {"KEY": "1", "ID": "1"}, {"KEY": "2", "ID": "2"}) == (
        "ID and KEY differ in their environment files"
    )
    assert contradiction(*options, {}, {}) == "sftp.args differ in their options"
    assert contradiction(*s3, {"KEY": "1"}, {}) == (
        "both are reached by s3, with other options or environment files"
    )


@pytest.mark.parametrize(("url", "alike"), [("sftp:nas:/one", True), ("rest:https://nas/", False)])
def test_two_of_the_same_kind_of_server_need_the_same_options(url: str, alike: bool) -> None:
    source = replace(PRIMARY, url=url, options=("sftp.args=-p 1",))

    assert bool(contradiction(source, PLAN_B, {}, {})) == alike


def test_the_command_that_makes_plan_b_cuts_data_alike_and_shows_no_password() -> None:
    secret = replace(PLAN_B, url="rest:https://me:hunter2@tail@nas/", environment_file="/etc/plan b.env")
    command = init_command(PRIMARY, secret)

    assert "hunter2" not in command
    assert "tail" not in command
    assert command.endswith(
        "--from-repo /mnt/primary --from-password-file /etc/primary --copy-chunker-params"
    )
    assert command.startswith("set -a; . '/etc/plan b.env'; restic init --repo ")
