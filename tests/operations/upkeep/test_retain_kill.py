"""Removing and freeing stopped at any moment: nothing else goes, nothing is missed, no lock stays."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.builders.readiness_cli import PASSED, Shop
from support.builders.retaining import kept, old
from support.waiting import PATIENCE, until

STOPS = 5


def stopped(shop: Shop, verb: str, number: signal.Signals, after: float) -> int:
    """The exit status of a run that is stopped so many seconds after it began."""
    running = shop.start(verb)
    time.sleep(after)
    mine = list(shop.processes())
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    # gone and reaped: a zombie's lock is no stale one yet
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in mine))
    if number == signal.SIGKILL:
        return running.returncode
    assert not shop.locks()
    return shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr)).status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_retention_that_is_stopped_at_any_moment_makes_no_false_alarm(
    newest_restic: Path, tmp_path: Path, chance: random.Random, number: signal.Signals
) -> None:
    shop = kept(Shop(tmp_path, newest_restic), "last = 3")
    for _ in range(STOPS):
        assert shop.snapshot().says == PASSED
        old(shop, *(2 + hour for hour in range(8)))
        newest = shop.snapshot_ids()[-1]
        stopped(shop, "retain", number, chance.uniform(0.2, 1.0))

        assert newest in shop.snapshot_ids()
        assert shop.run("snapshot").codes == []
        again = shop.run("retain").answer["result"]["retentions"][0]
        assert (again["outcome"], again["findings"]) == ("passed", [])
        assert len(shop.snapshot_ids()) == 3
    assert shop.drill().says == PASSED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_prune_that_is_stopped_at_any_moment_leaves_the_repository_whole(
    newest_restic: Path, tmp_path: Path, chance: random.Random, number: signal.Signals
) -> None:
    shop = kept(Shop(tmp_path, newest_restic), "last = 1")
    for _ in range(STOPS):
        for name in chance.sample(range(60), 6):  # not so many at once that it looks like a mass change
            (shop.source / f"{name}").write_bytes(chance.randbytes(100_000))
        assert shop.snapshot().says == PASSED
        assert shop.run("retain").status == 0
        stopped(shop, "prune", number, chance.uniform(0.3, 1.2))

    assert shop.run("prune").status == 0
    assert shop.run("check").status == 0
    assert shop.drill().says == PASSED
    shop.plain_restic("check", "--read-data")
