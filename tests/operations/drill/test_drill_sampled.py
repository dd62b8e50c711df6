"""Sampled drills, end to end: a round covers every file once, and finds damage wherever it is."""

import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Result, Shop, failed

ODD = [
    b"*",
    b"?x",
    b"[a]",
    b"a\\*",
    b"-r",
    b"line\nbreak",
    b"\xff\xfe",
    b" ",
    b"\xc3\xa9",
    b"\xc3",
    b"!n",
    b"0001*",
]


DAMAGED = ["flat/0777.txt", "flat/1999.txt", "flat/line\nbreak", "d[a]/file"]
VITAL = "vital/contracts.txt"

Made = Callable[[Path], Shop]


def _made(base: Path, restic: Path) -> Shop:
    """Thousands of files in one flat directory, odd names among them, and a few directories beside it."""
    shop = Shop(base, restic).set_up()
    flat = shop.source / "flat"
    flat.mkdir()
    for number in range(2000):
        (flat / f"{number:04}.txt").write_bytes(b"%d " % number * 20)
    for name in ODD:
        Path(os.fsdecode(os.fsencode(flat) + b"/" + name)).write_bytes(name)
        beside = Path(os.fsdecode(os.fsencode(shop.source) + b"/d" + name))
        beside.mkdir()
        (beside / "file").write_bytes(name * 30)
    (shop.source / "vital").mkdir()
    (shop.source / VITAL).write_text("vital")
    return shop


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same with some larger files and one good snapshot, made once for each restic; to be copied."""

    @cache
    def of(restic: Path) -> Shop:
        shop = _made(tmp_path_factory.mktemp("shop"), restic)
        for name, size in [(VITAL, 30_000), *((name, 20_000) for name in DAMAGED)]:
            with (shop.source / name).open("ab") as file:
                file.write(os.urandom(size))
        assert shop.snapshot().says == PASSED
        shop.blobs()
        return shop

    return of


@pytest.fixture
def shop(made: Made, restic: Path, tmp_path: Path) -> Shop:
    return made(restic).copied(tmp_path)


def _round(shop: Shop, share: str) -> list[Result]:
    """Sampled drills until everything was covered: the ledger's newest record has no cursor then."""
    drilled: list[Result] = []
    covered = 0.0
    while covered < 0.999 and len(drilled) < 20:
        drilled.append(shop.drill("--sample", share))
        covered += drilled[-1].row["share"]
    return drilled


def test_a_round_compares_every_file_once(restic: Path, tmp_path: Path) -> None:
    shop = _made(tmp_path, restic)
    assert shop.snapshot().says == PASSED

    drilled = _round(shop, "20%")

    assert {result.says[0] for result in drilled} == {"passed"}
    assert 5 <= len(drilled) <= 6
    files = 2000 + 2 * len(ODD) + 1
    whole_directories = len(ODD) + 1
    compared = sum(result.row["files"]["verified"] for result in drilled)
    assert files + whole_directories - len(drilled) <= compared <= files + whole_directories + 2
    assert all("sample" in result.row["statement"] for result in drilled)
    assert all(result.row["files"]["verified"] < 700 for result in drilled)


@pytest.mark.parametrize("file", DAMAGED)
def test_damage_anywhere_is_found_within_a_round(shop: Shop, file: str) -> None:
    shop.flip(shop.blob_of(shop.source / file))

    drilled = _round(shop, "34%")

    bad = [result for result in drilled if result.says != PASSED]
    assert len(bad) == 1
    assert bad[0].says in (failed("file-missing"), failed("file-damaged"))
    assert bad[0].paths == {f"{shop.source}/{file}"}


@pytest.mark.parametrize("vital", ["vital", VITAL])
def test_vital_files_are_part_of_every_sample(shop: Shop, vital: str) -> None:
    shop.extra = f'vital = ["{shop.source}/{vital}"]'
    shop.write_config()
    file = shop.source / VITAL
    assert shop.snapshot().says == PASSED
    shop.flip(shop.blob_of(file))

    for _ in range(2):
        drilled = shop.drill("--sample", "10%")
        assert drilled.says in (failed("file-missing"), failed("file-damaged"))
        assert drilled.paths == {str(file)}


def test_an_old_sample_is_stale_too(shop: Shop) -> None:
    shop.rpo = "1s"
    shop.write_config()
    shop.snapshot()
    os.sync()

    for _ in range(3):
        drilled = shop.drill("--sample", "10%")

    assert drilled.says == failed("snapshot-stale")


def test_a_vital_name_may_hold_pattern_characters_or_lead_through_links(shop: Shop) -> None:
    """What restic is asked for is escaped; a link and what it leads to are both in the sample."""
    for name in ("[2026] orders.txt", "what?*.txt", "back\\slash"):
        (shop.source / name).write_text(name)
    release = shop.source / "releases" / "[4]2"
    release.mkdir(parents=True)
    (release / "book.txt").write_text("real")
    (shop.source / "current").symlink_to("releases/[4]2")
    (shop.source / "zbook").symlink_to(shop.source / "current" / "book.txt")
    named = ["[2026] orders.txt", "what?*.txt", "back\\slash", "current/book.txt", "zbook"]
    shop.extra = f"vital = {json.dumps([str(shop.source / name) for name in named])}"
    shop.write_config()
    assert shop.snapshot().says == PASSED

    drilled = shop.drill("--sample", "1%", "--keep")

    assert drilled.says == PASSED, drilled.row["findings"]
    kept = {os.fsdecode(file) for file in shop.scratch.rglob("*")}
    assert all(any(file.endswith(str(shop.source / name)) for file in kept) for name in ("current", "zbook"))
    for name in (*named[:3], "releases/[4]2/book.txt"):
        [file] = [file for file in kept if file.endswith(str(shop.source / name))]
        assert Path(file).read_bytes() == (shop.source / name).read_bytes()
    shutil.rmtree(shop.scratch)


def test_a_sample_is_extrapolated_by_weight_and_is_no_false_alarm(restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, restic).set_up()
    shop.extra = 'rto = "1m"'
    shop.write_config()
    (shop.source / "!catalogue.bin").write_bytes(os.urandom(8 << 20))
    for number in range(900):
        (shop.source / f"{number:04}.txt").write_bytes(b"%d" % number)
    assert shop.snapshot().says == PASSED

    drilled = shop.drill("--sample", "10%")
    assert drilled.says == PASSED
    assert drilled.row["files"]["verified"] < 5 and 0.1 < drilled.row["share"] < 0.2
    [orders] = shop.run("status").answer["result"]["processes"]
    assert orders["rto"]["basis"] == "extrapolated"
    assert orders["rto"]["actual_s"] <= 1 + drilled.row["seconds"]["total"] * 10
    assert "rto-missed" not in {reason["code"] for reason in orders["reasons"]}
