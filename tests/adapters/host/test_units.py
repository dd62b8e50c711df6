"""Units of systemd that are started for one piece of work: how they ended, and that they are forgotten."""

from pathlib import Path

import pytest

from agent.adapters.host import units as module
from agent.adapters.host.units import UnitEnd, end_of, run_unit, systemctl

UNIT = "readiness-drill@orders:primary.service"


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a systemctl that plays its part was asked."""
    return plays(tmp_path, monkeypatch, "ExecMainCode=1\\nExecMainStatus=0\\nResult=success\\n")


def plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str, complaint: str = "") -> Path:
    program, calls = tmp_path / "systemctl", tmp_path / "calls"
    program.write_text(
        f'#!/bin/sh\nshift 2\necho "$@" >>{calls}\ncase $1 in\n'
        f"show) printf '{shown}' ;;\nstart) echo '{complaint}' >&2 ;;\nesac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return calls


def test_nobody_is_asked_for_a_password() -> None:
    assert systemctl("start", UNIT) == ["systemctl", "--no-ask-password", "--quiet", "start", UNIT]


def test_it_is_waited_for_and_then_forgotten(said: Path) -> None:
    assert run_unit(UNIT) == (UnitEnd(0, "success"), "")
    assert said.read_text().splitlines() == [
        f"start --wait {UNIT}",
        f"show --property=ExecMainCode --property=ExecMainStatus --property=Result {UNIT}",
        f"reset-failed {UNIT}",
    ]


def test_what_systemctl_complained_of_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays(tmp_path, monkeypatch, "", complaint="Unit not found.")
    assert run_unit(UNIT)[1] == "Unit not found."


@pytest.mark.parametrize(
    ("shown", "end"),
    [
        ("ExecMainCode=1\\nExecMainStatus=75\\nResult=exit-code\\n", UnitEnd(75, "exit-code")),
        ("ExecMainCode=2\\nExecMainStatus=9\\nResult=oom-kill\\n", UnitEnd(137, "oom-kill")),
        ("ExecMainCode=3\\nExecMainStatus=11\\nResult=core-dump\\n", UnitEnd(139, "core-dump")),
        ("", UnitEnd(0, "")),
    ],
)
def test_the_status_is_as_a_shell_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str, end: UnitEnd
) -> None:
    plays(tmp_path, monkeypatch, shown)
    assert end_of(UNIT) == end


def test_whatever_interrupts_the_wait_stops_the_unit(said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __init__(self, argv: list[str]) -> None:
            pass

        def wait(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "Running", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_unit(UNIT)
    assert said.read_text().splitlines() == [f"stop {UNIT}"]
