"""Healthy rows of the fault table: whatever a file system holds and whatever happens meanwhile, no alarm."""

import os
import shutil
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.drills import DrillRecord
from agent.core.model.objectives import Objectives
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested, snapshotted, with_database

ODD_NAMES = [
    b"new\nline",
    b"back\\slash",
    b"back\\nslash-n",
    b"carriage\rreturn",
    b"not-utf8-\xff\xfe",
    b"-leading-dash",
    b"--exclude=everything",
    b" spaces ",
    b"glob*[a-z]?{b,c}",
    b"[",
    b"]",
    b"!not",
    b"#comment",
    b"~",
    b"$HOME",
    b"tab\there",
    b"\x01\x7f",
    b"quote'\"",
    b"...",
    b"e\xcc\x81 and \xc3\xa9",
    b"n" * 255,
]


@pytest.fixture
def shop(restic: Path, tmp_path: Path) -> Shop:
    return Shop(tmp_path, restic).set_up()


def test_odd_names_come_back_as_they_were(shop: Shop) -> None:
    source = os.fsencode(shop.source)
    for number, name in enumerate(ODD_NAMES):
        Path(os.fsdecode(source + b"/" + name)).write_bytes(b"%d" % number)
        directory = source + b"/in/" + name
        Path(os.fsdecode(directory)).mkdir(parents=True)
        Path(os.fsdecode(directory + b"/" + name)).write_bytes(b"below %d" % number)

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()
    assert drilled.says == PASSED
    assert drilled.row["files"]["verified"] == 3 * len(ODD_NAMES) + 2
    assert shop.snapshot().says == PASSED
    checked = subprocess.run(
        ["sha256sum", "--quiet", "-c", shop.state / "carried/orders/SHA256SUMS"], cwd="/", check=False
    )
    assert checked.returncode == 0


