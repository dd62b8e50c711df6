"""Units of systemd that are started for one piece of work and end with it."""

from msgspec import Struct

from agent.adapters.host.command import Running, run


class UnitEnd(Struct, frozen=True):
    """How a unit ended: the exit status of its program as a shell gives it, and systemd's word for it."""

    status: int
    result: str


def systemctl(verb: str, *arguments: str) -> list[str]:
    """The command line; nobody is asked for a password."""
    return ["systemctl", "--no-ask-password", "--quiet", verb, *arguments]


def run_unit(unit: str) -> tuple[UnitEnd, str]:
    """Start a unit and wait for its end; also returns what systemctl complained of.

    Whatever interrupts the wait stops the unit.
    """
    running = Running(systemctl("start", "--wait", unit))
    try:
        complaint = running.wait().stderr.decode(errors="replace").strip()
    except BaseException:
        run(systemctl("stop", unit))
        raise
    return end_of(unit), complaint


def end_of(unit: str) -> UnitEnd:
    """How the unit ended; it is then forgotten, so that it does not count as failed."""
    names = ("ExecMainCode", "ExecMainStatus", "Result")
    shown = run(systemctl("show", *(f"--property={name}" for name in names), unit)).stdout.decode()
    run(systemctl("reset-failed", unit))
    found = dict(line.split("=", 1) for line in shown.splitlines())
    status = int(found.get("ExecMainStatus") or 0)
    if found.get("ExecMainCode") in ("2", "3"):  # a signal, a core dump
        status += 128
    return UnitEnd(status, found.get("Result", ""))
