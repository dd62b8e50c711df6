"""A directory that is swapped for a link while restic reads, and neighbours who only deploy by renaming."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from agent.core.model.swapped import SLACK_US
from support.builders.readiness_cli import Shop
from support.doubles.renaming_neighbours import DEEDS
from support.doubles.swapping_shop import KINDS, SHOP
from support.places import DOUBLES

ROUNDS = int(os.environ.get("READINESS_TEST_EXAMPLES") or 2)
FILES = 150


@pytest.fixture
def shop(tmp_path: Path, restic: Path, as_root: None) -> Shop:
    """Its source is a data owner's; beside it lies what only root may read, who has the like in it, too."""
    shop = Shop(tmp_path, restic).set_up()
    fill(shop.source / "site/data", "own", SHOP, 0o640)
    fill(tmp_path / "srv/other/data", "secret", 0, 0o600)
    (tmp_path / "srv/other/data").chmod(0o700)
    (tmp_path / "srv/other/data/order-140").chmod(0o644)
    (shop.source / "root").write_text("of root, and private")
    (shop.source / "root").chmod(0o600)
    (shop.source / "way").symlink_to("../other")
    (shop.source / "zone").mkdir()
    for name in (".", "site", "way", "zone"):
        os.chown(shop.source / name, SHOP, SHOP, follow_symlinks=False)
    return shop


def fill(directory: Path, text: str, owner: int, mode: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    os.chown(directory, owner, owner)
    for number in range(FILES):
        file = directory / f"order-{number:03}"
        file.write_text(f"{text} {number}")
        os.chown(file, owner, owner)
        file.chmod(mode)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_link_let_in_while_restic_read_is_named_and_the_snapshot_is_no_good_one(
    shop: Shop, tmp_path: Path, kind: str
) -> None:
    """What lies still tells it by its times, what is written to meanwhile by its inode."""
    command = [sys.executable, DOUBLES / "swapping_shop.py", kind, shop.source]
    assert shop.snapshot().row["outcome"] == "passed"
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
        try:
            assert swapping.stdout and swapping.stdout.readline() == b"at it\n"
            time.sleep(2 * SLACK_US / 1e6)  # what is not of today has not just been made
            for _ in range(8):
                touch(shop.source / "site/data")
                with written(tmp_path / "srv/other/data") if kind == "at_both_looks" else nullcontext():
                    taken = shop.run("snapshot", live=True)
                leaked = secrets_in(shop, taken.row["snapshot"])
                print(leaked, taken.says)
                if leaked:
                    break
            assert swapping.poll() is None
        finally:
            swapping.kill()
    assert leaked, "the attack did not come to anything"
    assert (taken.row["outcome"], taken.status) == ("failed", 1)
    [found] = [each for each in taken.row["findings"] if each["code"] == "source-swapped"]
    assert "of user 0 and group 0" in found["message"]
    if kind == "at_no_look":  # also the one that everybody may read who may enter the directory
        assert f" and {leaked - 1} other files, and no such file lay" in found["message"]
    assert taken.row["snapshot"][:8] in found["hint"]


@contextmanager
def written(directory: Path) -> Iterator[None]:
    """All the time."""
    command = 'while touch -c "$0"/*; do sleep 0.05; done'
    with subprocess.Popen(["sh", "-c", command, directory]) as writing:
        try:
            yield
        finally:
            writing.kill()


def touch(directory: Path) -> None:
    """restic reads again."""
    for file in directory.iterdir():
        os.utime(file)


def secrets_in(shop: Shop, snapshot: str) -> int:
    """Files of root's where the data owner's are."""
    listed = shop.plain_restic("ls", "--json", snapshot) if snapshot else b""
    return sum(b"/data/order-" in line and b'"uid":0,' in line for line in listed.splitlines())


@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_nobody_who_only_deploys_by_renaming_is_taken_for_that(shop: Shop) -> None:
    """Copies, releases, packages, logs, editors: owners and modes change between the walks and restic's."""
    command = [sys.executable, DOUBLES / "renaming_neighbours.py", shop.source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as neighbours:
        try:
            assert neighbours.stdout and neighbours.stdout.readline() == "at work\n"
            taken = [shop.run("snapshot", live=True) for _ in range(ROUNDS)]
            assert neighbours.poll() is None
        finally:
            neighbours.kill()
    assert len(DEEDS) > 7
    assert [one.row["findings"] for one in taken if "source-swapped" in one.codes] == []
    assert all(one.row["snapshot"] for one in taken)
