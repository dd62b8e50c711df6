"""Units of systemd that are started for one piece of work: how they ended, and that they are forgotten."""

import time
from pathlib import Path

import pytest

from agent.adapters.host.units import UnitEnd, end_of, how_ended, may_write, run_unit, systemctl, was_stopped

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
    assert run_unit(UNIT, time.sleep) == (UnitEnd(0, "success"), "")
    assert said.read_text().splitlines() == [
        f"start --wait {UNIT}",
        f"show --property=ExecMainCode --property=ExecMainStatus --property=Result {UNIT}",
        f"reset-failed {UNIT}",
    ]


def test_where_a_unit_may_write_is_what_systemd_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays(tmp_path, monkeypatch, 'ReadWritePaths=-/mnt/big "-/mnt/a place" +/x\\n')
    assert may_write(UNIT) == ["/mnt/big", "/mnt/a place", "/x"]


def test_what_systemctl_complained_of_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays(tmp_path, monkeypatch, "", complaint="Unit not found.")
    assert run_unit(UNIT, time.sleep)[1] == "Unit not found."


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


def test_whatever_interrupts_the_wait_stops_the_unit_which_is_served_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = plays(tmp_path, monkeypatch, "")
    program = tmp_path / "systemctl"
    waits = f"start) while ! grep -q stop {calls}; do sleep 0.05; done; sleep 0.3 ;;"
    program.write_text(program.read_text().replace("start) echo '' >&2 ;;", waits))
    served: list[float] = []

    def attend(seconds: float) -> None:
        time.sleep(seconds)
        served.append(seconds)
        if len(served) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_unit(UNIT, attend)
    assert calls.read_text().splitlines() == [f"start --wait {UNIT}", f"stop --no-block {UNIT}"]
    assert len(served) > 2


HOW = [
    (UnitEnd(0, "success"), "", "it was stopped before it was done"),
    (UnitEnd(0, ""), "", "it was stopped before it was done"),
    (UnitEnd(130, "exit-code"), "", "it was stopped before it was done"),
    (UnitEnd(143, "signal"), "", "it was stopped before it was done"),
    (UnitEnd(137, "signal"), "", "it was killed (SIGKILL)"),
    (UnitEnd(128 + 40, "signal"), "", "it was killed (signal 40)"),
    (UnitEnd(139, "core-dump"), "", "it was killed (SIGSEGV)"),
    (UnitEnd(0, "signal"), "", "what its unit runs before it was killed"),
    (UnitEnd(0, "exit-code"), "", "what its unit runs before it failed (exit-code)"),
    (UnitEnd(137, "oom-kill"), "", "it was killed, because memory ran out"),
    (UnitEnd(143, "timeout"), "", "it was killed, because it took longer than its unit lets it"),
    (UnitEnd(3, "exit-code"), "Warning: changed on disk.", "it ended with status 3"),
    (UnitEnd(0, ""), "Unit x is masked.", "it could not be started (Unit x is masked)"),
]


@pytest.mark.parametrize(("end", "complaint", "how"), HOW)
def test_how_it_ended_is_said_as_it_was(end: UnitEnd, complaint: str, how: str) -> None:
    assert how_ended(end, complaint) == how
    assert was_stopped(end, complaint) == ("stopped" in how)
