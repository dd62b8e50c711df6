"""Dumps that are no dumps, end to end: half ones, those of others, those without an end; and healthy ones."""

import calendar
import gzip
import lzma
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop
from support.writers import written

BEGIN, END = b"--\n-- PostgreSQL database dump\n--\n", b"--\n-- PostgreSQL database dump complete\n--\n\n"
WHOLE = BEGIN + b"".join(b"%d\tten pieces\n" % number for number in range(5000)) + END


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    made = Shop(tmp_path, newest_restic).set_up()
    (made.source / "rest").write_bytes(os.urandom(100_000))
    return made


def put(shop: Shop, name: str, hours: float, content: bytes = WHOLE) -> Path:
    """A file that was last written so many hours ago."""
    file = shop.source / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    then = time.time() - 3600 * hours
    os.utime(file, (then, then))
    return file


def wanting(shop: Shop, *paths: str, max_age: str = "20h", more: str = "") -> None:
    """Each of these has to be recent, as a proof says."""
    proofs = [
        f'[[process.orders.proof]]\nnewest_file = {{path = "{shop.source}/{path}", max_age = "{max_age}"}}'
        for path in paths
    ]
    shop.extra = "\n".join((*proofs, more))
    shop.write_config()


def state(shop: Shop) -> list[str]:
    """Why the process is not READY, the device of the repository aside."""
    (process,) = shop.run("status", live=True).answer["result"]["processes"]
    codes = [reason["code"] for reason in process["reasons"]]
    return [code for code in codes if code not in ("repository-same-device", "no-proof")]


def good(shop: Shop) -> None:
    assert (shop.snapshot().says, shop.drill().says, state(shop)) == (PASSED, PASSED, [])


def growing(file: Path) -> Callable[[int], object]:
    """A dump program that is at work."""

    def act(number: int) -> None:
        with file.open("ab") as end:
            end.write(WHOLE[:1000] if number == 1 else b"1\tten pieces\n" * 10)

    return act


@pytest.mark.parametrize("wanted", ["db-*.sql", ""])
def test_half_a_dump_ends_no_stale_data(shop: Shop, wanted: str) -> None:
    put(shop, "db-20261128.sql", 39)
    put(shop, "db-20261129.sql", 15)
    wanting(shop, wanted)
    assert shop.snapshot().says == PASSED
    put(shop, "db-20261129.sql", 14)  # it is written again and again
    os.utime(shop.source / "rest", (0, 0))
    assert (shop.snapshot().says, shop.drill().says) == (PASSED, PASSED)
    assert state(shop) == ["data-stale"]

    half = shop.source / "db-20261130.sql"
    half.write_bytes(BEGIN)
    with written(growing(half)):
        assert shop.run("snapshot", live=True).row["moving"] >= 1
        assert shop.run("drill", live=True).row["outcome"] == "passed"
        assert state(shop) == ["data-stale"]
    half.write_bytes(WHOLE)
    good(shop)


def test_half_a_dump_in_the_place_of_the_last_ends_no_stale_data_and_is_not_proven(shop: Shop) -> None:
    dump = put(shop, "db.sql", 15)
    wanting(shop, "*.sql")
    assert (shop.snapshot().says, shop.drill().says, state(shop)) == (PASSED, PASSED, ["data-stale"])
    dump.write_bytes(BEGIN)
    with written(growing(dump)):
        for _ in range(2):
            shop.run("snapshot", live=True)
        assert "data-stale" in state(shop)
        drilled = shop.run("drill", live=True)
        assert "proof-not-run" in drilled.codes
        assert [proof["outcome"] for proof in drilled.row["proofs"]] == ["not_tested"]
    dump.write_bytes(WHOLE)
    good(shop)


def test_a_dump_whose_job_died_is_missed_when_it_is_removed(shop: Shop) -> None:
    """What is put there by hand, comes under ever other names, or is packed from now on may go."""
    for hours in (19, 0.5):
        for name in ("crm", "shop", "wages"):
            put(shop, f"{name}.sql", hours)
        put(shop, f"day-202611{29 if hours > 1 else 30}.sql", hours)
        put(shop, f"in/order{hours}.sql", hours)
        wanting(shop, "*.sql*", "in/*.sql")
        assert shop.snapshot().says == PASSED
        (shop.source / f"in/order{hours}.sql").unlink()
    put(shop, "before-the-upgrade.sql", 0.5)
    put(shop, "in/order.sql", 0.1)
    good(shop)
    for name in ("before-the-upgrade.sql", "day-20261129.sql", "wages.sql"):
        (shop.source / name).unlink()
    put(shop, "wages.sql.gz", 0.1, gzip.compress(WHOLE))
    good(shop)
    gone = shop.source / "crm.sql"
    gone.unlink()
    for _ in range(2):
        taken = shop.snapshot()
        assert (taken.says, taken.paths) == (("failed", 1, ["dump-gone"]), {str(gone)})
    assert shop.drill().says == ("failed", 1, ["dump-gone"])
    shop.snapshot("--accept")
    good(shop)


