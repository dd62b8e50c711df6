"""Proof commands run on restored data, walled in, and nothing of them outlives their run."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.places import ROOT
from support.servers.walled_machine import PYTHON, Machine, walled_machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with walled_machine(tmp_path) as made:
        yield made


def test_a_command_runs_in_the_restored_tree(machine: Machine) -> None:
    run = machine.shell(f"cat {str(machine.live)[1:]}/orders.txt")
    assert (run.status, run.stdout, run.trouble, run.unusable) == (0, "restored", "", "")


def test_a_hanging_command_is_ended_and_said_so(machine: Machine) -> None:
    run = machine.shell("sleep inf & sleep inf", timeout=4)
    assert run.trouble == "it did not finish within 4.0 s"


def test_a_command_that_ignores_signals_is_ended_too(machine: Machine) -> None:
    run = machine.shell("trap '' TERM INT HUP; while :; do sleep 1; done", timeout=4)
    assert run.trouble


def test_a_daemon_does_not_survive_its_command(machine: Machine) -> None:
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(600)
    os._exit(0)
print("started")
"""
    run = machine.python(code)
    assert (run.status, run.stdout) == (0, "started\n")


def test_a_fork_bomb_is_held(machine: Machine) -> None:
    run = machine.shell("bomb() { bomb | bomb & }; bomb; sleep 1; wait", timeout=5)
    assert (run.unusable, machine.left_behind()) == ("", [])


def test_a_missing_command_was_not_tested(machine: Machine) -> None:
    assert "not installed" in machine.run("no-such-command-here").unusable
    assert machine.sandbox.isolation == ()


def test_a_command_kept_in_the_sources_runs(machine: Machine) -> None:
    script = machine.restored / "check.sh"
    script.write_text("#!/bin/sh\necho checked\n")
    script.chmod(0o500)
    assert machine.run("./" + str(script.relative_to(machine.tree))).stdout == "checked\n"


def test_the_environment_is_clean(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD", "the password")
    names = {line.split("=")[0] for line in machine.run("env").stdout.splitlines()}
    assert names <= {"PATH", "LANG", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_", "READINESS_PROOF"}


def test_a_command_has_no_input_and_a_private_home(machine: Machine) -> None:
    run = machine.shell('cat; cd "$HOME" && touch here && cd "$TMPDIR" && ls here')
    assert (run.status, run.stdout) == (0, "here\n")


def test_directories_that_a_command_closed_are_removed_all_the_same(machine: Machine) -> None:
    assert machine.shell('mkdir -p "$HOME/a/b" && chmod 0 "$HOME/a/b" "$HOME/a"').status == 0


def test_the_exit_status_comes_back(machine: Machine) -> None:
    assert machine.shell("exit 7").status == 7


def test_a_command_killed_by_a_signal_has_not_passed(machine: Machine) -> None:
    assert machine.shell("kill -SEGV $$").status != 0


@pytest.fixture
def without_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a container that allows no namespaces; the way to the temporary directory is opened meanwhile."""
    monkeypatch.setattr("agent.adapters.sandbox.walled._possible_namespaces", lambda: ())
    parents = [tmp_path, tmp_path.parent, tmp_path.parent.parent]
    modes = [parent.stat().st_mode & 0o7777 for parent in parents]
    for parent, mode in zip(parents, modes, strict=True):
        parent.chmod(mode | 0o011)
    yield
    for parent, mode in zip(parents, modes, strict=True):
        parent.chmod(mode)


@pytest.mark.usefixtures("without_namespaces")
class TestWithoutNamespaces:
    def test_a_daemon_does_not_survive_its_command(self, machine: Machine) -> None:
        run = machine.shell("setsid sh -c 'setsid sleep 600 & setsid sleep 600 &' & sleep 0.5; echo over")
        assert (run.status, run.stdout) == (0, "over\n")

    def test_a_fork_bomb_is_held(self, machine: Machine) -> None:
        run = machine.shell("bomb() { bomb | bomb & }; bomb; sleep 1; wait", timeout=5)
        assert (run.unusable, machine.left_behind()) == ("", [])

    def test_daemons_count_for_the_memory_limit(self, machine: Machine) -> None:
        hog = "import os, time; hog = os.urandom(1 << 20) * 300; time.sleep(60)"
        run = machine.shell(f"setsid {PYTHON} -c '{hog}' & sleep 60", timeout=30)
        assert run.trouble == "it used more than 200.0 MiB of memory"

    def test_the_walls_that_are_missing_are_said(self, machine: Machine) -> None:
        machine.shell("true")
        seen = machine.sandbox.isolation
        assert {"no-new-privileges", "no-capabilities", "memory-limit"} <= set(seen)
        assert {"without no-network", "without pid-namespace", "without read-only-system"} <= set(seen)

    @pytest.mark.usefixtures("as_root")
    def test_live_data_in_sight_is_said(self, machine: Machine) -> None:
        machine.shell("true")
        assert "without restored-at-live-paths" in machine.sandbox.isolation
        assert "user" in machine.sandbox.isolation

    @pytest.mark.usefixtures("as_root")
    def test_a_tree_that_the_proofs_user_cannot_reach_was_not_tested(self, machine: Machine) -> None:
        machine.state.chmod(0o700)
        assert "cannot reach the restored tree" in machine.shell("true").unusable


@contextmanager
def agent_at_work(machine: Machine, command: str) -> Iterator[subprocess.Popen[bytes]]:
    code = f"""
from pathlib import Path
from agent.adapters.sandbox.walled import Sandbox
Sandbox(Path({str(machine.tree)!r}), [], []).run(("sh", "-c", {command!r}), 600)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: str, happened: object, limit: float = 30) -> None:
    until = time.monotonic() + limit
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.mark.usefixtures("as_root")
def test_the_command_dies_with_a_killed_agent(machine: Machine) -> None:
    def daemons() -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "98765"]]

    with agent_at_work(machine, "touch begun; setsid sleep 98765 & sleep 98765") as process:
        wait_for("the command to begin", lambda: len(daemons()) == 2)
        process.send_signal(signal.SIGKILL)
        wait_for("the command to end", lambda: not daemons())
    for left in machine.tree.parent.glob("proof-*"):  # the scratch's owner removes these at the next start
        shutil.rmtree(left)
