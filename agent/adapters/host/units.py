"""Units of systemd that are started for one piece of work and end with it."""

import shlex
import signal
import time
from collections.abc import Callable

from msgspec import Struct

from agent.adapters.host.command import TICK, Completed, Running, run
from agent.errors import Exit

SIGNALLED = 128  # and the number of the signal
_STOPS = {Exit.INTERRUPTED, SIGNALLED + signal.SIGTERM, SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGHUP}
_KILLED = {
    "oom-kill": ", because memory ran out",
    "timeout": ", because it took longer than its unit lets it",
    **dict.fromkeys(("signal", "core-dump", "watchdog"), ""),
}
STOPPING = 150.0  # seconds that a unit may take to end: the longest TimeoutStopSec= of ours, and some


class UnitEnd(Struct, frozen=True):
    """How a unit ended: the exit status of its program as a shell gives it, and systemd's word for it."""

    status: int
    result: str


def systemctl(verb: str, *arguments: str) -> list[str]:
    """The command line; nobody is asked for a password."""
    return ["systemctl", "--no-ask-password", "--quiet", verb, *arguments]


def run_unit(unit: str, attend: Callable[[float], object]) -> tuple[UnitEnd, str]:
    """Start a unit and wait for its end; also returns what systemctl complained of.

    `attend` serves the unit meanwhile, for about so many seconds at a time. Whatever interrupts the wait
    stops the unit, which is served until it has ended.
    """
    running = Running(systemctl("start", "--wait", unit))
    try:
        ended = _attended(running, attend, None)
    except BaseException:
        run(systemctl("stop", "--no-block", unit))
        _attended(running, attend, STOPPING)
        raise
    assert ended
    return end_of(unit), ended.stderr.decode(errors="replace").strip()


def _attended(running: Running, attend: Callable[[float], object], seconds: float | None) -> Completed | None:
    until = None if seconds is None else time.monotonic() + seconds
    while (ended := running.look()) is None and (until is None or time.monotonic() < until):
        attend(TICK)
    if ended is None:
        running.stop()
    return ended


def may_write(unit: str) -> list[str]:
    """The paths that its settings let a unit write to, beside its own directories."""
    shown = run(systemctl("show", "--property=ReadWritePaths", unit)).stdout.decode()
    return [path.lstrip("+-") for path in shlex.split(shown.partition("=")[2])]


def end_of(unit: str) -> UnitEnd:
    """How the unit ended; it is then forgotten, so that it does not count as failed."""
    names = ("ExecMainCode", "ExecMainStatus", "Result")
    shown = run(systemctl("show", *(f"--property={name}" for name in names), unit)).stdout.decode()
    run(systemctl("reset-failed", unit))
    found = dict(line.split("=", 1) for line in shown.splitlines())
    status = int(found.get("ExecMainStatus") or 0)
    if found.get("ExecMainCode") in ("2", "3"):  # a signal, a core dump
        status += SIGNALLED
    return UnitEnd(status, found.get("Result", ""))


def was_stopped(end: UnitEnd, complaint: str) -> bool:
    """Whether somebody ended a unit that left nothing: it counts as well ended then, and is forgotten.

    Killed by the signal of a stop, it had no time to hear it.
    """
    if end.status in _STOPS:
        return end.result in ("exit-code", "signal")
    return not (end.status or complaint) and end.result in ("", "success")


def how_ended(end: UnitEnd, complaint: str) -> str:
    """How a unit ended that left nothing, as the rest of a sentence. Its program may not have run at all."""
    if was_stopped(end, complaint):
        return "it was stopped before it was done"
    if end.result in _KILLED:
        who = "it" if end.status else "what its unit runs before it"
        return f"{who} was killed{_KILLED[end.result] or _by(end.status - SIGNALLED)}"
    if end.status:
        return f"it ended with status {end.status}"
    if complaint:
        return f"it could not be started ({complaint.splitlines()[-1].rstrip('.')})"
    return f"what its unit runs before it failed ({end.result})"


def _by(number: int) -> str:
    names = {each.value: each.name for each in signal.Signals}
    return f" ({names.get(number, f'signal {number}')})" if number > 0 else ""
