"""What the fault table says of databases that nobody declared: copied, or said to be saved as files only."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop, failed, with_database

WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=" + sys.argv[2])
connection.execute("PRAGMA wal_autocheckpoint=20")
print("at work", flush=True)
number = 0
while True:
    number += 1
    connection.execute("INSERT INTO orders (what) VALUES (?)", ("x" * (number * 37 % 900),))
    connection.execute("DELETE FROM orders WHERE number % 7 = ? AND number > 400", (number % 7,))
    time.sleep(0.002)
"""


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, newest_restic).set_up()
    for number in range(20):
        (shop.source / f"order-{number}.txt").write_bytes(bytes([number + 1]) * 1000)
    return shop


@pytest.fixture
def at_work(shop: Shop) -> Iterator[Path]:
    """A database that no proof names and that somebody writes to all the time."""
    database = shop.source / "app.db"
    with_database(database)
    command = [sys.executable, "-c", WRITER, str(database), "wal"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"at work\n"
        yield database
        writer.kill()


def test_a_live_database_that_no_proof_names_is_copied_and_checked(shop: Shop, at_work: Path) -> None:
    assert shop.run("snapshot", live=True).says == PASSED
    assert shop.run("drill", "--keep", live=True).says == PASSED

    [kept] = shop.scratch.glob("**/app.db")
    with closing(sqlite3.connect(f"file:{kept}?mode=ro&immutable=1", uri=True)) as restored:
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert restored.execute("SELECT count(*) FROM orders").fetchone()[0] >= 400
    assert not list(kept.parent.glob("app.db-*"))


@pytest.mark.parametrize("words", [(), ("--sample", "50%")])
def test_a_process_that_is_nothing_but_a_live_database_is_drilled_by_its_copy(
    shop: Shop, at_work: Path, words: tuple[str, ...]
) -> None:
    shop.paths = [at_work]
    shop.write_config()
    shop.run("snapshot", live=True)  # that it is written to is known from the second one on

    assert shop.run("snapshot", live=True).says == PASSED
    drilled = shop.run("drill", *words, live=True)
    assert (drilled.says, drilled.row["rung"]) == (PASSED, "L4")


def test_a_database_at_rest_is_sound_as_a_file(shop: Shop) -> None:
    with_database(shop.source / "app.db")

    assert shop.snapshot().says == PASSED

    assert not list((shop.state / "carried").glob("**/found-*"))
    with closing(sqlite3.connect(shop.source / "app.db")) as application:
        application.execute("DELETE FROM orders WHERE number < 10")
        application.commit()
    assert shop.snapshot().says == PASSED
    [copy] = (shop.state / "carried").glob("orders/databases/found-*")
    assert shop.snapshot().says == PASSED
    assert copy.exists(), "what was written to once may be written to again"
    (shop.source / "app.db").unlink()
    assert shop.snapshot().says == PASSED
    assert not copy.exists()


def _tear(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(8192)
        opened.write(os.urandom(16384))


def _wipe(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as application:
        application.execute("DELETE FROM orders")


def _anew(file: Path) -> None:
    file.unlink()
    with_database(file, rows=0)


LOSSES = {
    "torn": (_tear, "database-damaged"),
    "emptied": (lambda file: file.write_bytes(b""), "database-damaged"),
    "header": (lambda file: file.write_bytes(os.urandom(100) + file.read_bytes()[100:]), "database-damaged"),
    "wiped": (_wipe, "database-collapsed"),
    "bare schema": (_anew, "database-collapsed"),
}


@pytest.mark.parametrize("how", LOSSES)
def test_what_befalls_a_database_that_no_proof_names_is_bad_where_it_is_vital(shop: Shop, how: str) -> None:
    spoil, code = LOSSES[how]
    vital, beside = shop.source / "vital.db", shop.source / "beside.db"
    with_database(vital)
    with_database(beside)
    cached = shop.source / ".cache" / "cached.db"
    cached.parent.mkdir()
    with_database(cached)
    shop.extra = f'vital = ["{vital}"]'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    if code == "database-collapsed":  # a cache is made anew every day
        spoil(cached)

    spoil(beside)
    told = shop.snapshot()
    assert (told.says, told.paths) == (("passed", 0, [code]), {str(beside)})
    assert shop.snapshot().codes == [code], "a second snapshot makes it no better"
    shop.drill()
    assert _verdict(shop, code) == "AT_RISK"
    spoil(vital)
    bad = shop.snapshot()
    assert bad.says[:2] == ("failed", 1)
    assert {str(vital)} <= bad.paths <= {str(vital), str(beside)}, (
        "of an empty vital file no more is looked at"
    )
    assert shop.snapshot().says[0] == "failed"


def _done(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as application:
        for statement in statements:
            application.execute(statement)


def test_a_small_table_that_is_dropped_is_bad_and_a_renamed_one_or_a_queue_is_not(shop: Shop) -> None:
    names = ("dropped.db", "renamed.db", "queue.db")
    dropped, renamed, queue = files = [shop.source / name for name in names]
    rows = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {}) INSERT INTO {} "
    for file in files:
        with_database(file)
        for table, number in (("customers", 20), ("jobs", 300)):
            _done(file, f"CREATE TABLE {table} (number)", rows.format(number, table) + "SELECT i FROM c")
    shop.extra = f"vital = {[str(file) for file in files]}"
    shop.write_config()
    assert shop.snapshot().says == PASSED
    _done(renamed, "ALTER TABLE customers RENAME TO people", "ALTER TABLE orders RENAME TO orders_v2")
    assert shop.snapshot().says == PASSED
    _done(queue, "DELETE FROM jobs")
    drained = shop.snapshot()
    assert (drained.says, drained.paths) == (("passed", 0, ["database-collapsed"]), {str(queue)})
    _done(queue, rows.format(300, "jobs") + "SELECT i FROM c")
    assert shop.snapshot().says == PASSED
    _done(queue, "DELETE FROM jobs")
    assert shop.snapshot().says == PASSED, "it comes and goes"
    _done(dropped, "DROP TABLE customers")

    taken = shop.snapshot()

    assert (taken.says, taken.paths) == (failed("database-collapsed"), {str(dropped)})
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_vital_database_that_was_damaged_from_the_first_day_is_never_good(shop: Shop) -> None:
    database = shop.source / "vital.db"
    with_database(database)
    _tear(database)
    shop.extra = f'vital = ["{database}"]'
    shop.write_config()

    assert shop.snapshot().says == failed("database-damaged")
    assert shop.snapshot().says == failed("database-damaged")
    shop.extra = ""
    shop.write_config()
    assert shop.snapshot().says == ("passed", 0, ["database-damaged"])


def test_of_very_many_vital_databases_the_last_is_read_as_well(shop: Shop) -> None:
    first = shop.source / "tenant-000.db"
    with_database(first)
    for number in range(1, 131):
        shutil.copy(first, shop.source / f"tenant-{number:03}.db")
    last = shop.source / "tenant-130.db"
    _tear(last)
    for file in shop.source.glob("*.db"):
        os.utime(file, (1_600_000_000, 1_600_000_000))
    shop.extra = f'vital = ["{shop.source}"]'
    shop.write_config()

    taken = shop.snapshot()

    assert (taken.says, taken.paths) == (failed("database-damaged"), {str(last)})


def test_what_applications_do_with_their_databases_is_no_fault(shop: Shop) -> None:
    database = shop.source / "vital.db"
    with_database(database)
    shop.extra = f'vital = ["{database}"]'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    for what in ("DELETE FROM orders WHERE number % 3 = 0", "VACUUM", "PRAGMA journal_mode=WAL", "REINDEX"):
        with closing(sqlite3.connect(database, isolation_level=None)) as application:
            application.execute(what)
        assert shop.snapshot().says == PASSED, what
    copy = shop.source / "new.db"
    copy.write_bytes(database.read_bytes())
    copy.rename(database)
    assert shop.snapshot().says == PASSED
    database.unlink()
    with_database(database)
    assert shop.snapshot().says == PASSED


def test_a_table_of_a_proof_that_goes_in_small_steps_is_told(shop: Shop) -> None:
    database = shop.source / "app.db"
    with_database(database)
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{database}"'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    for left, codes in ((250, []), (150, ["database-collapsed"]), (90, ["database-collapsed"])):
        with closing(sqlite3.connect(database, isolation_level=None)) as application:
            application.execute(f"DELETE FROM orders WHERE number > {left}")
        assert shop.snapshot().says == ("passed", 0, codes)
    shop.drill()
    assert _verdict(shop, "database-collapsed") == "AT_RISK"
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_an_encrypted_database_is_said_and_spoils_no_snapshot(shop: Shop) -> None:
    cipher = shop.source / "cipher.db"
    cipher.write_bytes(os.urandom(8192))
    cipher.with_name("cipher.db-wal").write_bytes(b"\x37\x7f\x06\x82" + os.urandom(4096))

    taken = shop.snapshot()

    assert taken.says == ("passed", 0, ["sqlite-not-copied"])
    assert taken.paths == {str(cipher)}
    assert "encrypted" in taken.row["findings"][0]["message"]
    shop.drill()
    assert _verdict(shop, "sqlite-not-copied") == "AT_RISK"


def test_a_server_s_data_directory_is_never_ready_until_it_is_excluded(shop: Shop) -> None:
    data = shop.source / "pg" / "main"
    (data / "global").mkdir(parents=True)
    (data / "global" / "pg_control").write_bytes(b"control")
    (data / "PG_VERSION").write_text("15\n")
    assert shop.snapshot().says == PASSED, "a server that is stopped is sound as files"

    with subprocess.Popen(["sleep", "60"], cwd=data) as server:  # a server's processes work in there
        taken = shop.snapshot()
        assert taken.says == ("passed", 0, ["live-database"])
        assert taken.paths == {str(data)}
        shop.drill()
        shop.extra = 'vital = ["{}"]'.format(data / "global" / "pg_control")
        shop.write_config()
        verdicts = [_verdict(shop, "live-database")]
        shop.extra = f'exclude = ["{data}"]'
        shop.write_config()
        assert "exclude-drops-data" in shop.snapshot().codes
        excluded = shop.snapshot("--accept")
        server.kill()

    assert verdicts == ["UNKNOWN"]
    assert excluded.says == PASSED


def test_a_part_of_a_stopped_server_s_data_is_never_ready(shop: Shop) -> None:
    data, tablespace = shop.base / "pg" / "main", shop.source / "big" / "PG_15_202209061"
    for number in (1, 16384):
        place = data / "base" / str(number)
        place.mkdir(parents=True)
        (place / "PG_VERSION").write_text("15\n")
        (place / "1259").write_bytes(b"a table" * 1000)
    for name in ("global/pg_control", "pg_wal/000000010000000000000001", "PG_VERSION"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(b"15\n")
    (data / "pg_tblspc").mkdir()
    (data / "pg_tblspc" / "16390").symlink_to(tablespace.parent)
    (tablespace / "16384").mkdir(parents=True)
    (tablespace / "16384" / "16391").write_bytes(b"orders" * 1000)

    taken = shop.snapshot()
    assert taken.says == ("passed", 0, ["live-database"])
    assert taken.paths == {str(tablespace.parent)}
    shop.drill()
    assert _verdict(shop, "live-database") == "AT_RISK"

    tables = shop.base / "mysql" / "shop"
    tables.mkdir(parents=True)
    (tables / "orders.ibd").write_bytes(b"a table" * 1000)
    shop.more = f'[process.mysql]\npaths = ["{tables}"]\nrpo = "2h"'
    shop.write_config()
    assert shop.run("snapshot", "mysql").paths == {str(tables)}

    told: dict[Path, set[str]] = {data / "base": {str(data / "base"), str(tablespace.parent)}, data: set()}
    for number, (path, places) in enumerate(told.items()):
        shop.more = f'[process.pg{number}]\npaths = ["{path}", "{tablespace.parent}"]\nrpo = "2h"'
        shop.write_config()
        assert shop.run("snapshot", f"pg{number}").paths == places
    shop.more = f'[process.most]\npaths = ["{data}"]\nrpo = "2h"\nexclude = ["{data}/pg_wal"]'
    shop.write_config()
    assert shop.run("snapshot", "most").paths == {str(data)}


def _verdict(shop: Shop, code: str) -> str:
    process = shop.run("status").answer["result"]["processes"][0]
    return next(reason["verdict"] for reason in process["reasons"] if reason["code"] == code)
