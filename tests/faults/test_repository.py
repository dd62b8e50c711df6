"""The fault table, on the repository's side: what a drill says of each, end to end, with real restic."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.builders.readiness_cli import HOST, PASSED, Shop, failed, fill, not_tested, snapshotted


@pytest.fixture
def shop(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A business of its own repository and state, with one good snapshot."""
    return snapshotted(restic, tmp_path_factory).copied(tmp_path)


def _named(shop: Shop, *files: str) -> set[str]:
    return {str(shop.source / file) for file in files}


def test_a_healthy_snapshot_passes_and_counts_everything(shop: Shop) -> None:
    drilled = shop.drill()

    assert drilled.says == PASSED
    entries = sum(len(dirs) + len(files) for _, dirs, files in os.walk(shop.source)) + 1
    assert drilled.row["files"]["verified"] == drilled.row["files"]["expected"] == entries
    assert drilled.row["share"] == 1.0


def test_a_flipped_byte_in_a_big_file_damages_that_file_alone(shop: Shop) -> None:
    shop.flip(max(shop.blobs(), key=lambda blob: blob.length))

    drilled = shop.drill()

    assert drilled.says in (failed("file-missing"), failed("file-damaged"))
    assert drilled.paths == _named(shop, "catalogue.bin")


def test_a_flipped_byte_in_a_small_file_loses_that_file_alone(shop: Shop) -> None:
    shop.flip(shop.blob_of(shop.source / "d3/order-0003.txt"))

    drilled = shop.drill()

    assert drilled.says in (failed("file-missing"), failed("file-damaged"))
    assert drilled.paths == _named(shop, "d3/order-0003.txt")


@pytest.mark.parametrize("cache", ["warm", "cold"])
def test_a_flipped_byte_in_a_tree_loses_its_directory_whatever_the_cache_holds(
    shop: Shop, cache: str
) -> None:
    shop.flip(shop.tree_of(shop.source / "d2"))
    if cache == "cold":
        shutil.rmtree(shop.state / "cache")
    else:
        assert list((shop.state / "cache").glob("*/data/*/*"))

    drilled = shop.drill()

    assert drilled.says == failed("file-missing")
    lost = list((shop.source / "d2").rglob("*"))
    assert {Path(path).parent.name for path in drilled.paths} <= {"d2", "orders"}
    assert drilled.row["files"]["missing"] in (len(lost), len(lost) + 1)


def test_a_damaged_root_tree_loses_everything(shop: Shop) -> None:
    shop.flip(shop.tree_of(Path("/")))

    drilled = shop.drill()

    assert drilled.says == failed("file-missing")
    assert drilled.row["files"]["verified"] == 0


def test_the_lists_name_every_lost_and_every_surviving_file(shop: Shop) -> None:
    shop.flip(shop.blob_of(shop.source / "d3/order-0003.txt"))

    hint = shop.drill().row["findings"][0]["hint"]

    directory = next(word for word in hint.split() if word.startswith(str(shop.state)))
    assert (Path(directory) / "lost.txt").read_text() == f"{shop.source}/d3/order-0003.txt\n"
    survived = (Path(directory) / "survived.txt").read_text().splitlines()
    assert f"{shop.source}/d3/order-0010.txt" in survived
    assert f"{shop.source}/d3/order-0003.txt" not in survived


def test_a_damaged_copy_of_a_database_is_found_although_the_live_file_came_back(
    restic: Path, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, restic).set_up()
    shop.extra = f'[[process.orders.proof]]\nsqlite = "{shop.source}/orders.db"'
    shop.write_config()
    _database_with_a_log(shop.source / "orders.db")
    assert shop.snapshot().says == PASSED
    shop.flip(shop.blob_of(shop.state / "carried/orders/databases/0-orders.db"))

    drilled = shop.drill()

    assert drilled.says in (failed("file-missing"), failed("file-damaged"))


def _database_with_a_log(file: Path) -> None:
    """As after a crash: half of the rows are only in the write-ahead log."""
    script = f"""
import os, sqlite3
database = sqlite3.connect({str(file)!r})
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, what TEXT)")
database.execute("PRAGMA wal_autocheckpoint=0")
for n in range(50):
    database.execute("INSERT INTO orders (what) VALUES ('an order')")
    database.commit()
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert file.with_name("orders.db-wal").stat().st_size > 0


# ---- which snapshot it is


def test_an_80_day_old_snapshot_is_stale_although_it_is_whole(restic: Path, tmp_path: Path) -> None:
    shop = _with_an_old_snapshot(restic, tmp_path)

    assert shop.drill().says == failed("snapshot-stale")


def test_an_80_day_old_snapshot_is_stale_when_a_file_is_new_in_the_source(
    restic: Path, tmp_path: Path
) -> None:
    shop = _with_an_old_snapshot(restic, tmp_path)
    (shop.source / "new").write_text("since then")

    assert shop.drill().says == failed("snapshot-stale")


def _with_an_old_snapshot(restic: Path, base: Path) -> Shop:
    """A snapshot that restic dates back, taken by a restic that is told so; with its record and witness."""
    old = base / "old-restic"
    old.write_text(
        f"""#!/bin/sh
for argument; do
    if [ "$argument" = backup ]; then set -- "$@" ; exec {restic} --json backup \\
        --time "$(date -d '80 days ago' '+%Y-%m-%d %H:%M:%S')" $(shift 2; echo "$@"); fi
