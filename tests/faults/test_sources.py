"""The fault table, on the side of the live files: what a snapshot says of each, end to end."""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop, failed, with_database

NOBODY = 65534


@pytest.fixture
def shop(restic: Path, tmp_path: Path) -> Shop:
    """A small business with no snapshot yet: forty files and 400 KB."""
    shop = Shop(tmp_path, restic).set_up()
    for number in range(40):
        file = shop.source / f"d{number % 4}" / f"order-{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes([number + 1]) * 10_000)
    return shop


def _good(shop: Shop) -> Shop:
    shop.write_config()
    assert shop.snapshot().says == PASSED
    return shop


def _listed(shop: Shop) -> int:
    """How many snapshots the repository holds."""
    return len(list((shop.repository / "snapshots").iterdir()))


# ---- the roots


def test_a_missing_second_source_is_named_and_nothing_is_taken(shop: Shop) -> None:
    shop.paths.append(shop.base / "srv" / "gone")
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("source-missing")
    assert taken.paths == {str(shop.base / "srv" / "gone")}
    assert _listed(shop) == 0


def test_a_root_that_is_a_symbolic_link_is_named(shop: Shop) -> None:
    link = shop.base / "srv" / "link"
    link.symlink_to(shop.source)
    shop.paths = [link]
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("source-is-symlink")
    assert taken.paths == {str(link)}
    assert _listed(shop) == 0


def test_a_root_behind_a_symbolic_link_is_named(shop: Shop) -> None:
    link = shop.base / "link"
    link.symlink_to(shop.base / "srv")
    shop.paths = [link / "orders"]
    shop.write_config()

    assert shop.snapshot().says == failed("source-is-symlink")


def test_an_empty_directory_is_named(shop: Shop) -> None:
    empty = shop.base / "srv" / "mnt"
    empty.mkdir()
    shop.paths.append(empty)
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("source-empty")
    assert taken.paths == {str(empty)}
    assert _listed(shop) == 0


@pytest.fixture
def mounted(shop: Shop, as_root: None) -> Iterator[Path]:
    """A second source that is a file system of its own, with a few files."""
    point = shop.base / "srv" / "mnt"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", point], check=True)
    for number in range(6):
        (point / f"picture-{number}").write_bytes(b"p" * 50_000)
    shop.paths.append(point)
    yield point
    subprocess.run(["umount", "-l", point], check=False)


def test_a_file_system_that_is_not_mounted_is_noticed(shop: Shop, mounted: Path) -> None:
    _good(shop)
    subprocess.run(["umount", mounted], check=True)

    taken = shop.snapshot()

    assert taken.says == failed("source-empty")
    assert taken.paths == {str(mounted)}
    assert _listed(shop) == 1


def test_a_file_system_that_is_not_mounted_is_noticed_below_its_placeholder(
    shop: Shop, mounted: Path
) -> None:
    """The mount point itself holds one small file, so that it is not empty without the file system."""
    _good(shop)
    subprocess.run(["umount", mounted], check=True)
    (mounted / "NOT-MOUNTED").write_text("mount me\n")

    taken = shop.snapshot()

    assert taken.says == failed("source-collapsed")
    assert taken.paths == {str(mounted)}


def test_a_file_system_below_a_source_that_is_not_mounted_is_noticed(shop: Shop, mounted: Path) -> None:
    shop.paths = [mounted.parent]  # the source lies in there, too
    _good(shop)
    subprocess.run(["umount", mounted], check=True)

    taken = shop.snapshot()

    assert taken.says == failed("source-empty")
    assert taken.paths == {str(mounted)}
    assert shop.snapshot("--accept").says == PASSED


def test_another_file_system_in_the_place_of_a_source_is_warned_of(shop: Shop, mounted: Path) -> None:
    """It holds as many files, so that it may be meant."""
    _good(shop)
    subprocess.run(["umount", mounted], check=True)
    for number in range(6):
        (mounted / f"picture-{number}").write_bytes(b"q" * 50_000)

    taken = shop.snapshot()

    assert taken.says == ("passed", 0, ["source-replaced"])
    assert taken.paths == {str(mounted)}
    assert shop.snapshot().says == PASSED


