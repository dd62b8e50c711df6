"""Proof commands in units of systemd: what they are started with, and what is told of how they ended."""

import os
import pwd
import shlex
from pathlib import Path

import pytest

from agent.adapters.host.units import UnitEnd
from agent.adapters.sandbox import unit as module
from agent.adapters.sandbox.unit import KEPT, PLACE, UnitSandbox
from agent.adapters.sandbox.walls import Limits

LIMITS = Limits(memory=200 << 20, file_size=64 << 20, free_space=0, output=1 << 20)
COMMAND = ("sh", "-c", "echo 'quo\"ted' $HOME")


class Ended:
    stderr = b"systemctl complained"
    timed_out = False


class Systemd:
    """Plays the unit: writes what it would have written into the tree."""

    def __init__(self, tree: Path, facts: str = "started user", out: str = "", err: str = "") -> None:
        self.place = tree / PLACE
        self.files = {"facts": facts, "out": out, "err": err}
        self.end = UnitEnd(0, "success")
        self.program = ""

    def __call__(self, argv: list[str]) -> "Systemd":
        self.program = (self.place / "program").read_text()
        for name, text in self.files.items():
            (self.place / name).write_text(text)
        return self

    def wait(self, timeout: int, look: object) -> Ended:
        look()  # type: ignore[operator]
        return Ended()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "srv").mkdir(parents=True)
    return tmp_path / "tree"


def sandbox(tree: Path, monkeypatch: pytest.MonkeyPatch, systemd: Systemd, *live: str) -> UnitSandbox:
    us = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(module.pwd, "getpwnam", lambda _: us)
    monkeypatch.setattr(module, "Running", systemd)
    monkeypatch.setattr(module, "end_of", lambda _: systemd.end)
    monkeypatch.setattr(module, "systemctl", lambda *_: ["true"])
    return UnitSandbox(tree, live, LIMITS)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/lib/readiness/tree", "var-lib-readiness-tree"),
        ("/srv/a-b_c.d:e", "srv-a\\x2db_c.d:e"),
        ("/srv/ü x", "srv-\\xc3\\xbc\\x20x"),
    ],
)
def test_the_tree_is_written_into_the_name_of_the_unit_as_systemd_does_it(path: str, name: str) -> None:
    assert UnitSandbox(Path(path), ()).unit == f"readiness-proof@{name}.service"


def test_what_the_command_printed_and_how_it_ended_comes_back(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(tree, out="ok\n", err="a warning\n")
    systemd.end = UnitEnd(7, "exit-code")
    run = sandbox(tree, monkeypatch, systemd).run(COMMAND, 60)
    assert (run.status, run.stdout, run.stderr, run.trouble, run.unusable) == (
        7,
        "ok\n",
        "a warning\n",
        "",
        "",
    )


def test_the_command_is_quoted_and_runs_within_its_limits(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(tree)
    sandbox(tree, monkeypatch, systemd).run(COMMAND, 60)
    words = shlex.split(systemd.program)
    assert words[-3:] == list(COMMAND)
    assert f"--as={LIMITS.address_space}" in words
    assert f"--fsize={LIMITS.file_size}" in words


def test_the_walls_are_those_that_were_seen_from_inside(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sandbox(tree, monkeypatch, Systemd(tree, facts="started user no-network"))
    assert found.isolation == ()
    found.run(COMMAND, 60)
    assert found.isolation[:2] == ("user", "no-network")
    assert "without memory-limit" in found.isolation


@pytest.mark.parametrize(
    ("facts", "err", "says"),
    [
        ("missing", "", "the command is not installed"),
        ("", "no such namespace\x1b", "did not start: no such namespace\\x1b"),
        ("", "", "did not start: systemctl complained"),
    ],
)
def test_a_command_that_never_ran_was_not_tested(
    tree: Path, monkeypatch: pytest.MonkeyPatch, facts: str, err: str, says: str
) -> None:
    found = sandbox(tree, monkeypatch, Systemd(tree, facts=facts, err=err))
    assert says in found.run(COMMAND, 60).unusable
    assert found.isolation == ()


@pytest.mark.parametrize(
    ("result", "trouble"),
    [("oom-kill", "it used more memory than it may"), ("timeout", "it ran for a whole day"), ("success", "")],
)
def test_what_systemd_killed_it_for_is_told(
    tree: Path, monkeypatch: pytest.MonkeyPatch, result: str, trouble: str
) -> None:
    systemd = Systemd(tree)
    systemd.end = UnitEnd(137, result)
    assert sandbox(tree, monkeypatch, systemd).run(COMMAND, 60).trouble == trouble


def test_one_that_prints_without_end_is_stopped_and_its_output_cut(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sandbox(tree, monkeypatch, Systemd(tree, out="begin" + "x" * (2 << 20) + "end")).run(COMMAND, 60)
    assert run.trouble == "it printed more than 1.0 MiB"
    assert (len(run.stdout), run.stdout[:5], run.stdout[-3:]) == (KEPT, "begin", "end")


@pytest.mark.parametrize(("live", "covered"), [("/usr/share/shop", True), ("/srv/shop", False)])
def test_data_where_the_unit_sees_the_machines_own_files_is_not_tested(
    tree: Path, monkeypatch: pytest.MonkeyPatch, live: str, covered: bool
) -> None:
    run = sandbox(tree, monkeypatch, Systemd(tree), live).run(COMMAND, 60)
    assert bool(run.unusable) is covered