def test_odd_files_come_back_as_they_were(shop: Shop, as_root: None) -> None:
    """Links, special files, modes, owners, times, attributes, holes."""
    shop.scratch = shop.base / "scratch"  # on a disk, as the sources are: not every tmpfs takes attributes
    shop.write_config()
    source = shop.source
    (source / "file").write_text("hard links have one content")
    os.link(source / "file", source / "hard-link")
    (source / "sub").mkdir()
    os.link(source / "file", source / "sub" / "hard-link")
    (source / "symlink").symlink_to("file")
    (source / "dangling").symlink_to("/nowhere/at/all")
    (source / "escaping").symlink_to("../../../../etc/passwd")
    (source / "to-directory").symlink_to("sub")
    (source / "odd-link").symlink_to("odd \n\t%target")
    (source / "dash-link").symlink_to("-")
    with (source / "sparse").open("wb") as file:
        file.seek(30 << 20)
        file.write(b"end")
    with (source / "only-a-hole").open("wb") as file:
        file.truncate(1 << 20)
    os.mkfifo(source / "fifo")
    os.mknod(source / "socket", 0o600 | stat.S_IFSOCK)
    os.mknod(source / "character", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(source / "block", 0o640 | stat.S_IFBLK, os.makedev(7, 250))
    (source / "empty").touch()
    (source / "empty-directory").mkdir()
    for mode in (0o0, 0o4755, 0o2755, 0o1644, 0o600, 0o777, 0o7777):
        (source / f"mode-{mode:o}").write_text("mode")
        (source / f"mode-{mode:o}").chmod(mode)
    for mode in (0o555, 0o0, 0o1777, 0o2770):
        (source / f"directory-{mode:o}").mkdir()
        (source / f"directory-{mode:o}" / "file").write_text("below")
        (source / f"directory-{mode:o}").chmod(mode)
        os.utime(source / f"directory-{mode:o}", ns=(1, 1_234_567_890_123_456_789))
    for name, moment in (("ancient", -86400 * 365 * 10), ("future", 86400 * 365 * 400), ("zero", 0)):
        (source / name).write_text(name)
        os.utime(source / name, ns=(moment * 10**9, moment * 10**9))
    (source / "nobody-known").write_text("a uid without a name")
    os.chown(source / "nobody-known", 54321, 54322)
    os.setxattr(source / "file", "user.colour", b"green\0\xff")
    os.setxattr(source / "sub", "user.empty", b"")
    os.setxattr(source / "fifo", "system.posix_acl_access", _acl(user=54321))
    os.setxattr(source / "sub", "system.posix_acl_default", _acl(user=54321))

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()
    assert drilled.says == PASSED
    assert drilled.row["files"]["moving"] == 0
    assert shop.snapshot().says == PASSED


def test_a_link_to_a_name_that_is_not_utf8_is_lost_by_old_restic_and_that_is_told(shop: Shop) -> None:
    (shop.source / "file").write_text("file")
    (shop.source / "link").symlink_to(os.fsdecode(b"not-utf8-\xff"))

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()

    if "0.14" in str(shop.restic):
        assert drilled.says == failed("file-changed")
        assert drilled.paths == {f"{shop.source}/link"}
    else:
        assert drilled.says == PASSED


def _acl(user: int) -> bytes:
    """An access control list as the kernel takes it, with one more user."""
    nobody = 0xFFFFFFFF
    entries = ((1, 7, nobody), (2, 5, user), (4, 5, nobody), (16, 7, nobody), (32, 0, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_a_path_that_does_not_fit_below_the_scratch_says_nothing_about_the_backups(shop: Shop) -> None:
    """A path may have 4,095 bytes; restic cannot make it any longer."""
    directory = os.open(shop.source, os.O_RDONLY)
    length = len(os.fsencode(shop.source))
    while length + 1 + 200 < 4096 - 10:
        os.mkdir("d" * 200, dir_fd=directory)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory, length = below, length + 201
    name = "f" * (4095 - length - 1)
    handle = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=directory)
    os.write(handle, b"deep")
    os.close(handle)
    os.close(directory)

    assert shop.snapshot().says == PASSED
    assert shop.drill().says == not_tested("path-too-long")


def test_what_happens_after_the_snapshot_is_no_alarm(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = Shop(tmp_path, restic).set_up()
    for number in range(10):
        (shop.source / f"file-{number}").write_text(f"{number}")
    assert shop.snapshot().says == PASSED
    with (shop.source / "file-0").open("a") as file:
        file.write("one more line\n")
    (shop.source / "file-1").write_text("other content")
    (shop.source / "file-2").unlink()
    (shop.source / "file-3").rename(shop.source / "renamed")
    (shop.source / "new").write_text("new")
    (shop.source / "file-4").chmod(0o600)

    assert shop.drill().says == PASSED
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED


def test_two_paths_in_one_process_are_both_compared(shop: Shop) -> None:
    second = shop.base / "var" / "spool"
    second.mkdir(parents=True)
    for directory in (shop.source, second):
        for number in range(5):
            (directory / f"{number}").write_text(f"{directory} {number}")
    shop.paths.append(second)
    shop.write_config()

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()
    assert drilled.says == PASSED
    assert drilled.row["files"]["verified"] == 12


def test_a_single_file_can_be_a_process(shop: Shop) -> None:
    shop.paths = [shop.source / "one.db"]
    with_database(shop.paths[0])
    shop.write_config()

    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED


def test_a_drill_notes_what_was_promised_when_it_was_made(shop: Shop) -> None:
    (shop.source / "kept").write_text("something")
    shop.rpo, shop.extra = "2h", 'rto = "30h"\nstep = [{name = "connect the printer", minutes = 20}]'
    shop.write_config()
    shop.snapshot()
    assert shop.drill().says == PASSED
    with open_reader(shop.state / "ledger.db") as ledger:
        (noted,) = ledger.newest(DrillRecord)
    assert noted.objectives == Objectives(rto=30 * 3600, rpo=2 * 3600, steps=20 * 60)


def test_nothing_changed_since_the_last_snapshot(
    restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = snapshotted(restic, tmp_path_factory).copied(tmp_path)

    for _ in range(2):
        taken = shop.snapshot()
        assert taken.says == PASSED
        assert taken.row["moving"] == 0
    assert shop.drill().says == PASSED


@pytest.mark.parametrize("link", ["absolute", "relative", "of the file"])
def test_a_database_behind_a_link_is_proven_and_the_live_one_left_alone(shop: Shop, link: str) -> None:
    """The consistent copy is laid where the link leads in the restored tree, never where it leads here."""
    releases, current = shop.source / "releases", shop.source / "current"
    (releases / "7").mkdir(parents=True)
    with_database(releases / "7" / "orders.db")
    if link == "of the file":
        current.mkdir()
        (current / "orders.db").symlink_to(releases / "7" / "orders.db")
    else:
        current.symlink_to(releases / "7" if link == "absolute" else "releases/7")
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{current}/orders.db"'
    shop.write_config()

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()  # looks as well whether any source was touched

    assert drilled.says == PASSED, drilled.answer
    assert drilled.row["rung"] == "L5"


@pytest.fixture
def nested(shop: Shop, as_root: None) -> Iterator[Path]:
    point = shop.source / "mounted"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", point], check=True)
    (point / "file").write_text("on another file system")
    yield point
    subprocess.run(["umount", "-l", point], check=True)


def test_a_file_system_mounted_inside_a_source_comes_along(shop: Shop, nested: Path) -> None:
    (shop.source / "file").write_text("here")

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()
    assert drilled.says == PASSED
    assert drilled.row["files"]["verified"] == 4


def test_excluded_files_are_no_loss(shop: Shop) -> None:
    for name in ("kept", "cache/a", "cache/b", "deep/x.tmp", "deep/y.txt"):
        (shop.source / name).parent.mkdir(exist_ok=True)
        (shop.source / name).write_text(name)
    shop.extra = f'exclude = ["{shop.source}/cache", "*.tmp"]'
    shop.write_config()

    assert shop.snapshot().says == PASSED
    drilled = shop.drill()
    assert drilled.says == PASSED
    assert drilled.row["files"]["verified"] == 4


def test_it_works_for_a_user_who_is_not_root(restic: Path, as_root: None) -> None:
    """Owners and devices cannot come back then; nothing of that is an alarm."""
    base = Path("/var/tmp") / f"readiness-test-{os.getpid()}"
    base.mkdir(mode=0o755)
    try:
        program = base / "restic"
        shutil.copy(restic, program)
        shop = Shop(base, restic).set_up()
        shop.restic, shop.scratch = program, base / "scratch"
        shop.write_config()
        for number in range(5):
            (shop.source / f"{number}").write_text("x")
        os.mkfifo(shop.source / "fifo")
        (shop.source / "read-only").mkdir()
        (shop.source / "read-only" / "file").write_text("below")
        (shop.source / "read-only").chmod(0o555)
        subprocess.run(["chown", "-R", "65534:65534", base], check=True)
        os.mknod(shop.source / "device", 0o644 | 0o020000, os.makedev(1, 3))
        (shop.source / "of-root").write_text("readable")
        (shop.source / "of-root").chmod(0o644)
        shop.user = 65534

        assert shop.snapshot().says == PASSED
        drilled = shop.drill()
        assert (drilled.row["outcome"], drilled.status) == ("passed", 0)
    finally:
        shutil.rmtree(base)


WRITERS = """
import os, random, sqlite3, sys, time
root, end = sys.argv[1], time.time() + 120
database = sqlite3.connect(root + "/orders.db", timeout=20)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=OFF")
number = 0
while time.time() < end and os.path.exists(root + "/go"):
    number += 1
    with open(f"{root}/log/{number % 3}.log", "a") as file:
        file.write(f"line {number}\\n" * 50)
    with open(f"{root}/mail/tmp-{number}", "wb") as file:
        file.write(os.urandom(3000))
    os.rename(f"{root}/mail/tmp-{number}", f"{root}/mail/{number % 40}")
    with open(f"{root}/rewritten", "r+b") as file:
        file.write(os.urandom(200_000))
    if number % 5 == 0 and os.path.exists(f"{root}/mail/{number % 40}"):
        os.unlink(f"{root}/mail/{number % 40}")
    if number % 7 == 0:
        os.mkdir(f"{root}/moving-{number}")
        open(f"{root}/moving-{number}/file", "w").write("short-lived")
        os.rename(f"{root}/moving-{number}", f"{root}/gone")
        os.unlink(f"{root}/gone/file")
        os.rmdir(f"{root}/gone")
    database.execute("INSERT INTO orders (what) VALUES (hex(randomblob(400)))")
    database.execute("UPDATE orders SET what = hex(randomblob(100)) WHERE number = ?", (number % 300,))
    database.commit()
    if number % 50 == 0:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    time.sleep(0.001)
"""


@pytest.fixture
def busy(shop: Shop) -> Iterator[Shop]:
    """A process whose files are written all the time, and whose database is hammered."""
    for directory in ("log", "mail", "still"):
        (shop.source / directory).mkdir()
    for number in range(60):
        (shop.source / "still" / f"{number}").write_bytes(os.urandom(2000))
        (shop.source / "mail" / f"{number}").write_bytes(os.urandom(2000))
    (shop.source / "rewritten").write_bytes(os.urandom(200_000))
    (shop.source / "big").write_bytes(os.urandom(6 << 20))
    with_database(shop.source / "orders.db")
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{shop.source}/orders.db"'
    shop.write_config()
    (shop.source / "go").touch()
    writer = subprocess.Popen([sys.executable, "-c", WRITERS, str(shop.source)])
    yield shop
    (shop.source / "go").unlink()
    assert writer.wait(timeout=30) == 0


def test_live_writers_are_reported_as_moving_and_never_as_damage(busy: Shop) -> None:
    moving = 0
    for _ in range(4):
        taken = busy.run("snapshot", live=True)
        assert taken.says[:2] == PASSED[:2], taken.answer
        assert set(taken.codes) <= {"mass-change"}  # which it is: every file, all the time
        drilled = busy.run("drill", live=True)
        assert drilled.says == PASSED, drilled.answer
        assert drilled.row["rung"] == "L5"
        assert drilled.row["files"]["verified"] >= 61
        moving += taken.row["moving"]
    assert moving > 0
