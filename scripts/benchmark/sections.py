"""What is measured: each section returns its rows of the table."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from long_ledger import fill
from measuring import Row, Run, compared, memory_row, run, say
from places import Place
from resident import directories, rows
from trees import Tree, build, change
from watch_burst import Burst, measured

MIB = 2**20
SMALL_SHARE = 1 / 20

MIXED_6_GB = Tree(small=30_000, small_bytes=40_000, large=40, large_bytes=120_000_000)
MIXED_2_GB = Tree(small=10_000, small_bytes=40_000, large=13, large_bytes=120_000_000)
FILES_2_GB = Tree(small=20_000, small_bytes=60_000, large=10, large_bytes=80_000_000)
MILLION = Tree(small=1_000_000, small_bytes=64)
LIMIT = ("--limit-download", str(150 * 1024))  # KiB/s


class Bench:
    """What a section needs to know."""

    def __init__(self, work: Path, repetitions: int, small: bool, restic: str) -> None:
        self.work = work
        self.repetitions = repetitions
        self.restic = restic
        self._small = small
        work.mkdir()

    def scaled(self, tree: Tree) -> Tree:
        return tree.scaled(SMALL_SHARE) if self._small else tree

    def records(self, count: int) -> int:
        return int(count * SMALL_SHARE) if self._small else count

    def limit(self, ratio: float) -> float | None:
        """No limit on a small scale, where what a start costs weighs most."""
        return None if self._small else ratio

    def source(self, tree: Tree) -> Path:
        say(f"{self.work.name}: building {tree}")
        source = self.work / "source"
        build(source, tree)
        return source

    def place(self, name: str, source: Path, flags: tuple[str, ...] = ()) -> Place:
        return Place(self.work / name, source, self.restic, flags)

    def rounds(self, *sides: Callable[[], Run], repetitions: int = 0) -> list[list[Run]]:
        """Run the sides in turn, in changing order; the runs of each."""
        found: list[list[Run]] = [[] for _ in sides]
        for number in range(repetitions or self.repetitions):
            for turn in range(len(sides)):
                index = (turn + number) % len(sides)
                found[index].append(sides[index]())
            walls = ", ".join(f"{side[-1].wall:.2f} s ({side[-1].cpu:.2f} CPU)" for side in found)
            say(f"{self.work.name}: round {number + 1}: {walls}")
        return found


def drill(bench: Bench) -> list[Row]:
    """A full drill against `restic restore`, both cores saturated."""
    tree = bench.scaled(MIXED_6_GB)
    place = _snapshot_taken(bench, tree, ())
    ours, plain, verified = bench.rounds(
        lambda: place.readiness("drill"), place.plain_restore, lambda: place.plain_restore("--verify")
    )
    return [
        compared(f"full drill ({tree}) against restic restore", ours, plain, bench.limit(1.30)),
        compared("... against restic restore --verify", ours, verified, None),
    ]


def limited(bench: Bench) -> list[Row]:
    """The same with a repository that delivers 150 MiB/s."""
    tree = bench.scaled(MIXED_2_GB)
    place = _snapshot_taken(bench, tree, LIMIT)
    ours, plain = bench.rounds(lambda: place.readiness("drill"), place.plain_restore)
    return [compared(f"full drill at 150 MiB/s ({tree})", ours, plain, bench.limit(1.03))]


def _snapshot_taken(bench: Bench, tree: Tree, flags: tuple[str, ...]) -> Place:
    source = bench.source(tree)
    place = bench.place("place", source, flags)
    place.readiness("snapshot")
    shutil.rmtree(source)  # a drill never looks at the live files, and the memory is needed
    return place


def snapshot(bench: Bench) -> list[Row]:
    """A snapshot with its witness against `restic backup`: first, some files changed, none changed."""
    tree = bench.scaled(FILES_2_GB)
    source = bench.source(tree)
    limits = {"first": 1.3, "1 % of files changed": 1.6, "unchanged": 2.0}
    ours: dict[str, list[Run]] = {kind: [] for kind in limits}
    plain: dict[str, list[Run]] = {kind: [] for kind in limits}
    for number in range(bench.repetitions):
        sides = [(bench.place("ours", source), ours), (bench.place("plain", source), plain)]
        for kind in limits:
            if kind == "1 % of files changed":
                change(source, tree, 0.01, seed=number + 2)
            for place, runs in sides[:: 1 if number % 2 else -1]:
                runs[kind].append(_one_snapshot(place, of_ours=runs is ours))
            walls = f"{ours[kind][-1].wall:.2f} s, {plain[kind][-1].wall:.2f} s"
            say(f"snapshot: round {number + 1}, {kind}: {walls}")
        for place, _ in sides:
            place.remove()
    return [
        compared(f"snapshot, {kind} ({tree})", ours[kind], plain[kind], bench.limit(limits[kind]))
        for kind in limits
    ]


def _one_snapshot(place: Place, of_ours: bool) -> Run:
    return place.readiness("snapshot") if of_ours else place.plain("backup", str(place.source))


def memory(bench: Bench) -> list[Row]:
    """Our own peak over a million files; restic's memory is its own affair."""
    tree = bench.scaled(MILLION)
    source = bench.source(tree)
    place = bench.place("place", source)
    taken = place.readiness("snapshot", watch_memory=True)
    say(f"memory: snapshot took {taken.wall:.0f} s")
    shutil.rmtree(source)
    drilled = place.readiness("drill", watch_memory=True)
    say(f"memory: drill took {drilled.wall:.0f} s")
    return [
        memory_row(f"our peak memory, snapshot of {tree.small:,} files", taken, 120_000_000),
        memory_row(f"our peak memory, drill of {tree.small:,} files", drilled, 120_000_000),
    ]


def status(bench: Bench) -> list[Row]:
    """`readiness status --json` over a long ledger against the imports that it cannot do without."""
    records = bench.records(100_000)
    source = bench.source(Tree(small=20, small_bytes=1000))
    place = bench.place("place", source)
    say(f"status: writing {records:,} records")
    fill(place.directory / "state", records)
    imports = [sys.executable, "-c", "import click, sqlite3, json"]
    ours, plain = bench.rounds(
        lambda: place.readiness("status", "--json", accepted=(0, 1, 3, 4)),
        lambda: run(imports),
        repetitions=max(15, bench.repetitions),
    )
    return [compared(f"status --json, {records:,} records", ours, plain, 2.0, by_cpu=True)]


def agent(bench: Bench) -> list[Row]:
    """The idle service, watching two thousand directories."""
    source = bench.work / "source"
    directories(source, 2000)
    place = bench.place("place", source)
    minutes = bench.records(10 * 20) / 20
    return rows(place, minutes * 60, limited=bench.limit(1) is not None)


def watch(bench: Bench) -> list[Row]:
    """The watcher over 100,000 directories, and a burst of 150,000 changes in them."""
    burst = Burst(bench.records(100_000), bench.records(50_000))
    source = bench.work / "source"
    say(f"watch: building {burst.directories:,} directories")
    burst.build(source)
    place = bench.place("place", source)
    place.readiness("snapshot")
    return measured(burst, source, place)


SECTIONS: dict[str, Callable[[Bench], list[Row]]] = {
    "drill": drill,
    "limited": limited,
    "snapshot": snapshot,
    "memory": memory,
    "status": status,
    "watch": watch,
    "agent": agent,
}
