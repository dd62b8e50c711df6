"""The fault table, where restic tries again for up to a minute before it gives up.

That is nothing but waiting, so all of these drills are at work at the same time.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.builders.readiness_cli import Result, Shop, failed, fingerprint, not_tested, snapshotted
from support.restics import RESTIC_VERSIONS, restic_program
from support.waiting import PATIENCE

LOST = "d3/order-0003.txt"


def _delete(shop: Shop) -> None:
    shop.pack(shop.blob_of(shop.source / LOST)).unlink()


def _truncate(shop: Shop) -> None:
    blob = shop.blob_of(shop.source / LOST)
    shop.pack(blob).chmod(0o600)
    os.truncate(shop.pack(blob), blob.offset + 10)


def _refuse(shop: Shop) -> None:
    shop.url = f"rest:http://127.0.0.1:9/{shop.base.name}"  # of its own: tests look for processes by it
    shop.stall_timeout = "4s"
    shop.write_config()


FAULTS = {"deleted": _delete, "truncated": _truncate, "refused": _refuse}
Drilled = Callable[[str, Path], tuple[Shop, Result]]


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drilled]:
    """How the drill ended with a fault and a restic; all of them are begun by the first who asks."""
    shops = {
        (fault, restic): snapshotted(restic, tmp_path_factory).copied(tmp_path_factory.mktemp(fault))
        for restic in map(restic_program, RESTIC_VERSIONS)
        for fault in FAULTS
    }
    before = fingerprint(next(iter(shops.values())).paths)
    begun = {}
    for (fault, restic), shop in shops.items():
        FAULTS[fault](shop)
        begun[fault, restic] = shop.start("drill")

    def ended(fault: str, restic: Path) -> tuple[Shop, Result]:
        shop, running = shops[fault, restic], begun[fault, restic]
        stdout, stderr = running.communicate(timeout=PATIENCE)
        result = shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr))
        shop.tidy()
        return shop, result

    yield ended
    for running in begun.values():
        running.kill()
        running.communicate()
    assert fingerprint(next(iter(shops.values())).paths) == before, "the sources were touched"


def test_a_deleted_pack_loses_the_files_in_it(drilled: Drilled, restic: Path) -> None:
    """Large files may come back in part, so that they are damaged and not missing."""
    _, result = drilled("deleted", restic)

    assert result.says in (failed("file-missing"), failed("file-missing", "file-damaged"))
    assert result.row["files"]["verified"] > 0


def test_a_truncated_pack_loses_the_files_behind_the_cut(drilled: Drilled, restic: Path) -> None:
    shop, result = drilled("truncated", restic)

    assert result.says in (failed("file-missing"), failed("file-missing", "file-damaged"))
    assert str(shop.source / LOST) in result.paths or len(result.paths) >= 20


def test_a_server_that_refuses_says_nothing_about_the_backups(drilled: Drilled, restic: Path) -> None:
    """restic 0.14 asks "Is there a repository" then; newer ones try again and again."""
    _, result = drilled("refused", restic)

    assert result.says in (not_tested("repository-unreachable"), not_tested("timed-out"))
