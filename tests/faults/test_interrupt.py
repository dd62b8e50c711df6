"""Asked to stop at any moment: nothing stays behind, and the ledger says so."""

import os
import pty
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.builders.at_work import (
    business,
    newest_codes,
    some_seconds_to_save,
    stir,
    words_of_restics,
)
from support.builders.ledger_records import hashes
from support.builders.readiness_cli import Shop
from support.places import ROOT
from support.waiting import PATIENCE, until

LONGEST = 1.4  # seconds; runs take a little longer than that


@pytest.mark.parametrize("verb", ["snapshot", "drill"])
def test_a_signal_at_any_moment_cleans_up_and_says_130(
    restic: Path, tmp_path: Path, verb: str, chance: random.Random
) -> None:
    shop = business(tmp_path, restic)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        stir(shop, chance)
        before = len(hashes(shop.state / "ledger.db"))
        running = shop.start(verb)
        until(lambda: running.poll() is not None or list(shop.processes()))  # noqa: B023
        time.sleep(chance.uniform(0, LONGEST / 2))
        running.send_signal(number)
        running.send_signal(number)  # a second one in the middle of the clean-up
        stdout, stderr = running.communicate(timeout=PATIENCE)
        done = subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)
        result = shop.result(done)
        shop.tidy()
        assert result.status in (0, 130)
        if result.status == 130 and len(hashes(shop.state / "ledger.db")) > before:
            assert newest_codes(shop) in (["interrupted"], [])


@pytest.mark.parametrize("verb", ["snapshot", "drill"])
def test_an_interrupt_while_restic_works_is_recorded(newest_restic: Path, tmp_path: Path, verb: str) -> None:
    shop = business(tmp_path, newest_restic)
    some_seconds_to_save(shop)
    word = {"snapshot": b"backup", "drill": b"restore"}[verb]
    running = shop.start(verb)
    until(lambda: running.poll() is not None or word in words_of_restics(shop))
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    assert shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr)).status == 130
    shop.tidy()
    assert newest_codes(shop) == ["interrupted"]


def test_ctrl_c_on_a_terminal_gives_the_cursor_back(newest_restic: Path, tmp_path: Path) -> None:
    shop = business(tmp_path, newest_restic)
    some_seconds_to_save(shop)
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "agent", "--config", str(shop.config), "snapshot"],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    screen = b""
    asked = False
    with suppress(OSError):  # the terminal's end
        while chunk := os.read(ours, 1 << 16):
            screen += chunk
            if not asked and b"orders: snapshot" in screen:
                running.send_signal(signal.SIGINT)
                asked = True
    os.close(ours)
    assert running.wait(PATIENCE) == 130
    shop.tidy()
    assert b"Interrupted" in screen
    assert screen.rfind(b"\x1b[?25h") > screen.rfind(b"\x1b[?25l") > 0


def test_ctrl_c_does_not_wait_for_a_huge_file_to_be_read(newest_restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    disk = os.statvfs(tmp_path)
    with (shop.source / "huge.img").open("wb") as huge:  # a hole, so large that reading it takes minutes
        huge.truncate(min(disk.f_blocks * disk.f_frsize // 2, 1 << 39))
    running = shop.start("snapshot")
    until((shop.state / "carried" / "orders" / "witness.new").exists)
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=10)
    assert shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr)).status == 130
    assert newest_codes(shop) == ["interrupted"]


def test_a_file_larger_than_its_disk_is_refused_without_being_read(
    newest_restic: Path, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    disk = os.statvfs(tmp_path)
    with (shop.source / "huge.img").open("wb") as huge:
        huge.truncate(max(1 << 40, 2 * disk.f_blocks * disk.f_frsize))
    running = shop.start("snapshot")
    stdout, stderr = running.communicate(timeout=PATIENCE)
    done = subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)
    assert shop.result(done).says == ("failed", 1, ["file-larger-than-disk"])
