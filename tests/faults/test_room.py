"""The fault table, on the machine's side: no room, locks, proofs, and what is asked of which snapshot."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.builders.ledger_records import mounted
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested, snapshotted, with_database
from support.servers.other_restics import exclusive_lock


@pytest.fixture
def shop(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A business of its own repository and state, with one good snapshot of about 10 MB."""
    return snapshotted(restic, tmp_path_factory).copied(tmp_path)


@pytest.fixture
def small(restic: Path, tmp_path: Path) -> Shop:
    """A handful of files, no snapshot yet."""
    shop = Shop(tmp_path, restic).set_up()
    for number in range(5):
        (shop.source / f"file-{number}").write_text(f"{number}")
    return shop


@pytest.fixture
def tmpfs(tmp_path: Path, as_root: None) -> Iterator[Path]:
    """A file system of 6 MB; give it another size by remounting."""
    point = tmp_path / "tmpfs"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", point], check=True)
    yield point
    subprocess.run(["umount", "-l", point], check=True)


# ---- no room


def test_a_scratch_that_is_too_small_is_told_before_the_restore(shop: Shop, tmpfs: Path) -> None:
    shop.scratch = tmpfs
    shop.write_config()

    assert shop.drill().says == not_tested("scratch-too-small")


def test_a_scratch_without_inodes_is_told_before_the_restore(shop: Shop, tmpfs: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=100m,nr_inodes=100", tmpfs], check=True)
    shop.scratch = tmpfs
    shop.write_config()

    assert shop.drill().says == not_tested("scratch-too-small")


def test_a_scratch_that_runs_full_during_the_restore_says_nothing_about_the_backups(
    shop: Shop, tmpfs: Path
) -> None:
    """The room is there when it is asked for, and gone when restic wants it."""
    subprocess.run(["mount", "-o", "remount,size=20m", tmpfs], check=True)
    shop.scratch = tmpfs / "scratch"
    thief = shop.base / "thief"
    thief.write_text(
        f"""#!/bin/sh
case "$*" in *restore*) head -c 14M /dev/zero > {tmpfs}/stolen ;; esac
exec {shop.restic} "$@"
"""
    )
    thief.chmod(0o755)
    shop.restic = thief
    shop.write_config()

    assert shop.drill().says == not_tested("no-space")


def test_restored_files_that_cannot_be_removed_stop_drills_and_no_snapshot(
    newest_restic: Path, tmp_path: Path, as_root: None
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "file").write_text("live")
    room = shop.scratch / "drill-killed"
    room.mkdir(parents=True)
    (room / ".readiness-scratch").touch()
    with mounted(room / "tree", "size=1m"):
        ends = {verb: shop.start(verb).communicate(timeout=60) for verb in ("snapshot", "drill")}

    assert json.loads(ends["snapshot"][0])["result"]["snapshots"][0]["outcome"] == "passed"
    assert b"tree cannot be removed.\nIt holds restored data" in ends["drill"][1]
    assert shop.drill().says == PASSED
    assert not room.exists()


def test_a_full_state_directory_is_one_sentence(small: Shop, tmpfs: Path) -> None:
    small.state = tmpfs / "state"
    small.scratch = small.base / "scratch"
    small.write_config()
    assert small.snapshot().says == PASSED
    filler = tmpfs / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        except OSError:
            pass

    taken = small.snapshot()

    assert taken.status == 3
    assert taken.answer["result"]["code"] == "state-full"
    assert "is full" in taken.stderr
    filler.unlink()
    assert small.snapshot().says == PASSED
    assert small.drill().says == PASSED


def test_no_room_for_the_copy_of_a_database_says_nothing_about_it(small: Shop, tmpfs: Path) -> None:
    """The disk of the state really runs full while the copy is made, and has room again behind it."""
    database = small.source / "orders.db"
    with_database(database, rows=90_000)
    assert database.stat().st_size > 6 << 20
    small.state = tmpfs / "state"
    small.state.mkdir(mode=0o700)
    small.extra = f'[[process.orders.proof]]\nname = "sound"\nsqlite = "{database}"'
    small.write_config()

    taken = small.snapshot()

    assert taken.says == not_tested("no-space")
    assert taken.paths == {str(database)}
    verdict = small.run("status")
    assert (verdict.status, verdict.answer["result"]["verdict"]) == (3, "UNKNOWN")


def test_a_full_repository_disk_says_nothing_about_the_backups(small: Shop, tmpfs: Path) -> None:
    small.repository = tmpfs / "repository"
    small.write_config()
    small.init()
    assert small.snapshot().says == PASSED
    (small.source / "big").write_bytes(os.urandom(9 << 20))

    taken = small.snapshot()

    assert taken.says == not_tested("no-space")


def test_a_repository_disk_without_a_byte_left_is_told_as_that(small: Shop, tmpfs: Path) -> None:
    """Not even a lock can be written."""
    small.repository = tmpfs / "repository"
    small.write_config()
    small.init()
    assert small.snapshot().says == PASSED
    subprocess.run(["sh", "-c", f"cat /dev/zero > {tmpfs}/filler 2>/dev/null"], check=False)

    assert small.snapshot().says == not_tested("no-space")
    assert small.drill().says == not_tested("no-space")


# ---- locks


def test_a_lock_of_a_dead_process_of_this_machine_is_removed(shop: Shop) -> None:
    exclusive_lock(shop)

    assert shop.drill().says == PASSED
    exclusive_lock(shop)
    assert shop.snapshot().says == PASSED


def test_a_lock_of_another_living_restic_is_left_alone(shop: Shop) -> None:
    """Its host is another one, so that nobody here can say that it is dead."""
    lock = exclusive_lock(shop, host="elsewhere")

    for ran in (shop.run("drill", locked=True), shop.run("snapshot", locked=True)):
        assert ran.says == not_tested("repository-locked")

    assert lock.exists()


# ---- proofs


def test_a_failing_proof_is_bad(small: Shop) -> None:
    small.extra = (
        '[[process.orders.proof]]\nname = "it is five"\ncommand = ["sh", "-c", "echo 4"]\nexpect = "5"'
    )
    small.write_config()
    small.snapshot()

    drilled = small.drill()

    assert drilled.says == failed("proof-failed")
    assert drilled.row["proofs"][0]["outcome"] == "failed"


def test_a_proof_that_is_not_installed_says_nothing_about_the_backups(small: Shop) -> None:
    small.extra = '[[process.orders.proof]]\nname = "sound"\ncommand = ["no-such-program-here"]'
    small.write_config()
    small.snapshot()

    assert small.drill().says == not_tested("proof-not-run")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ('command = ["sleep", "9"]\ntimeout = "1s"', "it did not finish within 1.0 s"),
        ('command = ["sh", "-c", "dd if=/dev/zero of=filled bs=1M; echo bad"]\nexpect = "good"', "room"),
    ],
    ids=["out of time", "out of room"],
)
def test_a_proof_that_runs_out_of_something_says_nothing_about_the_backups_and_is_never_ready(
    newest_restic: Path, tmp_path: Path, tmpfs: Path, words: str, why: str
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "file").write_text("content")
    shop.scratch = tmpfs
    passing = '[[process.orders.proof]]\nname = "sound"\ncommand = ["true"]'
    shop.extra = f"tier = 1\n{passing}"
    shop.write_config()
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    shop.extra = f'tier = 1\n[[process.orders.proof]]\nname = "sound"\n{words}'
    shop.write_config()

    drilled = shop.drill()

    assert drilled.says == not_tested("proof-not-run")
    assert why in drilled.row["proofs"][0]["message"] or "disk" in drilled.row["proofs"][0]["message"]
    verdict = shop.run("status")
    assert verdict.status in (3, 4)
    assert "proof-failed" not in {one["code"] for one in verdict.answer["result"]["processes"][0]["reasons"]}