# ---- what the roots hold


def test_a_collapse_in_the_number_of_files_is_refused_until_it_is_accepted(shop: Shop) -> None:
    (shop.source / "d3" / "most-of-the-bytes").write_bytes(b"m" * 1_000_000)
    _good(shop)
    for directory in ("d0", "d1", "d2"):
        shutil.rmtree(shop.source / directory)

    assert shop.snapshot().says == failed("source-collapsed")
    assert shop.snapshot().says == failed("source-collapsed")
    assert _listed(shop) == 1
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_collapse_in_size_is_refused(shop: Shop) -> None:
    _good(shop)
    for file in shop.source.rglob("*.txt"):
        os.truncate(file, 1000)

    assert shop.snapshot().says == failed("source-collapsed")


def test_what_is_rightly_gone_or_empty_is_no_collapse(newest_restic: Path, tmp_path: Path) -> None:
    """A log that its database took in, a path that left the config, and one that a person said is empty."""
    shop = Shop(tmp_path, newest_restic).set_up()
    with_database(shop.source / "orders.db", rows=2000)
    beside = shop.base / "srv" / "old"
    beside.mkdir()
    for number in range(9):
        (beside / f"picture-{number}").write_bytes(b"p" * 90_000)
    shop.paths.append(beside)
    with closing(sqlite3.connect(shop.source / "orders.db")) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("PRAGMA wal_autocheckpoint = 0")
        live.execute("CREATE TABLE picture (content BLOB)")
        live.execute("INSERT INTO picture VALUES (randomblob(2000000))")
        live.commit()
        assert (shop.source / "orders.db-wal").stat().st_size > 2_000_000
        _good(shop)
        live.execute("DELETE FROM picture")
        live.commit()
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        live.execute("VACUUM")
    assert not (shop.source / "orders.db-wal").exists()
    assert shop.snapshot().says == PASSED
    shop.paths.remove(beside)
    _good(shop)

    empty = shop.base / "srv" / "empty"
    empty.mkdir()
    shop.paths = [empty]
    shop.write_config()
    refused = shop.snapshot()
    assert refused.says == failed("source-empty")
    assert "snapshot --accept orders" in refused.row["findings"][0]["hint"]
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    assert shop.run("exposure").status == 0


def test_an_exclude_that_drops_what_the_last_good_snapshot_held_is_refused(shop: Shop) -> None:
    _good(shop)
    shop.extra = 'exclude = ["d1"]'
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("exclude-drops-data")
    assert taken.paths == {str(shop.source / "d1")}
    assert _listed(shop) == 1
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED


def test_an_exclude_of_something_new_is_no_fault(shop: Shop) -> None:
    _good(shop)
    (shop.source / "cache").mkdir()
    (shop.source / "cache" / "page").write_text("new")
    shop.extra = 'exclude = ["cache"]'
    shop.write_config()

    assert shop.snapshot().says == PASSED


def test_an_excluded_vital_path_is_a_config_error(shop: Shop) -> None:
    shop.extra = f'vital = ["{shop.source}/d1/order-1.txt"]\nexclude = ["*-1.txt"]'
    shop.write_config()

    assert shop.snapshot().status == 78


def test_a_missing_vital_path_is_named(shop: Shop) -> None:
    shop.extra = f'vital = ["{shop.source}/customers.csv"]'
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("vital-missing")
    assert taken.paths == {f"{shop.source}/customers.csv"}


def test_a_vital_path_that_leads_out_of_the_snapshot_is_named(shop: Shop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "customers.csv").write_text("one\n")
    (shop.source / "customers.csv").symlink_to(elsewhere / "customers.csv")
    shop.extra = f'vital = ["{shop.source}/customers.csv"]'
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("vital-missing")
    assert f"a link to {elsewhere}/customers.csv" in taken.row["findings"][0]["message"]