done
exec {restic} "$@"
"""
    )
    old.chmod(0o755)
    shop = Shop(base, restic).set_up()
    shop.restic = old
    shop.write_config()
    for number in range(5):
        (shop.source / f"file-{number}").write_text(f"{number}")
    assert shop.snapshot().says == PASSED
    shop.restic = restic
    shop.write_config()
    return shop


def test_another_hosts_newer_snapshot_is_passed_over(shop: Shop, tmp_path: Path) -> None:
    one = tmp_path / "elsewhere"
    one.write_text("one file")
    shop.plain_restic(
        "backup", "--host", "other", "--tag", "readiness", "--tag", "process=orders", one, shop.source / "d1"
    )

    drilled = shop.drill()

    assert drilled.says == PASSED
    assert drilled.row["files"]["expected"] > 200


def test_another_process_newer_snapshot_is_passed_over(shop: Shop) -> None:
    shop.plain_restic("backup", "--host", HOST, "--tag", "readiness", "--tag", "process=mail", shop.source)

    assert shop.drill().says == PASSED


def test_a_newer_snapshot_of_other_paths_is_passed_over(shop: Shop) -> None:
    shop.plain_restic(
        "backup", "--host", HOST, "--tag", "readiness", "--tag", "process=orders", shop.source / "d1"
    )

    assert shop.drill().says == PASSED


def _by_hand(shop: Shop, *more: Path) -> None:
    tags = ("--tag", "readiness", "--tag", "process=orders")
    shop.plain_restic("backup", "--host", HOST, *tags, shop.source, *more)


def test_a_snapshot_of_ours_without_a_witness_is_not_trusted(shop: Shop) -> None:
    _by_hand(shop)

    assert shop.drill().says == PASSED, "of the newest that the ledger knows"
    assert shop.drill("--snapshot", shop.snapshot_ids()[-1]).says == not_tested("snapshot-unknown")


def test_a_snapshot_with_a_foreign_witness_is_not_trusted(shop: Shop, tmp_path: Path) -> None:
    """Somebody wrote a witness that fits a tree with a file missing, in our own format."""
    forged = tmp_path / "carried"
    shutil.copytree(shop.state / "carried" / "orders", forged)
    lines = (forged / "witness").read_bytes().splitlines(keepends=True)
    (forged / "witness").write_bytes(b"".join(line for line in lines if b"order-0003" not in line))
    about = json.loads((forged / "about.json").read_bytes())
    about["witness_sha256"] = hashlib.sha256((forged / "witness").read_bytes()).hexdigest()
    (forged / "about.json").write_text(json.dumps(about))
    tags = ("--tag", "readiness", "--tag", "process=orders")
    shop.plain_restic("backup", "--host", HOST, *tags, "--exclude", "order-0003.txt", shop.source, forged)

    assert shop.drill().says == PASSED, "of the newest that the ledger knows"
    assert shop.drill("--snapshot", shop.snapshot_ids()[-1]).says == not_tested("snapshot-unknown")


# ---- the repository as a whole


def test_a_wrong_password_says_nothing_about_the_backups(shop: Shop) -> None:
    shop.password.write_text("wrong\n")

    assert shop.drill().says == not_tested("wrong-password")
    assert shop.snapshot().says == not_tested("wrong-password")


def test_a_missing_repository_is_bad(shop: Shop) -> None:
    shop.repository.rename(shop.base / "gone")

    assert shop.drill().says == failed("repository-missing")
    assert shop.snapshot().says == failed("repository-missing")


def test_another_repository_in_its_place_is_noticed(shop: Shop) -> None:
    shutil.rmtree(shop.repository)
    shop.init("another")

    assert shop.drill().says == failed("repository-changed")
    assert shop.snapshot().says == failed("repository-changed")


def test_a_repository_rolled_back_to_an_older_copy_is_noticed(shop: Shop) -> None:
    older = shop.base / "older"
    subprocess.run(["cp", "-a", shop.repository, older], check=True)
    assert shop.snapshot().says == PASSED
    shutil.rmtree(shop.repository)
    older.rename(shop.repository)

    assert shop.drill().says == failed("snapshots-vanished")
    assert shop.snapshot().says == failed("snapshots-vanished")
    assert shop.snapshot("--accept").says == PASSED
    assert shop.drill().says == PASSED


def test_an_empty_repository_has_nothing_to_drill(restic: Path, tmp_path: Path) -> None:
    assert Shop(tmp_path, restic).set_up().drill().says == not_tested("no-snapshot")


@pytest.mark.parametrize("lost", ["data", "index"])
def test_a_repository_that_lost_all_of_a_kind_is_seen_at_once(
    newest_restic: Path, tmp_path: Path, lost: str
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=3, big=0)
    assert "repository-damaged" not in _said(shop), "an empty one has lost nothing"
    assert shop.snapshot().says == PASSED
    assert "repository-damaged" not in _said(shop)
    for file in (shop.repository / lost).rglob("*"):
        if file.is_file():
            file.unlink()

    assert "repository-damaged" in _said(shop)
    assert shop.snapshot().says == failed("repository-damaged")


def test_the_newest_snapshot_is_missed_at_once_and_not_under_a_new_id(
    newest_restic: Path, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=3, big=0)
    assert shop.snapshot().says == PASSED
    shop.plain_restic("tag", "--add", "kept-for-the-auditor", "latest")
    assert "snapshots-vanished" not in _said(shop)
    assert shop.snapshot().says == PASSED

    shop.plain_restic("forget", "latest")

    assert "snapshots-vanished" in _said(shop)


def _said(shop: Shop) -> list[str]:
    return [one["code"] for one in shop.run("status").answer["result"]["processes"][0]["reasons"]]
