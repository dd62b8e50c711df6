"""Run a command and say what it took; compare two of them; print the table."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds of user and system time, of the command and everything that it started
    peak: int  # bytes: most memory that any process of it but restic ever had


class Row(NamedTuple):
    """One line of the table; a limit of None is for comparison only."""

    what: str
    ours: str
    plain: str
    wall_ratio: str
    cpu_ratio: str
    limit: str
    holds: bool


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    accepted: Sequence[int] = (0,),
    watch_memory: bool = False,
) -> Run:
    """Run `command` to its end; anything but an accepted exit status ends the benchmark."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
        memory = Memory(child.pid) if watch_memory else None
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.terminate()  # Ctrl-C: readiness ends its own restic and cleans up
            child.wait()
            raise
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accepted:
            output.seek(0)
            words = output.read().decode(errors="replace")[-3000:]
            sys.exit(f"{' '.join(command)}\nended with {child.returncode}:\n{words}")
    return Run(wall, usage.ru_utime + usage.ru_stime, memory.highest() if memory else 0)


class Memory:
    """Watches a process and its descendants, other than restic, and notes the highest resident memory."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._highest: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def highest(self) -> int:
        """Bytes, of the largest single process; its children are watched as well as itself."""
        self._stop.set()
        self._thread.join()
        return max(self._highest.values(), default=0)

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            for pid in family(self._pid):
                name, peak = name_and_peak(pid)
                if name != "restic":
                    self._highest[pid] = max(peak, self._highest.get(pid, 0))


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            below = (thread / "children").read_text().split()
        except OSError:
            continue
        found += [each for child in below for each in family(int(child))]
    return found


def name_and_peak(pid: int) -> tuple[str, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return "", 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return fields["Name"].strip(), int(fields.get("VmHWM", "0 kB").split()[0]) * 1024


def compared(what: str, ours: list[Run], plain: list[Run], limit: float | None, by_cpu: bool = False) -> Row:
    """The medians of both, and the median of the ratios of each round."""
    walls = statistics.median(a.wall / b.wall for a, b in zip(ours, plain, strict=True))
    cpus = statistics.median(a.cpu / b.cpu for a, b in zip(ours, plain, strict=True))
    judged = cpus if by_cpu else walls
    return Row(
        what=what,
        ours=_seconds(ours, by_cpu),
        plain=_seconds(plain, by_cpu),
        wall_ratio="" if by_cpu else f"{walls:.2f}",
        cpu_ratio=f"{cpus:.2f}",
        limit="" if limit is None else f"{limit:.2f}{' CPU' if by_cpu else ''}",
        holds=limit is None or judged <= limit,
    )


def memory_row(what: str, found: Run, limit: int) -> Row:
    """The peak of one run against a limit in bytes."""
    return Row(what, f"{found.peak / 1e6:.0f} MB", "", "", "", f"{limit / 1e6:.0f} MB", found.peak <= limit)


def _seconds(runs: list[Run], by_cpu: bool) -> str:
    values = [run.cpu if by_cpu else run.wall for run in runs]
    return f"{statistics.median(values):.3f} s" if max(values) < 1 else f"{statistics.median(values):.2f} s"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| what | readiness | plain | wall ratio | CPU ratio | at most | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        verdict = "" if not row.limit else "holds" if row.holds else "**TOO MUCH**"
        cells = (row.what, row.ours, row.plain, row.wall_ratio, row.cpu_ratio, row.limit, verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def available_memory() -> int:
    """Bytes that programs and tmpfs may still take."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
