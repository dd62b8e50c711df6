"""What the ledger once lost sight of is known again: nobody removes it without a word."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.records import ListingRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.operations.records.vanished import Vanished
from support.builders.plan_b import PlanB
from support.builders.readiness_cli import Shop, fill
from support.builders.shop import NOW
from support.builders.vanishing import A, B, C, D, known, listed, retained, taken
from support.doubles.fakes import FakeLedger


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=5, big=0)
    for _ in range(3):
        assert shop.snapshot().codes == []
    return shop


def seen(*names: str, **changes: str) -> ListingRecord:
    own = {"process": "orders", "repository": "primary", "host": "shop"} | changes
    return ListingRecord(started=NOW, snapshots=names, **own)


def test_a_person_who_accepts_what_is_gone_accepts_no_later_loss(shop: Shop) -> None:
    shop.plain_restic("forget", shop.snapshot_ids()[1])
    assert shop.snapshot().codes == ["snapshots-vanished"]
    assert shop.snapshot("--accept").codes == []

    shop.plain_restic("forget", shop.snapshot_ids()[0])

    assert shop.snapshot().codes == ["snapshots-vanished"]


def test_a_repository_that_the_config_calls_otherwise_is_known_at_once(shop: Shop) -> None:
    shop.config.write_text(shop.config.read_text().replace("repository.primary", "repository.main"))
    assert shop.snapshot().codes == []

    shop.plain_restic("forget", shop.snapshot_ids()[0])

    assert shop.snapshot().codes == ["snapshots-vanished"]


def test_plan_b_is_known_again_after_a_person_accepted(shop: Shop) -> None:
    plan_b = PlanB(shop).init()
    assert shop.run("copy").codes == []
    assert shop.snapshot("--accept").codes == []
    assert shop.run("copy").codes == []

    plan_b.restic("forget", plan_b.snapshots()[-1]["id"])

    assert shop.run("copy").codes == ["snapshots-vanished"]


def test_it_is_noted_once_and_not_on_an_ordinary_day(shop: Shop) -> None:
    def notes() -> int:
        with open_reader(shop.state / "ledger.db") as ledger:
            return len(ledger.newest(ListingRecord, limit=9))

    assert notes() == 0
    shop.snapshot("--accept")
    shop.snapshot()
    assert notes() == 1


def test_a_snapshot_that_a_person_tagged_is_the_known_one_under_another_id(shop: Shop) -> None:
    old = shop.snapshot_ids()[1]
    shop.plain_restic("tag", "--add", "audit", old)

    assert shop.snapshot().codes == []

    new = shop.snapshot_ids()[1]
    with open_reader(shop.state / "ledger.db") as ledger:
        assert ledger.newest(SnapshotRecord)[0].snapshot == shop.snapshot_ids()[-1]
        (listing,) = ledger.newest(ListingRecord, limit=9)
    assert new in listing.snapshots and old not in listing.snapshots
    shop.plain_restic("forget", new)
    assert shop.snapshot().codes == ["snapshots-vanished"]


def test_a_snapshot_that_a_person_rewrote_is_told_from_one_that_was_removed(shop: Shop) -> None:
    """It is another one then, with less in it."""
    [first, *_] = [file for file in sorted(shop.source.rglob("*")) if file.is_file()]
    shop.plain_restic("rewrite", "--forget", "--exclude", first, shop.snapshot_ids()[1])

    (row,) = shop.snapshot().rows

    (found,) = row["findings"]
    assert found["code"] == "snapshots-vanished"
    assert (
        f"restic tag, rewrite or copy made others of them (1: {shop.snapshot_ids()[1][:8]})"
        in found["message"]
    )
    assert shop.snapshot("--accept").codes == []


def test_while_some_are_missing_new_ones_go_to_plan_b_all_the_same(shop: Shop) -> None:
    """Nobody may look before Monday: until then it has to be saved what is done."""
    plan_b = PlanB(shop).init()
    assert shop.run("copy").codes == []
    shop.plain_restic("forget", shop.snapshot_ids()[0])
    assert shop.snapshot().codes == ["snapshots-vanished"]

    assert shop.run("copy").row["copied"] == 1

    assert shop.snapshot_ids()[-1] in plan_b.originals()
    assert (plan_b.records()[0].outcome, plan_b.records()[0].findings) == ("passed", ())
    (process,) = shop.run("status").answer["result"]["processes"]
    assert (process["verdict"], process["rpo"]["met"]) == ("NOT_READY", True)
    assert shop.drill("--from", "planb").row["outcome"] == "passed"


# ---- what is known


def test_what_was_seen_is_known_and_so_is_what_came_after() -> None:
    assert known(taken(A), seen(A, B), taken(C)) == {A, B, C}


def test_the_newer_of_two_notes_counts() -> None:
    assert known(seen(A, B), retained(B, removed=(A,))) == {B}
    assert known(retained(A, B, removed=(D,)), seen(B, C)) == {B, C}
    assert known(seen(A, B), taken(C, accepted=True)) == {C}
    assert known(taken(C, accepted=True), seen(A, B, C)) == {A, B, C}


def test_what_was_removed_since_is_not_missed() -> None:
    assert known(seen(A, B), retained(removed=(A,), outcome="not_tested")) == {B}


def test_what_a_killed_removal_left_and_was_seen_again_is_known() -> None:
    assert known(taken(A), retained(removed=(A,), outcome="not_tested"), seen(A)) == {A}


def test_another_hosts_processs_or_repositorys_note_says_nothing() -> None:
    others = [seen(B, host="other"), seen(B, process="mail"), seen(B, repository="planb")]
    assert known(taken(A), *others) == {A}


def test_nothing_is_noted_while_something_is_missing_or_nothing_is_new() -> None:
    ledger = FakeLedger(taken(A), taken(B))
    look = Vanished(ledger, "orders", "primary", "shop")
    for there in (listed(A), listed(A, C), listed(A, B)):
        look.note(there, ledger, NOW)
    assert ledger.newest(ListingRecord) == []

    look.note(listed(A, B, C), ledger, NOW + timedelta(minutes=1))

    assert set(ledger.newest(ListingRecord)[0].snapshots) == {A, B, C}


def test_what_was_given_other_tags_is_still_there_until_it_is_removed(shop: Shop) -> None:
    shop.plain_restic("tag", "--set", "mine")
    assert shop.snapshot().codes == []
    assert shop.drill().codes == []

    told = json.loads(shop.plain_restic("snapshots", "--json", "--tag", "mine"))
    shop.plain_restic("forget", told[0]["id"])

    assert shop.snapshot().codes == ["snapshots-vanished"]
