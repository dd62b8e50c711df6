"""What the service costs while nothing happens: memory and processor time of `readiness agent`."""

import os
import signal
import subprocess
import time
from pathlib import Path

from measuring import Row, say
from places import Place

SETTLED = 100.0  # seconds after the last run was begun until the service counts as idle
TICKS = os.sysconf("SC_CLK_TCK")


def directories(root: Path, count: int) -> None:
    """So many directories with a small file in each, a hundred in one."""
    for number in range(count):
        directory = root / f"{number // 100:04}" / f"{number % 100:02}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "file").write_text(f"{number}\n")


def idle(place: Place, seconds: float) -> tuple[int, float]:
    """Resident memory in bytes, and the share of a processor used with every command it started."""
    log = (place.directory / "agent.log").open("wb")
    environment = {**os.environ, **place.environment}
    command = [*place.command, "-v", "agent"]
    agent = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL, env=environment)
    try:
        _settle(place.directory / "agent.log", agent)
        say(f"agent: idle for {seconds:.0f} s")
        before = _processor_seconds(agent.pid)
        time.sleep(seconds)
        used = _processor_seconds(agent.pid) - before
        return _resident(agent.pid), used / seconds
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait()
        log.close()


def _settle(log: Path, agent: "subprocess.Popen[bytes]") -> None:
    """Wait until the first snapshot, drill and check are done and the service has come to rest."""
    say("agent: waiting until it has nothing more to do")
    while "check primary: done" not in log.read_text():
        if agent.poll() is not None:
            raise SystemExit(log.read_text())
        time.sleep(1)
    while time.time() - log.stat().st_mtime < SETTLED:
        time.sleep(1)


def _processor_seconds(pid: int) -> float:
    """Of the process and of all that it started and that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def rows(place: Place, seconds: float, limited: bool) -> list[Row]:
    """Build nothing, measure, and compare with the limits."""
    memory, share = idle(place, seconds)
    return [
        Row(
            "idle agent, 2,000 directories: resident memory",
            f"{memory / 2**20:.1f} MiB",
            "",
            "",
            "",
            "32 MiB",
            memory <= 32 * 2**20,
        ),
        Row(
            f"idle agent, {seconds / 60:.0f} minutes: processor time, all it starts included",
            f"{share:.3%}",
            "",
            "",
            "",
            "0.100%" if limited else "",
            not limited or share < 0.001,
        ),
    ]
