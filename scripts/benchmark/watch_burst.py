"""The watcher over very many directories, and a burst of changes: what it costs, and that none is lost."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from measuring import Row, say
from places import Place

PER_DIRECTORY = 1000
QUIET = 20.0  # seconds after the burst in which the watcher's work on it is counted

# The watcher in a process of its own; it answers with its CPU seconds and its memory whenever it is asked.
WATCH = """
import json, sys, time
from agent.adapters.watching.watcher import Watcher
begun = time.process_time()
watcher = Watcher({"bench": [sys.argv[1]]}, {}, limit=int(sys.argv[2]))
watcher.start()
while not watcher._planter._round_at:
    time.sleep(0.01)
for _ in sys.stdin:
    lines = open("/proc/self/status").read().splitlines()
    memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Vm")}
    stirs = watcher.changes()
    print(json.dumps({"cpu": time.process_time() - begun, "memory": memory["VmRSS"], "peak": memory["VmHWM"],
        "watched": len(watcher._board.watched), "events": sum(stir.events for stir in stirs.values()),
        "lost": sorted(watcher.rescan()), "alive": watcher.alive()}), flush=True)
"""


class Answer(NamedTuple):
    """What the watcher says of itself: CPU seconds since its start, bytes, and what it heard."""

    cpu: float
    memory: int
    peak: int
    watched: int
    events: int
    lost: list[str]
    alive: bool


class Watching:
    """The watcher at work on a tree."""

    def __init__(self, source: Path, place: Place, limit: int) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", WATCH, str(source), str(limit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=place.environment,
        )

    def ask(self) -> Answer:
        assert self._child.stdin and self._child.stdout
        print("?", file=self._child.stdin, flush=True)
        return Answer(**json.loads(self._child.stdout.readline()))

    def stop(self) -> None:
        self._child.terminate()
        self._child.communicate()


class Burst(NamedTuple):
    """So many directories with a file in each; a burst changes `each` files in each of three ways."""

    directories: int
    each: int

    def build(self, root: Path) -> None:
        for number in range(self.directories):
            directory = _directory(root, number)
            directory.mkdir(parents=True)
            (directory / "file.txt").write_text(f"order {number}: ten pieces of blue paint\n" * 8)

    def change(self, root: Path) -> None:
        """Creates, appends and renames, each to a file of its own, flat out."""
        for number in range(self.each):
            (_directory(root, number) / "new.txt").write_text("x")
        for number in range(self.each):
            with (_directory(root, number) / "file.txt").open("a") as file:
                file.write("more\n")
        for number in range(self.each, 2 * self.each):
            file = _directory(root, number) / "file.txt"
            file.rename(file.with_name("renamed.txt"))


def measured(burst: Burst, source: Path, place: Place) -> list[Row]:
    """What the watcher costs at its start, at rest, in the burst and after it; what the scan then finds."""
    watching = Watching(source, place, 2 * burst.directories)
    try:
        ready = watching.ask()
        time.sleep(QUIET)
        idle = watching.ask()
        begun = time.perf_counter()
        burst.change(source)
        took = time.perf_counter() - begun
        during = watching.ask()
        time.sleep(QUIET)
        after = watching.ask()
        time.sleep(QUIET)
        quiet = watching.ask()
    finally:
        watching.stop()
    say(f"watch: burst of {3 * burst.each:,} changes in {took:.1f} s; {quiet.events:,} events were heard")
    changes = f"{burst.each:,} creates, appends and renames"
    return [
        row(f"watch {ready.watched:,} directories: CPU at the start", f"{ready.cpu:.2f} s"),
        row("... resident memory", f"{ready.memory / 1e6:.0f} MB (peak {quiet.peak / 1e6:.0f} MB)"),
        row(f"... CPU in {QUIET:.0f} idle seconds", f"{idle.cpu - ready.cpu:.4f} s"),
        row(f"... CPU during {changes}", f"{during.cpu - idle.cpu:.2f} s"),
        row(
            f"... CPU in {2 * QUIET:.0f} s after that",
            f"{quiet.cpu - during.cpu:.2f} s",
            "10 s",
            quiet.cpu - during.cpu <= 10 and quiet.alive,
        ),
        row(
            f"... CPU in the last {QUIET:.0f} s of these",
            f"{quiet.cpu - after.cpu:.2f} s",
            "2 s",
            quiet.cpu - after.cpu <= 2,
        ),
        _scanned(burst, place),
    ]


def _scanned(burst: Burst, place: Place) -> Row:
    begun = time.perf_counter()
    command = [*place.command, "--json", "exposure"]
    done = subprocess.run(command, env=place.environment, check=False, capture_output=True, text=True)
    took = time.perf_counter() - begun
    (found,) = json.loads(done.stdout)["result"]["exposures"]
    counted = {name: found[name] for name in ("changed", "new", "gone")}
    complete = counted == {"changed": burst.each, "new": 2 * burst.each, "gone": burst.each}
    raised = [finding["code"] for finding in found["findings"]] == ["mass-change"]
    say(f"watch: exposure says {counted}, {found['findings']}")
    what = "the next scan misses no change and raises mass-change"
    return row(what, f"{took:.1f} s", "no change lost", complete and raised)


def row(what: str, ours: str, limit: str = "", holds: bool = True) -> Row:
    return Row(what, ours, "", "", "", limit, holds)


def _directory(root: Path, number: int) -> Path:
    return root / f"{number // PER_DIRECTORY:04}" / f"{number % PER_DIRECTORY:04}"