# a restic that finds another file when it begins to read, or leaves one behind when it is done
REPLACING = """#!/bin/sh
case " $* " in *" backup "*) ;; *) exec {restic} "$@";; esac
for each in "$@"; do case "$each" in /dev/fd/*) cat "$each";; esac; done
if [ -e {base}/before ]; then mv {base}/before {dump}; fi
{restic} "$@"
status=$?
if [ -e {base}/after ]; then mv {base}/after {dump}; fi
exit $status
"""


@pytest.mark.parametrize("vital", [False, True])
@pytest.mark.parametrize("replaced", [("before",), ("after",), ("before", "after")])
def test_a_dump_that_is_replaced_while_the_snapshot_is_taken_is_whole_as_it_was_or_as_it_is(
    shop: Shop, replaced: tuple[str, ...], vital: bool
) -> None:
    """What is in the snapshot and neither one nor the other may be half of something."""
    dump = put(shop, "shop.dump", 1, b"PGDMP" + os.urandom(50_000))
    wanting(shop, "*.dump")
    shop.extra = f'vital = ["{dump}"]\n{shop.extra}' if vital else shop.extra
    shop.write_config()
    good(shop)
    for name in replaced:
        (shop.base / name).write_bytes(b"PGDMP" + os.urandom(60_000))
    program = shop.base / "replacing"
    program.write_text(REPLACING.format(restic=shop.restic, base=shop.base, dump=dump))
    program.chmod(0o755)
    shop.restic = program
    shop.write_config()
    shop.run("snapshot", live=True)
    assert not any((shop.base / name).exists() for name in replaced), "none was replaced"
    drilled = shop.drill()
    unknown = len(replaced) > 1 and not vital  # a vital one is saved again
    assert [proof["outcome"] for proof in drilled.row["proofs"]] == ["not_tested" if unknown else "passed"]
    assert state(shop) == (["drill-not-tested"] if unknown else [])


def test_a_packed_error_message_in_the_place_of_a_dump_is_none(shop: Shop) -> None:
    """What never was a dump that we know stays what it is."""
    said = b'pg_dump: error: connection to server failed: FATAL: role "backup" does not exist\n'
    put(shop, "small.sql.gz", 0.5, gzip.compress(BEGIN + END))
    put(shop, "small.sql.xz", 0.5, lzma.compress(BEGIN + END))
    put(shop, "other.sql.gz", 0.5, gzip.compress(b"CREATE TABLE a (b);\n"))
    put(shop, "shop-20261129.sql.gz", 0.5, gzip.compress(WHOLE))
    wanting(shop, "*.sql.*")
    good(shop)
    put(shop, "shop-20261129.sql.gz", 23, gzip.compress(WHOLE))
    bad = {
        put(shop, "small.sql.gz", 0.1, gzip.compress(said)),
        put(shop, "small.sql.xz", 0.1, lzma.compress(said)),
        put(shop, "shop-20261130.sql.gz", 0.1, gzip.compress(said)),
    }
    put(shop, "other.sql.gz", 0.1, gzip.compress(b"INSERT INTO a VALUES (1);\n"))
    for _ in range(2):
        taken = shop.snapshot()
        assert (set(taken.codes), taken.paths) == ({"dump-cut", "dump-shrunk"}, set(map(str, bad)))
    drilled = shop.drill()
    assert (set(drilled.codes), drilled.paths) == ({"dump-cut"}, set(map(str, bad)))
    assert {"data-stale", "drill-failed"} <= set(state(shop))
    shop.snapshot("--accept")
    assert (shop.snapshot().codes, shop.drill().codes) == ([], [])


@pytest.mark.parametrize("names", [("customer1", "customer2"), ("shop_01", "shop_02", "shop_03")])
def test_numbered_databases_are_judged_apart(shop: Shop, names: tuple[str, ...]) -> None:
    for name in names:
        put(shop, f"{name}.sql", 1)
    wanting(shop, "*.sql")
    good(shop)
    put(shop, f"{names[0]}.sql", 40)
    assert shop.snapshot().says == PASSED
    assert shop.drill().codes == ["proof-failed"]
    put(shop, f"{names[0]}.sql", 0)
    good(shop)
    cut = put(shop, f"{names[0]}.sql", 0.5, WHOLE[:-50])
    taken, drilled = shop.snapshot(), shop.drill()
    assert (taken.codes, taken.paths, drilled.codes) == (["dump-cut"], {str(cut)}, ["dump-cut"])


def test_customers_whose_numbers_look_like_dates_are_judged_apart(shop: Shop) -> None:
    """Real dates beside them, of files that were copied without their times, are dates."""
    today = datetime.now(UTC)
    days = [f"{today - timedelta(days=days):%Y%m%d}" for days in (0, 20, 21)]
    numbers = ("t20110401", "t20120815", "c1401234567", "c1501234567")
    for name in (*numbers, f"db-{days[0]}"):
        put(shop, f"{name}.sql", 0.5)
    for day in days[1:]:
        put(shop, f"db-{day}.sql", 30)
    wanting(shop, "*.sql")
    good(shop)
    behind = [put(shop, f"{name}.sql", 39, WHOLE[:-50]) for name in ("t20110401", "c1401234567")]
    taken, drilled = shop.snapshot(), shop.drill()
    assert (taken.codes, taken.paths) == (["dump-cut"], set(map(str, behind)))
    assert {"dump-cut", "proof-failed"} <= set(drilled.codes)


