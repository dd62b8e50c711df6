"""Who accepts a loss that they were told of accepts no other that nobody told them."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, failed


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    """With a spool that will be rightly empty, and a database that no proof names."""
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "spool").mkdir()
    (shop.source / "spool" / "box").write_text("a letter\n" * 100)
    for number in range(60):
        (shop.source / f"order-{number}.txt").write_text(f"{number} apples\n" * 50)
    with closing(sqlite3.connect(shop.source / "shop.db")) as database:
        database.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, what TEXT)")
        database.executemany("INSERT INTO orders (what) VALUES (?)", [("apples" * 20,)] * 1000)
        database.commit()
    shop.extra = f'vital = ["{shop.source}/shop.db", "{shop.source}/spool/box"]'
    shop.write_config()
    assert (shop.snapshot().says, shop.snapshot().says, shop.drill().says) == (PASSED, PASSED, PASSED)
    return shop


def empty_the_box(shop: Shop) -> str:
    (shop.source / "spool" / "box").write_bytes(b"")
    return "vital-missing"


def lose_rows(shop: Shop) -> str:
    with closing(sqlite3.connect(shop.source / "shop.db")) as database:
        database.execute("DELETE FROM orders")
        database.commit()
    return "database-collapsed"


def lose_a_snapshot(shop: Shop) -> str:
    shop.plain_restic("forget", shop.snapshot_ids()[0])
    return "snapshots-vanished"


def lose_most_files(shop: Shop) -> str:
    for number in range(50):
        (shop.source / f"order-{number}.txt").unlink()
    return "source-collapsed"


@pytest.mark.parametrize("lose", [lose_rows, lose_a_snapshot, lose_most_files])
def test_what_is_lost_beside_is_told_with_the_first_or_accepted_by_nobody(
    shop: Shop, lose: Callable[[Shop], str]
) -> None:
    empty_the_box(shop)
    told = shop.run("snapshot", live=True)
    assert told.says == failed("vital-missing")
    other = lose(shop)
    refused = shop.run("snapshot", "--accept", live=True)
    assert (refused.row["outcome"], refused.status) == ("failed", 1)
    assert {"vital-missing", other} <= set(refused.codes)
    new = [one for one in refused.row["findings"] if "Nothing told of this before" in one["message"]]
    assert [one["code"] for one in new][:1] == [other]
    accepted = shop.run("snapshot", "--accept", live=True).row
    assert accepted["outcome"] == "passed", "now it was told"
    assert {"vital-missing", other} <= {one["code"] for one in accepted["accepted"]}
    assert shop.snapshot().says == PASSED


def test_a_loss_beside_is_told_when_nothing_is_saved_and_one_act_is_accepted_at_once(shop: Shop) -> None:
    """Most files, a directory of them, and what that comes to as a mass change, are one loss."""
    lose_rows(shop)
    shutil.rmtree(shop.source / "spool")
    shop.extra = f'vital = ["{shop.source}/shop.db"]'
    shop.write_config()
    lose_most_files(shop)
    assert {"source-collapsed", "database-collapsed"} <= set(shop.run("snapshot", live=True).codes)
    accepted = shop.run("snapshot", "--accept", live=True)
    assert (accepted.says, shop.snapshot().says) == (PASSED, PASSED)


def test_zeros_are_accepted_where_they_were_told(shop: Shop) -> None:
    first, second = shop.source / "order-1.txt", shop.source / "order-2.txt"
    first.write_bytes(bytes(500))
    assert shop.run("snapshot", live=True).says == failed("file-zeroed")
    second.write_bytes(bytes(500))
    again = shop.run("snapshot", "--accept", live=True)
    assert (again.says, again.paths) == (failed("file-zeroed"), {str(second)})
    assert shop.run("snapshot", "--accept", live=True).says == PASSED


@pytest.mark.parametrize("lose", [lose_rows, empty_the_box])
def test_a_repository_without_a_past_is_held_against_the_others_and_nothing_accepted_twice(
    shop: Shop, lose: Callable[[Shop], str]
) -> None:
    PlanB(shop, more='fed_by = "snapshot"').init()
    code = lose(shop)
    assert shop.snapshot("--to", "planb").says == failed(code)
    assert shop.snapshot("--accept").says == PASSED
    assert (shop.snapshot("--to", "planb").says, shop.snapshot().says) == (PASSED, PASSED)
