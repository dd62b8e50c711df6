"""What a verdict says to do can be done and ends it; what was done to a repository by hand is told right."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested
from support.put_back import PutBack

FINE = {"repository-same-device"}  # everything of a test lies on one disk
COMMAND = re.compile(r"readiness ((?:snapshot|copy|drill|check)\b[\w /-]*)")
WORTH = ["UNKNOWN", "NOT_READY"]


@pytest.fixture
def shop(tmp_path: Path, newest_restic: Path) -> Shop:
    """Files, and nothing done yet."""
    return new_shop(tmp_path, newest_restic)


def new_shop(place: Path, restic: Path) -> Shop:
    shop = Shop(place, restic).set_up()
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    (shop.source / "books.txt").write_text("paid\n" * 1000)
    return shop


@pytest.fixture(scope="module")
def good_days(tmp_path_factory: pytest.TempPathFactory) -> PutBack:
    def make(place: Path, restic: Path) -> Shop:
        made = new_shop(place, restic)
        good_day(made)
        return made

    return PutBack(tmp_path_factory.mktemp("good-day"), make)


@pytest.fixture
def good_shop(good_days: PutBack, newest_restic: Path) -> Shop:
    """After a good day: snapshot and drill, both passed."""
    return good_days.shop(newest_restic)


@pytest.fixture
def plan_b(shop: Shop) -> PlanB:
    return PlanB(shop).init()


def reasons(shop: Shop) -> list[dict[str, Any]]:
    """Worst first."""
    result = shop.run("status").answer["result"]
    return [reason for process in result["processes"] for reason in process["reasons"]]


def codes(shop: Shop) -> set[str]:
    return {reason["code"] for reason in reasons(shop)}


def good_day(shop: Shop) -> None:
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    assert codes(shop) == FINE


def follow(shop: Shop) -> list[str]:
    """Run what the first reason says; the commands."""
    hint = reasons(shop)[0]["hint"]
    commands = [found.strip() for found in COMMAND.findall(hint)]
    assert commands, hint
    for command in commands:
        shop.run(*command.split())
    return commands


def prove_apples(shop: Shop) -> None:
    file = f"./{str(shop.source).lstrip('/')}/orders.txt"
    command = json.dumps(["grep", "-q", "apples", file])
    shop.more += f'[[process.orders.proof]]\nname = "paid"\ncommand = {command}\n'
    shop.write_config()


# ---- plan B


@pytest.mark.parametrize("fed_by", ["copy", "snapshot"])
def test_what_a_proof_refuted_in_plan_b_ends_by_what_the_verdict_says(shop: Shop, fed_by: str) -> None:
    PlanB(shop, more=f'fed_by = "{fed_by}"').init()
    prove_apples(shop)
    (shop.source / "orders.txt").write_text("bad\n" * 400)
    assert shop.snapshot().says == PASSED
    assert shop.run("copy" if fed_by == "copy" else "snapshot", "--to", "planb").says == PASSED
    assert shop.drill("--from", "planb").says == failed("proof-failed")

    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    assert follow(shop)[-1] == "drill orders --from planb"
    assert codes(shop) & {"drill-failed", "plan-b-behind"} == set()


def test_plan_b_vouches_for_nothing_that_a_new_proof_refuted_elsewhere(shop: Shop) -> None:
    PlanB(shop, more='fed_by = "snapshot"').init()
    (shop.source / "orders.txt").write_text("bad\n" * 400)
    assert shop.snapshot().says == PASSED
    assert shop.run("snapshot", "--to", "planb").says == PASSED
    assert shop.drill().says == PASSED
    assert shop.drill("--from", "planb").says == PASSED
    assert codes(shop) == FINE
    prove_apples(shop)
    assert shop.drill().says == failed("proof-failed")

    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED

    assert codes(shop) == {*FINE, "plan-b-behind"}
    (hint,) = [reason["hint"] for reason in reasons(shop) if reason["code"] == "plan-b-behind"]
    commands = [found.strip() for found in COMMAND.findall(hint)]
    assert commands[-1] == "drill orders --from planb"
    assert [shop.run(*command.split()).says for command in commands] == [PASSED, PASSED]
    assert codes(shop) == FINE


def test_a_newer_snapshot_that_is_good_needs_only_the_copy(shop: Shop, plan_b: PlanB) -> None:
    prove_apples(shop)
    (shop.source / "orders.txt").write_text("bad\n" * 400)
    assert shop.snapshot().says == PASSED
    assert shop.run("copy").says == PASSED
    assert shop.drill("--from", "planb").says == failed("proof-failed")
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED

    assert follow(shop) == ["copy orders --to planb", "drill orders --from planb"]
    assert codes(shop) == FINE


def test_a_plan_b_that_lost_bytes_is_checked_and_needs_repair(shop: Shop, plan_b: PlanB) -> None:
    shop.write_config()
    good_day_with_plan_b(shop)
    largest = max((plan_b.path / "data").rglob("*"), key=lambda file: file.is_file() and file.stat().st_size)
    for pack in [one for one in (plan_b.path / "data").rglob("*") if one.is_file()]:
        if pack.stat().st_size == largest.stat().st_size:
            spoil(pack)
    assert shop.drill("--from", "planb").row["outcome"] == "failed"

    copied = shop.run("copy", "--to", "planb")
    assert copied.says == failed("copy-refuted")
    assert "readiness copy" not in copied.row["findings"][0]["hint"]
    first = reasons(shop)[0]
    assert "docs/plan-b.md" in first["hint"]
    assert follow(shop)[0] == "check planb"
    assert "repository-damaged" in codes(shop)


def good_day_with_plan_b(shop: Shop) -> None:
    assert shop.snapshot().says == PASSED
    assert shop.run("copy").says == PASSED
    assert shop.drill().says == PASSED
    assert shop.drill("--from", "planb").says == PASSED
    assert codes(shop) == FINE


def spoil(file: Path) -> None:
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[: min(200, len(content))] = bytes(min(200, len(content)))
    file.write_bytes(content)


def test_a_new_plan_b_in_the_place_of_a_damaged_one_ends_it(shop: Shop, plan_b: PlanB) -> None:
    shop.write_config()
    good_day_with_plan_b(shop)
    for pack in [one for one in (plan_b.path / "data").rglob("*") if one.is_file()]:
        spoil(pack)
    assert shop.drill("--from", "planb").row["outcome"] in ("failed", "not_tested")

    shutil.rmtree(plan_b.path)
    plan_b.init()
    shop.more = shop.more.replace("repository.planb", "repository.newplanb")
    shop.write_config()
    assert shop.run("copy").says == PASSED
    assert shop.drill("--from", "newplanb").says == PASSED
    assert codes(shop) == FINE


def test_a_plan_b_with_snapshots_of_its_own_may_be_as_old_as_one_that_is_copied_to(shop: Shop) -> None:
    PlanB(shop, more='fed_by = "snapshot"').init()
    shop.rpo = "1s"
    shop.write_config()
    assert shop.snapshot("--to", "planb").says == PASSED
    time.sleep(2)
    assert shop.drill("--from", "planb").codes == []


def test_an_empty_plan_b_says_how_it_is_fed(shop: Shop) -> None:
    PlanB(shop, more='fed_by = "snapshot"').init()
    good = shop.snapshot(), shop.drill()
    assert [one.says for one in good] == [PASSED, PASSED]
    behind = next(one for one in reasons(shop) if one["code"] == "plan-b-behind")
    assert behind["hint"] == "Run: readiness snapshot orders --to planb"
    assert "snapshot orders --to planb" in shop.drill("--from", "planb").row["findings"][0]["hint"]


# ---- a repository that was robbed


def test_a_loss_that_a_person_accepted_is_settled_in_that_step(good_shop: Shop) -> None:
    assert good_shop.snapshot().says == PASSED
    good_shop.plain_restic("forget", good_shop.snapshot_ids()[-1])
    assert good_shop.drill().says == failed("snapshots-vanished")
    assert {one["code"] for one in reasons(good_shop) if one["verdict"] in WORTH} == {"snapshots-vanished"}

    assert good_shop.snapshot("--accept").says == PASSED
    assert codes(good_shop) == FINE
    assert good_shop.drill().says == PASSED


def test_what_was_accepted_is_settled_in_plan_b_as_well(shop: Shop, plan_b: PlanB) -> None:
    shop.write_config()
    good_day_with_plan_b(shop)
    assert shop.snapshot().says == PASSED
    assert shop.run("copy").says == PASSED
    plan_b.restic("forget", plan_b.snapshots()[0]["id"])
    assert shop.drill("--from", "planb").says == failed("snapshots-vanished")

    assert shop.snapshot("--accept").says == PASSED
    assert codes(shop) == FINE


def test_nothing_but_an_accepted_snapshot_or_its_return_settles_a_loss(good_shop: Shop) -> None:
    assert good_shop.snapshot().says == PASSED
    good_shop.plain_restic("forget", good_shop.snapshot_ids()[-1])
    assert good_shop.drill().says == failed("snapshots-vanished")
    for command in ("snapshot", "drill", "check"):
        good_shop.run(command)
        assert "snapshots-vanished" in codes(good_shop)


def test_the_right_repository_put_back_is_right_even_when_robbed(good_shop: Shop) -> None:
    assert good_shop.snapshot().says == PASSED
    away = good_shop.repository.rename(good_shop.base / "away")
    good_shop.init("another")
    assert good_shop.drill().says == failed("repository-changed")
    assert "repository-changed" in codes(good_shop)

    shutil.rmtree(good_shop.repository)
    away.rename(good_shop.repository)
    good_shop.plain_restic("forget", good_shop.snapshot_ids()[0])
    assert good_shop.snapshot().says == failed("snapshots-vanished")
    assert "repository-changed" not in codes(good_shop)
    assert "snapshots-vanished" in codes(good_shop)


def test_a_drill_that_met_another_repository_ends_by_a_drill_of_the_right_one(good_shop: Shop) -> None:
    away = good_shop.repository.rename(good_shop.base / "away")
    good_shop.init("another")
    assert good_shop.drill().says == failed("repository-changed")
    shutil.rmtree(good_shop.repository)
    away.rename(good_shop.repository)
    assert good_shop.snapshot().says == PASSED

    assert follow(good_shop) == ["drill orders"]
    assert codes(good_shop) == FINE


# ---- the same snapshots under other IDs


@pytest.mark.parametrize("which", [0, -1])
def test_what_restic_tag_gave_another_id_is_not_gone(good_days: PutBack, restic: Path, which: int) -> None:
    shop = good_days.shop(restic)
    (shop.source / "orders.txt").write_text("2 boxes of pears\n" * 100)
    assert shop.snapshot().says == PASSED
    for tag in ("one", "two"):
        shop.plain_restic("tag", "--add", tag, sorted_ids(shop)[which])
        assert shop.drill().says == PASSED
        assert shop.snapshot("orders").says == PASSED
        assert shop.run("check").status == 0
        assert codes(shop) == FINE


def sorted_ids(shop: Shop) -> list[str]:
    """Of the first two snapshots, under whatever ID."""
    return shop.snapshot_ids()[:2]


def test_a_copy_that_got_another_id_is_not_gone_and_not_copied_again(shop: Shop, plan_b: PlanB) -> None:
    shop.write_config()
    good_day_with_plan_b(shop)
    plan_b.restic("tag", "--add", "keep", plan_b.snapshots()[0]["id"])
    shop.plain_restic("tag", "--add", "keep", shop.snapshot_ids()[0])

    copied = shop.run("copy")
    assert (copied.says, copied.row["copied"]) == (PASSED, 0)
    assert shop.drill("--from", "planb").says == PASSED
    assert shop.drill().says == PASSED
    assert len(plan_b.snapshots()) == 1
    assert codes(shop) == FINE


def test_damage_follows_a_snapshot_to_its_other_id(good_shop: Shop) -> None:
    good_shop.flip(good_shop.blob_of(good_shop.source / "books.txt"))
    assert good_shop.drill().row["outcome"] == "failed"
    good_shop.plain_restic("tag", "--add", "fine", good_shop.snapshot_ids()[-1])
    assert good_shop.drill().row["outcome"] == "failed"
    assert {"drill-failed", "no-good-snapshot"} <= codes(good_shop)


def test_what_was_rewritten_with_less_in_it_is_gone(good_shop: Shop) -> None:
    good_shop.plain_restic("rewrite", "--forget", "--exclude", "books.txt", good_shop.snapshot_ids()[0])
    found = good_shop.drill()
    assert "snapshots-vanished" in found.codes
    assert "snapshots-vanished" in codes(good_shop)


def test_the_newest_run_stays_the_newest_when_an_older_snapshot_gets_another_id(good_shop: Shop) -> None:
    kept = good_shop.source.rename(good_shop.base / "kept")
    assert good_shop.snapshot().says == failed("source-missing")
    kept.rename(good_shop.source)
    good_shop.plain_restic("tag", "--add", "keep", good_shop.snapshot_ids()[0])
    assert good_shop.drill().says == PASSED
    assert "snapshot-failing" in codes(good_shop)


# ---- snapshots of somebody else


def another(shop: Shop) -> Shop:
    """Another readiness on the same host, which calls its process the same."""
    other = Shop(shop.base, shop.restic)
    other.source, other.paths = shop.source, shop.paths
    other.state = shop.base / "state2"
    other.state.mkdir(mode=0o700)
    other.config = shop.base / "other.toml"
    other.write_config()
    return other


@pytest.mark.parametrize("changed", [True, False])
def test_a_newer_snapshot_of_another_readiness_is_not_taken_for_ours(shop: Shop, changed: bool) -> None:
    other = another(shop)
    good_day(shop)
    ours = shop.snapshot_ids()[-1]
    if changed:
        (shop.source / "orders.txt").write_text("2 boxes of pears\n" * 100)
    assert other.snapshot().says == PASSED
    theirs = shop.snapshot_ids()[-1]

    drilled = shop.drill()
    assert (drilled.says, drilled.row["snapshot"]) == (PASSED, ours)
    assert codes(shop) == FINE
    named = shop.drill("--snapshot", theirs)
    assert named.says == not_tested("snapshot-unknown")
    assert named.row["files"]["verified"] == named.row["files"]["expected"] > 0


def test_a_newer_snapshot_by_hand_is_not_taken_for_ours(good_shop: Shop) -> None:
    tags = ("--tag", "readiness", "--tag", "process=orders", "--host", "shop")
    good_shop.plain_restic("backup", *tags, good_shop.source)
    assert good_shop.drill().says == PASSED
    assert codes(good_shop) == FINE


def test_after_the_ledger_was_lost_older_snapshots_can_still_be_drilled(good_shop: Shop) -> None:
    old = good_shop.snapshot_ids()[0]
    subprocess.run(["rm", "-r", good_shop.state], check=True)
    good_shop.state.mkdir(mode=0o700)

    assert good_shop.drill().says == PASSED, "the ledger knows none: the snapshot's own word counts"
    assert good_shop.snapshot().says == PASSED
    named = good_shop.drill("--snapshot", old)
    assert named.says == not_tested("snapshot-unknown")
    assert named.row["files"]["verified"] == named.row["files"]["expected"] > 0