def test_a_passing_proof_makes_the_drill_stronger(small: Shop) -> None:
    small.extra = '[[process.orders.proof]]\nname = "it is there"\ncommand = ["true"]'
    small.write_config()
    small.snapshot()

    drilled = small.drill()

    assert drilled.says == PASSED
    assert drilled.row["rung"] == "L5"


# ---- which snapshot


def test_two_forged_snapshots_that_nobody_knows_are_not_chosen_and_prove_nothing(shop: Shop) -> None:
    before = {blob.pack for blob in shop.blobs()}
    shop._blobs = []
    good = shop.snapshot_ids()
    for number in range(2):
        extra = shop.base / f"extra-{number}"
        _forged(shop, extra)
    poisoned = [name for name in shop.snapshot_ids() if name not in good]
    assert before and len(poisoned) == 2

    drilled = shop.drill("--snapshot", "last-good")

    assert drilled.says == PASSED
    assert drilled.row["snapshot"] == good[0]
    assert drilled.row["refused"] == []
    assert shop.drill().row["snapshot"] == good[0]
    assert shop.drill("--snapshot", good[0][:8]).says == PASSED
    assert shop.drill("--snapshot", poisoned[0]).says == not_tested("snapshot-unknown")
    assert shop.drill("--snapshot", "0000abcd").says == not_tested("no-snapshot")


def _forged(shop: Shop, extra: Path) -> None:
    extra.write_text("nothing of ours")
    tags = ("--tag", "readiness", "--tag", "process=orders")
    shop.plain_restic("backup", "--host", "shop", *tags, shop.source, extra)


def test_random_drills_one_of_ours(shop: Shop) -> None:
    drilled = shop.drill("--snapshot", "random")

    assert drilled.says == PASSED
    assert drilled.row["snapshot"] == shop.snapshot_ids()[0]


def test_kept_files_stay_and_the_next_drill_leaves_them_alone(shop: Shop) -> None:
    assert shop.drill("--keep").says == PASSED

    [kept] = shop.scratch.glob("kept-*")
    file = kept / "tree" / str(shop.source).strip("/") / "d1" / "order-0001.txt"
    assert file.read_bytes() == (shop.source / "d1" / "order-0001.txt").read_bytes()
    shop.run("drill", "--snapshot", "random", "--keep")
    assert file.exists()
    assert len(list(shop.scratch.glob("kept-*"))) == 2


def test_only_the_restore_sets_up_the_cold_cache(shop: Shop) -> None:
    """Two restics that do so at a time fail now and then, which would look like a lost repository."""
    spy, called = shop.base / "spy", shop.base / "called"
    spy.write_text(f'#!/bin/sh\necho "$*" >> {called}\nexec {shop.restic} "$@"\n')
    spy.chmod(0o755)
    shop.restic = spy
    shop.write_config()

    assert shop.drill().says == PASSED

    calls = [line for line in called.read_text().splitlines() if line != "version"]
    assert len(calls) == 3  # the third asks which repository it is, at its new address
    assert all(("--no-cache" in call) != (" restore " in call) for call in calls)


def test_a_cache_that_cannot_be_opened_says_nothing_about_the_backups(shop: Shop) -> None:
    broken = shop.base / "broken"
    broken.write_text(
        f"""#!/bin/sh
case "$*" in *restore*)
    echo "Fatal: unable to open cache: readVersion: invalid syntax" >&2; exit 1 ;;
esac
exec {shop.restic} "$@"
"""
    )
    broken.chmod(0o755)
    shop.restic = broken
    shop.write_config()

    assert shop.drill().says == not_tested("not-tested")
