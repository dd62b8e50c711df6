"""A drill may take hours. Snapshots go on meanwhile, and nothing is removed under it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive
from agent.errors import Exit
from support.builders.readiness_cli import PASSED, Result, Shop, snapshotted

SLOW = """#!/bin/sh
case " $* " in *" restore "*) touch "{go}.asked"; while [ ! -e "{go}" ]; do sleep 0.1; done ;; esac
exec "{restic}" "$@"
"""


class Beside:
    """A shop, and a drill of it that restores nothing until it is let go."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._go = shop.base / "go"
        slow = shop.base / "slow-restic"
        slow.write_text(SLOW.format(go=self._go, restic=shop.restic))
        slow.chmod(0o755)
        fast, shop.restic = shop.restic, slow
        shop.write_config()
        self.drill = shop.start("drill")
        shop.restic = fast

    def run(self, *arguments: str) -> Result:
        """A command beside the drill, once the drill has chosen."""
        until = time.monotonic() + 60
        process = self.shop.state / "locks" / "process.orders"
        while not Path(f"{self._go}.asked").exists() or process.read_text():
            assert time.monotonic() < until and self.drill.poll() is None, "the drill does not choose"
            time.sleep(0.05)
        result = self.shop.result(_ended(self.shop.start(*arguments)))
        assert self.drill.poll() is None, "the drill is over"
        return result

    def let_go(self) -> Result:
        """How the drill ends."""
        self._go.touch()
        return self.shop.result(_ended(self.drill))


def _ended(process: "subprocess.Popen[bytes]") -> "subprocess.CompletedProcess[bytes]":
    stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture
def beside(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    beside = Beside(snapshotted(restic, tmp_path_factory).copied(tmp_path))
    yield beside
    if beside.drill.poll() is None:
        beside.let_go()
    beside.shop.tidy()


def test_a_snapshot_is_taken_while_a_drill_restores(beside: Beside) -> None:
    taken = beside.run("snapshot")
    assert taken.says == PASSED
    drilled = beside.let_go()
    assert drilled.says == PASSED
    assert drilled.row["snapshot"] != taken.row["snapshot"]
    assert beside.shop.drill().row["snapshot"] == taken.row["snapshot"]


def test_a_drill_does_not_choose_while_a_snapshot_of_its_process_is_taken(
    newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)
    with exclusive(shop.state, ["process.orders"]):
        assert shop.drill().status == Exit.BUSY
    with exclusive(shop.state, ["process.shop", "repository.primary"]):
        assert shop.drill().says == PASSED


def test_what_would_be_lost_is_looked_at_while_a_drill_restores(beside: Beside) -> None:
    assert beside.run("exposure").status == Exit.GOOD


@pytest.mark.parametrize("command", ["drill", "check", "prune"])
def test_nothing_else_works_on_the_repository_meanwhile(beside: Beside, command: str) -> None:
    refused = beside.run(command)
    assert refused.status == Exit.BUSY
    assert f"(PID {beside.drill.pid}) is at work on repository primary." in refused.stderr
