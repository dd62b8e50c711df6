"""Somebody who may write in one source makes databases and archives that want more: ours stays, we go on."""

import gzip
import lzma
import time
from pathlib import Path

import pytest

from support.builders.databases import make_orders
from support.builders.readiness_cli import PASSED, Shop
from support.hostile.archives import zip_of_zeros
from support.hostile.databases import crash, lasts_for_weeks, make_beside, name_super_journal


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    for number in range(20):
        (shop.source / f"order-{number}.txt").write_bytes(bytes([number + 1]) * 1000)
    return shop


def test_a_journal_that_names_the_repository_s_config_costs_nothing_but_a_warning(shop: Shop) -> None:
    database = make_orders(shop.source / "app.db", rows=3000)
    assert shop.snapshot().says == PASSED
    name_super_journal(crash(database), shop.repository / "config")

    taken = shop.snapshot()

    assert taken.says == ("passed", 0, ["sqlite-not-copied"])
    assert "names a file that would be removed" in taken.row["findings"][0]["message"]
    assert (shop.repository / "config").exists()
    shop.plain_restic("cat", "config")


def test_what_lies_beside_a_database_and_one_that_lasts_for_weeks_hold_nothing_up(shop: Shop) -> None:
    for number, kind in enumerate(("zero", "fifo", "link")):
        database = make_orders(shop.source / f"{number}.db", rows=3, journal="wal")
        make_beside(kind, database.with_name(f"{number}.db-wal"))
    lasts_for_weeks(shop.source / "weeks.db")
    begun = time.monotonic()

    taken = shop.snapshot()

    assert time.monotonic() - begun < 20
    assert taken.row["outcome"] == "passed"
    assert set(taken.codes) - {"link-leads-out"} == {"sqlite-not-copied", "not-looked-into"}
    assert not list(shop.state.glob("look/*"))
    assert not list(shop.state.glob("carried/**/.copy-*"))


def test_a_zip_of_a_kilobyte_is_not_tested_and_neither_ends_the_drill_nor_spoils_its_record(
    shop: Shop,
) -> None:
    shop.extra = f'[[process.orders.proof]]\nname = "whole"\narchive = "{shop.source}/*.zip"'
    shop.write_config()
    bomb = zip_of_zeros(shop.source / "books.zip")
    assert bomb.stat().st_size < 1500
    assert shop.snapshot().says == PASSED

    drilled = shop.drill()

    assert drilled.says[0] == "not_tested"
    [proof] = drilled.row["proofs"]
    assert (proof["outcome"], "takes more memory than anything may" in proof["message"]) == (
        "not_tested",
        True,
    )
    assert "books.zip" in proof["message"]


def test_a_packed_dump_that_wants_a_gigabyte_is_named_each_time_and_spoils_no_other(shop: Shop) -> None:
    begin, end = b"-- MySQL dump 10.13\n", b"\n-- Dump completed on 2026-11-30\n"
    whole = gzip.compress(begin + b"x" * 5000 + end)
    wanting = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    made = {
        "a.sql.xz": lzma.compress(begin + b"x" * 5000 + end, filters=wanting),
        "cut.sql.gz": gzip.compress(begin + b"x" * 5000),
        "log.gz": gzip.compress(b"x" * 5000),
        "old": whole,
        "whole.sql.gz": whole,
    }
    for name, content in made.items():
        (shop.source / name).write_bytes(content)
    named = {"not-looked-into": shop.source / "a.sql.xz", "dump-cut": shop.source / "cut.sql.gz"}

    for _ in range(2):
        taken = shop.snapshot()
        told = {each["code"]: each for each in taken.row["findings"]}
        assert (taken.row["outcome"], set(told)) == ("passed", set(named))
        assert {code: each["path"] for code, each in told.items()} == {
            code: str(path) for code, path in named.items()
        }
        assert "takes more memory than anything may" in told["not-looked-into"]["message"]
    drilled = shop.drill()
    assert {each["code"]: each["path"] for each in drilled.row["findings"]} == {
        code: str(path) for code, path in named.items()
    }
    assert not list(shop.state.glob("look/*"))
    [process] = shop.run("status").answer["result"]["processes"]
    reasons = {reason["code"] for reason in process["reasons"]}
    assert reasons == {"repository-same-device", *named}