def test_a_rotation_is_one_dump_by_date_suffix_weekday_or_day(shop: Shop) -> None:
    for day in range(7):
        put(shop, f"weekday-{(day + 3) % 7}.sql", 24 * day + 1)
        put(shop, f"named-{calendar.day_name[(day + 3) % 7]}.sql", 24 * day + 1)
        put(shop, f"month-{day + 20}.sql.gz", 24 * (7 - day), gzip.compress(WHOLE))
        put(shop, f"rotated.sql.{day}" if day else "rotated.sql", 24 * day + 1)
        put(shop, f"d_2026-11-2{day}_03h15m.sql", 24 * (6 - day) + 1)
    put(shop, "month-27.sql.gz", 1, gzip.compress(WHOLE))
    put(shop, f"weekday-{(1 + 3) % 7}.sql", 4)  # last night's, once more by hand
    wanting(shop, "*.sql", "*.sql.gz", "rotated.sql*")
    good(shop)


def test_an_old_import_beside_fresh_files_is_no_stale_data(shop: Shop) -> None:
    put(shop, "import-2019.sql", 9999)
    wanting(shop, "")
    good(shop)
    good(shop)
    wanting(shop, "import-2019.sql", max_age="999d")
    assert (shop.drill().says, state(shop)) == (PASSED, ["data-stale"])


def test_brackets_in_a_path_are_themselves(shop: Shop) -> None:
    put(shop, "[2026] dumps/db [1].sql", 1)
    put(shop, "[2026] dumps/x.sql.gz", 1, gzip.compress(WHOLE))
    place = shop.source / "[2026] dumps"
    more = f'[[process.orders.proof]]\nfile_count = {{path = "{place}", at_least = 2}}\n'
    more += f'[[process.orders.proof]]\narchive = "{place}/x.sql.gz"\n'
    more += f'[[process.orders.proof]]\narchive = "{place}/*.gz"\n'
    wanting(shop, "[2026] dumps/db [1].sql", "[2026] dumps/db [1]*", "[2026] dumps", more=more)
    shop.extra = f'vital = ["{place}"]\n{shop.extra}'
    shop.write_config()
    good(shop)
    assert shop.drill("--sample", "10%").says == PASSED


@pytest.mark.parametrize("packed", [False, True])
def test_a_dump_in_pieces_is_whole_with_all_of_them(shop: Shop, packed: bool) -> None:
    content = gzip.compress(WHOLE) if packed else WHOLE
    third = len(content) // 3
    for number, ending in enumerate(("aa", "ab", "ac")):
        end = (number + 1) * third if number < 2 else None
        put(shop, f"db.sql.gz.{ending}", 0.2, content[number * third : end])
    wanting(shop, "")
    good(shop)
    (shop.source / "db.sql.gz.ac").unlink()
    shop.snapshot()
    assert shop.drill().says == ("failed", 1, ["dump-cut"])


def test_a_directory_of_tables_without_its_contents_or_what_they_name_is_cut(shop: Shop) -> None:
    table = gzip.compress(b"1\tten pieces\n\\.\n\n\n")
    for name, content in (("3456.dat.gz", table), ("3457.dat.gz", table), ("toc.dat", b"PGDMP\x01\x0e")):
        put(shop, f"dump/{name}", 0.5, content)
    wanting(shop, "dump")
    good(shop)
    named = (b"3456.dat", b"3457.dat")
    strings = b"".join(b"\x01\x01\x00\x00\x00\x00" + len(name).to_bytes(4, "little") + name for name in named)
    contents = put(shop, "dump/toc.dat", 0.5, b"PGDMP\x01\x0e\x00\x04\x08\x03\x01" + strings)
    good(shop)
    (shop.source / "dump" / "3456.dat.gz").unlink()
    taken = shop.snapshot()
    assert (taken.codes, taken.paths) == (["dump-cut"], {str(contents)})
    assert shop.drill().says == ("failed", 1, ["dump-cut"])
    contents.unlink()
    os.utime(shop.source / "dump" / "3457.dat.gz")
    taken = shop.snapshot()
    assert (taken.codes, taken.paths) == (["dump-cut"], {str(contents)})
    assert shop.drill().says == ("failed", 1, ["dump-cut"])


@pytest.mark.parametrize("wanted", ["db-*.sql", ""])
def test_a_dump_that_is_dated_ahead_hides_no_half_one_that_came_after_it(shop: Shop, wanted: str) -> None:
    put(shop, "db-20261128.sql", 39)
    put(shop, "db-20261129.sql", -24 * 300)  # the clock was wrong
    put(shop, "db-20261130.sql", 0.5)
    wanting(shop, wanted)
    assert shop.snapshot().says == PASSED
    cut = put(shop, "db-20261130.sql", 0.4, WHOLE[:-60])
    taken = shop.snapshot()
    assert (taken.codes, taken.paths) == (["dump-cut"], {str(cut)})
