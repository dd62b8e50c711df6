"""The fault table, where runs are stopped at any moment, or two are made at once."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop, snapshotted
from support.places import ROOT
from support.waiting import until

NOT_BEGUN = b"Fatal Python error: init_import_site"  # on a busy machine; nothing of ours was there to hear it


@pytest.fixture
def shop(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A business of its own repository and state, with one good snapshot of about 10 MB."""
    return snapshotted(restic, tmp_path_factory).copied(tmp_path)


@pytest.mark.parametrize("after", [0.4, 0.9, 1.4])
@pytest.mark.parametrize("what", ["drill", "snapshot"])
def test_an_interrupt_leaves_nothing_behind(shop: Shop, what: str, after: float) -> None:
    running = shop.start(what)
    time.sleep(after)
    running.send_signal(signal.SIGINT)

    _, stderr = running.communicate(timeout=60)

    if NOT_BEGUN not in stderr:
        assert running.returncode in (130, 0, -signal.SIGINT)  # the last: before it had begun
        assert b"Traceback" not in stderr
    shop.tidy()


def kill_after(shop: Shop, what: str, seconds: float) -> None:
    """Kill a command at work, and wait for the end of the restic that it leaves behind."""
    running = shop.start(what)
    time.sleep(seconds)
    running.kill()
    running.communicate(timeout=60)
    until(lambda: not list(shop.processes()), lambda: f"left at work: {list(shop.processes())}")


@pytest.mark.parametrize("after", [0.5, 1.0, 1.5])
def test_a_drill_that_was_killed_is_cleaned_up_by_the_next_one(shop: Shop, after: float) -> None:
    kill_after(shop, "drill", after)

    # a restic that loses its parent may leave a shared lock, which keeps neither drills nor snapshots away
    assert shop.run("drill", locked=True).says == PASSED


@pytest.mark.parametrize("after", [0.7, 1.2, 1.8])
def test_a_snapshot_that_was_killed_makes_no_false_alarm_later(shop: Shop, after: float) -> None:
    kill_after(shop, "snapshot", after)

    assert shop.run("drill", locked=True).says == PASSED
    assert shop.run("snapshot", locked=True).says == PASSED
    assert shop.run("drill", locked=True).says == PASSED


def test_two_at_once_take_turns(shop: Shop) -> None:
    running = shop.start("drill")
    while (shop.state / "locks" / "process.orders").read_text().strip() != str(running.pid):
        time.sleep(0.01)
    running.send_signal(signal.SIGSTOP)  # so that it cannot be done too soon

    second = subprocess.run(
        [sys.executable, "-m", "agent", "--config", shop.config, "drill"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    running.send_signal(signal.SIGCONT)
    running.communicate(timeout=60)

    assert second.returncode == 75
    assert running.returncode == 0
