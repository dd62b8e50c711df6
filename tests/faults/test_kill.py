"""Killed at any moment: nothing stays behind, nothing acknowledged is lost."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.builders.at_work import (
    business,
    slow,
    some_seconds_to_save,
    stir,
    words_of_restics,
)
from support.builders.ledger_records import hashes
from support.builders.readiness_cli import PASSED, Shop, fill
from support.doubles.playing_restic import playing
from support.waiting import PATIENCE, until

LONGEST = 1.4  # seconds; runs take a little longer than that


def test_kill_9_at_any_moment_loses_nothing(restic: Path, tmp_path: Path, chance: random.Random) -> None:
    shop = business(tmp_path, restic)
    for verb in ["snapshot", "drill"] * 4:
        stir(shop, chance)
        before = hashes(shop.state / "ledger.db")
        running = shop.start(verb)
        time.sleep(chance.uniform(0.1, LONGEST))
        mine = list(shop.processes())
        running.kill()
        running.communicate(timeout=PATIENCE)
        until(lambda: not list(shop.processes()))  # restic dies with us
        until(lambda: not any(Path(f"/proc/{number}").exists() for number in mine))  # noqa: B023
        assert hashes(shop.state / "ledger.db")[: len(before)] == before
        assert shop.run("snapshot").says == PASSED  # and nothing is left in scratch or repository: Shop.tidy
        checksums = shop.state / "carried" / "orders" / "SHA256SUMS"
        subprocess.run(["sha256sum", "--quiet", "-c", checksums], cwd="/", check=True)
    assert shop.run("ledger", "verify").status == 0
    assert shop.drill().says == PASSED


def test_a_restic_that_hangs_dies_with_us(newest_restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=5, big=0)
    shop.restic = playing(tmp_path, {"backup": [{"sleep": 600}]}, newest_restic)
    shop.write_config()
    running = shop.start("snapshot")
    until(lambda: b"backup" in words_of_restics(shop))
    time.sleep(0.5)  # for the interpreter of the stand-in, which else would not die of SIGINT yet
    running.kill()
    running.communicate(timeout=PATIENCE)
    until(lambda: not list(shop.processes()))


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_restic_killed_by_the_system_was_no_test(restic: Path, tmp_path: Path, verb: str) -> None:
    shop = business(tmp_path, restic)
    some_seconds_to_save(shop)
    command = "snapshot" if verb == "backup" else "drill"
    running = shop.start(command)
    until(lambda: running.poll() is not None or verb.encode() in words_of_restics(shop))
    for number in shop.processes():
        if verb.encode() in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0"):
            os.kill(number, signal.SIGKILL)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    result = shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr))
    assert result.says == ("not_tested", 3, ["restic-killed"])
    shop.tidy()


@pytest.mark.parametrize("command", ["snapshot", "drill"])
def test_a_lock_of_a_dead_restic_is_cleared_once(restic: Path, tmp_path: Path, command: str) -> None:
    shop = business(tmp_path, restic)
    checking = subprocess.Popen(
        [restic, "--no-cache", "--limit-download", "200", "check", "--read-data"],
        env={
            **os.environ,
            "RESTIC_REPOSITORY": str(shop.repository),
            "RESTIC_PASSWORD_FILE": str(shop.password),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: any((shop.repository / "locks").iterdir()))
    checking.kill()
    checking.wait()
    assert list((shop.repository / "locks").iterdir()), "the check was too quick"
    assert shop.run(command).says == PASSED


def test_a_snapshot_clears_the_lock_of_a_drill_that_was_killed(newest_restic: Path, tmp_path: Path) -> None:
    shop = business(tmp_path, newest_restic)
    slow(shop, 50)
    drill = shop.start("drill")
    until(lambda: list(shop.scratch.glob("*/tree/*")))
    drill.send_signal(signal.SIGSTOP)  # it is not to clear up after its restic
    mine = list(shop.processes())
    for number in mine:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    drill.kill()
    drill.communicate(timeout=PATIENCE)
    until(lambda: not any(Path(f"/proc/{number}").exists() for number in mine))
    assert shop.locks(), "it left none"
    shop.restic = newest_restic
    shop.write_config()
    assert shop.snapshot().says == PASSED  # and no lock is left: Shop.tidy
