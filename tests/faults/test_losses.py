"""What goes missing without a word: file by file within weeks, or behind a link that leads elsewhere."""

import gzip
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop, failed


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    for number in range(900):
        file = shop.source / ("kept" if number % 3 else "taken") / f"order-{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes([number % 251]) * 50)
    return shop


def test_files_that_go_in_small_steps_are_told_until_they_are_back_or_accepted(shop: Shop) -> None:
    files = sorted((shop.source / "taken").iterdir())
    assert shop.snapshot().says == PASSED
    for left in (180, 100):
        for file in files[left:]:
            file.unlink(missing_ok=True)
        taken = shop.snapshot()

    assert taken.says == ("passed", 0, ["source-shrunk"])
    assert taken.paths == {str(shop.source / "taken")}
    shop.drill()
    process = shop.run("status").answer["result"]["processes"][0]
    assert "source-shrunk" in [reason["code"] for reason in process["reasons"]]
    assert shop.snapshot().codes == ["source-shrunk"], "a second snapshot makes it no habit"
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_link_that_leads_out_is_told_until_a_process_holds_its_target(shop: Shop) -> None:
    outside = shop.base / "mnt" / "uploads"
    outside.mkdir(parents=True)
    (outside / "picture").write_bytes(b"picture")
    link = shop.source / "uploads"
    link.symlink_to(outside)

    taken = shop.snapshot()

    assert taken.says == ("passed", 0, ["link-leads-out"])
    assert taken.paths == {str(link)}
    assert str(outside) in taken.row["findings"][0]["message"]
    shop.extra = f'exclude = ["{link}"]'
    shop.write_config()
    assert shop.snapshot().says == failed("exclude-drops-data")
    assert shop.snapshot("--accept").says == PASSED
    shop.extra = ""
    shop.more = f'[process.pictures]\npaths = ["{outside}"]\nrpo = "2h"'
    shop.write_config()
    assert shop.snapshot("orders").says == PASSED


def test_a_dump_that_was_cut_is_told_at_once_and_fails_the_drill_where_a_proof_names_it(shop: Shop) -> None:
    begin = b"--\n-- PostgreSQL database dump\n--\n" + b"1\tten pieces\n" * 5000
    dump = shop.source / "orders-2026-11-29.sql.gz"
    dump.write_bytes(gzip.compress(begin + b"-- PostgreSQL database dump complete\n"))
    shop.extra = f'[[process.orders.proof]]\nname = "whole"\narchive = "{shop.source}/*.sql.gz"'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    cut = shop.source / "orders-2026-11-30.sql.gz"
    cut.write_bytes(gzip.compress(begin))

    taken, drilled = shop.snapshot(), shop.drill()

    assert (taken.says, taken.paths) == (("passed", 0, ["dump-cut"]), {str(cut)})
    assert drilled.says[:2] == ("failed", 1)
    assert set(drilled.codes) == {"dump-cut", "proof-failed"}