def test_a_vital_path_may_lead_through_links(shop: Shop) -> None:
    (shop.source / "current").symlink_to("d1")
    shop.extra = f'vital = ["{shop.source}/current/order-1.txt"]'
    shop.write_config()

    assert shop.snapshot().says == PASSED


# ---- what the files hold


DAMAGES = {
    "truncated": lambda file: os.truncate(file, 8192 + 100),
    "emptied": lambda file: os.truncate(file, 0),
    "page overwritten": lambda file: _overwrite(file, 8192, b"\xff" * 4096),
    "zeroed": lambda file: _overwrite(file, 0, bytes(file.stat().st_size)),
    "no database": lambda file: _overwrite(file, 0, b"it was a database"),
}


def _overwrite(file: Path, offset: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(content)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_database_is_named_and_the_other_files_are_saved(shop: Shop, how: str) -> None:
    database = shop.source / "orders.db"
    with_database(database)
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{database}"'
    _good(shop)
    DAMAGES[how](database)

    taken = shop.snapshot()

    assert taken.says in (failed("database-damaged"), failed("database-damaged", "file-zeroed"))
    assert taken.paths == {str(database)}
    assert _listed(shop) == 2
    assert shop.snapshot().says[0] == "failed"
    drilled = shop.drill()
    assert (drilled.row["outcome"], drilled.status) == ("failed", 1)


def test_a_database_that_lost_its_rows_is_named_until_it_is_accepted(shop: Shop) -> None:
    database = shop.source / "orders.db"
    with_database(database)
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{database}"'
    _good(shop)
    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM orders WHERE number > 10")
    connection.commit()
    connection.close()

    assert shop.snapshot().says == failed("database-collapsed")
    assert shop.snapshot().says == failed("database-collapsed")
    assert shop.snapshot("--accept").says == PASSED
    assert shop.drill().says == PASSED


def test_a_zeroed_image_is_named_until_it_is_accepted(shop: Shop) -> None:
    image = shop.source / "machine.img"
    image.write_bytes(os.urandom(300_000))
    _good(shop)
    _overwrite(image, 0, bytes(300_000))

    for _ in range(2):
        taken = shop.snapshot()
        assert taken.says == failed("file-zeroed")
        assert taken.paths == {str(image)}
    assert shop.snapshot("--accept").says == PASSED
    assert shop.snapshot().says == PASSED


def test_a_file_that_always_was_zeros_is_no_fault(shop: Shop) -> None:
    (shop.source / "zeros").write_bytes(bytes(5000))
    _good(shop)
    os.utime(shop.source / "zeros")

    assert shop.snapshot().says == PASSED


def test_a_changed_file_whose_size_and_time_were_put_back_is_read_again(shop: Shop) -> None:
    """restic and the witness must both have the new content, or the drill compares with the old one."""
    _good(shop)
    file = shop.source / "d1" / "order-1.txt"
    before = file.stat()
    file.write_bytes(b"X" * before.st_size)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    taken = shop.snapshot()

    assert taken.says == PASSED
    witness = (shop.state / "carried/orders/witness").read_text()
    line = next(line for line in witness.splitlines() if line.endswith("order-1.txt"))
    summed = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout
    assert line.split("\t")[11] == summed.split()[0]
    assert shop.drill().says == PASSED


# ---- files that cannot be read


def test_an_unreadable_file_is_named(shop: Shop, as_nobody: Callable[[Shop], None], as_root: None) -> None:
    """As a user who is not root."""
    as_nobody(shop)
    secret = shop.source / "d1" / "order-1.txt"
    secret.chmod(0)

    taken = shop.snapshot()

    assert taken.says == failed("file-unreadable")
    assert taken.paths == {str(secret)}
    drilled = shop.drill()
    assert drilled.says == failed("file-unreadable")
    assert drilled.paths == {str(secret)}


def test_an_unreadable_directory_is_named(
    shop: Shop, as_nobody: Callable[[Shop], None], as_root: None
) -> None:
    as_nobody(shop)
    os.chown(shop.source / "d1", 0, 0)
    (shop.source / "d1").chmod(0o700)

    taken = shop.snapshot()

    assert taken.says == failed("file-unreadable")
    assert taken.paths == {str(shop.source / "d1")}


def test_what_may_not_be_looked_at_is_named_and_holds_up_nothing(
    shop: Shop, as_nobody: Callable[[Shop], None], as_root: None
) -> None:
    """As root is refused below what another user has mounted with FUSE."""
    as_nobody(shop)
    assert shop.snapshot().says == PASSED
    (shop.source / "d1").chmod(0o400)
    inside = {str(file) for file in (shop.source / "d1").iterdir()}

    taken = shop.snapshot()

    assert taken.says == failed("file-unreadable")
    assert taken.paths == inside
    looked = shop.run("exposure")
    (row,) = looked.answer["result"]["exposures"]
    assert (looked.status, row["gone"]) == (1, 0)
    assert {found["path"] for found in row["findings"]} == inside


@pytest.fixture
def as_nobody(tmp_path: Path) -> Iterator[Callable[[Shop], None]]:
    """Gives a shop to a user who is not root, who must be able to reach it."""
    above = [
        path
        for path in tmp_path.parents
        if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o77 == 0
    ]

    def give(shop: Shop) -> None:
        program = shop.base / "restic"
        shutil.copy(shop.restic, program)
        shop.restic, shop.user, shop.scratch = program, NOBODY, shop.base / "scratch"
        shop.write_config()
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", shop.base], check=True)
        for path in above:
            path.chmod(0o711)

    yield give
    for path in above:
        path.chmod(0o700)


@pytest.fixture
def broken_disk(shop: Shop, as_root: None) -> Iterator[Path]:
    """A source on a disk whose end cannot be read: reading the file on it gives EIO."""
    image, point = shop.base / "disk.img", shop.base / "srv" / "disk"
    point.mkdir()
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    try:
        (point / "whole").write_bytes(os.urandom(2000))
        # not larger: restic 0.19.1 may crash when it cannot read on in a file that it has saved a part of
        (point / "broken").write_bytes(os.urandom(400 << 10))
        shutil.rmtree(point / "lost+found")
        subprocess.run(["umount", point], check=True)
        subprocess.run(["mount", "-o", "loop", image, point], check=True)
        shop.paths.append(point)
        yield point
    finally:
        subprocess.run(["umount", "-l", point], check=False)


def test_a_file_on_a_failing_disk_is_named(shop: Shop, broken_disk: Path) -> None:
    ends = {file: _end_on_disk(file) for file in broken_disk.iterdir()}
    cut = ends[broken_disk / "broken"] - 200
    lost = {str(file) for file, end in ends.items() if end > cut}
    os.truncate(shop.base / "disk.img", cut * 1024)
    Path("/proc/sys/vm/drop_caches").write_text("1")
    shop.write_config()

    taken = shop.snapshot()

    assert taken.says == failed("file-unreadable")
    assert taken.paths == lost
    drilled = shop.drill()
    assert drilled.says == failed("file-unreadable"), (taken.row, drilled.row)


def _end_on_disk(file: Path) -> int:
    """Where the last extent of a file ends, in KiB."""
    command = ["filefrag", "-v", "-b1024", file]
    where = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return max(map(int, re.findall(r"^ *\d+: .*?\.\..*?\.\. *(\d+):", where, re.MULTILINE)))


# ---- what is asked of it


def test_an_unknown_process_is_wrong_usage(shop: Shop) -> None:
    assert shop.snapshot("payroll").status == 2
    assert shop.drill("payroll").status == 2
    assert shop.drill("--from", "plan-b").status == 2
