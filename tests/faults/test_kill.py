"""Stopped at any moment, politely or not: nothing stays behind, nothing acknowledged is lost."""

import json
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

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.records import DrillRecord, SnapshotRecord
from support.builders.ledger_records import hashes
from support.builders.readiness_cli import PASSED, Shop, fill
from support.places import FAKE_RESTIC, ROOT
from support.waiting import PATIENCE, until

LONGEST = 1.4  # seconds; runs take a little longer than that


def business(base: Path, restic: Path) -> Shop:
    shop = Shop(base, restic).set_up()
    fill(shop.source, files=50, big=8 << 20)
    shop.extra = f'[[process.orders.proof]]\nname = "sound"\nsqlite = "{shop.source}/orders.db"'
    shop.write_config()
    assert shop.snapshot().says == PASSED
    return shop


def stir(shop: Shop, chance: random.Random) -> None:
    """Give the next snapshot something to do."""
    for number in range(3):
        (shop.source / f"new-{number}.bin").write_bytes(chance.randbytes(1 << 18))


def newest_codes(shop: Shop) -> list[str]:
    with open_reader(shop.state / "ledger.db") as ledger:
        *_, last = ledger.entries()
    assert isinstance(last.body, SnapshotRecord | DrillRecord)
    return [found.code for found in last.body.findings]


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
    (shop.source / "more.bin").write_bytes(random.Random(1).randbytes(64 << 20))
    word = {"snapshot": b"backup", "drill": b"restore"}[verb]
    running = shop.start(verb)
    until(lambda: running.poll() is not None or word in _arguments(shop))
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    assert shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr)).status == 130
    shop.tidy()
    assert newest_codes(shop) == ["interrupted"]


def _arguments(shop: Shop) -> list[bytes]:
    words: list[bytes] = []
    for number in shop.processes():
        with suppress(OSError):
            words += Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    return words


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


def test_a_restic_that_hangs_dies_with_us(
    newest_restic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=5, big=0)
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"real": str(newest_restic), "say": {"backup": [{"sleep": 600}]}}))
    monkeypatch.setenv("FAKE_RESTIC", str(script))
    shop.restic = FAKE_RESTIC
    shop.write_config()
    running = shop.start("snapshot")
    until(lambda: b"backup" in _arguments(shop))
    time.sleep(0.5)  # for the interpreter of the stand-in, which else would not die of SIGINT yet
    running.kill()
    running.communicate(timeout=PATIENCE)
    until(lambda: not list(shop.processes()))


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_restic_killed_by_the_system_was_no_test(restic: Path, tmp_path: Path, verb: str) -> None:
    shop = business(tmp_path, restic)
    (shop.source / "more.bin").write_bytes(random.Random(1).randbytes(96 << 20))
    command = "snapshot" if verb == "backup" else "drill"
    if command == "drill":
        assert shop.snapshot().says == PASSED
    running = shop.start(command)
    until(lambda: running.poll() is not None or verb.encode() in _arguments(shop))
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
    slow = tmp_path / "slow-restic"
    slow.write_text(f'#!/bin/sh\nexec {newest_restic} --limit-download 50 "$@"\n')
    slow.chmod(0o755)
    shop.restic = slow
    shop.write_config()
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


def test_ctrl_c_on_a_terminal_gives_the_cursor_back(newest_restic: Path, tmp_path: Path) -> None:
    shop = business(tmp_path, newest_restic)
    (shop.source / "more.bin").write_bytes(random.Random(1).randbytes(64 << 20))
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
