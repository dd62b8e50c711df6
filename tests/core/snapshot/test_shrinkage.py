"""What has become much smaller within weeks is told, however small the steps; what comes and goes is not."""

from msgspec.structs import replace

from agent.core.model.snapshots import DirectoryExtent, RootIdentity, SnapshotRecord
from agent.core.snapshot.extent import Scan
from agent.core.snapshot.shrinkage import NOTED, TOLD, noted_extents, shrinkage
from support.builders.live_files import scan
from support.builders.shop import process, snapshot

ROOT = "/srv/orders"
ORDERS = process("orders", paths=(ROOT,), exclude=("cache",))
KIB = 1024


def now(**directories: int) -> Scan:
    """The files below each directory of orders, a KiB each; two thousand files lie in none of them."""
    extents = {
        f"srv/orders/{name.replace('_', '-')}".encode(): (n, n * KIB) for name, n in directories.items() if n
    }
    total = 2000 + sum(directories.values())
    return scan(
        extents={b"srv/orders": (total, total * KIB), **extents}, roots=(RootIdentity(ROOT, 1, 2, total),)
    )


def past(**directories: int) -> SnapshotRecord:
    return snapshot(directories=noted_extents(now(**directories)))


def told(seen: Scan, *earlier: SnapshotRecord) -> list[str]:
    return [found.message for found in shrinkage(ORDERS, seen, earlier)]


def paths(seen: Scan, *earlier: SnapshotRecord) -> list[str | None]:
    return [found.path for found in shrinkage(ORDERS, seen, earlier)]


def test_steps_that_each_look_harmless_are_told_together() -> None:
    steps = [past(a=number) for number in (1000, 550)]
    assert told(now(a=550), *steps) == []
    assert told(now(a=300), *steps) == [
        "/srv/orders/a holds 300 files of the 1,000 that it had within the last four weeks."
    ]
    assert paths(now(a=72), *steps, past(a=300), past(a=165), past(a=72)) == [f"{ROOT}/a"]


def test_it_is_over_when_the_files_are_back_or_a_person_has_accepted() -> None:
    fell = [past(a=1000), past(a=300)]
    assert told(now(a=900), *fell) == []
    assert told(now(a=300), *fell, replace(past(a=300), accepted=True)) == []


def test_what_comes_and_goes_is_a_habit() -> None:
    spool = [past(a=number) for number in (1000, 40, 900)]
    assert told(now(a=50), *spool) == []
    assert paths(now(a=10), past(a=120), past(a=1000)) == [f"{ROOT}/a"], "having grown is no habit of falling"


def test_a_new_turn_and_another_name_are_no_loss() -> None:
    old = past(day_01=500, day_02=500)
    assert told(now(day_02=500, day_03=3), old) == []
    assert told(now(day_02=500, day_03=490), old, past(day_02=500, day_03=500)) == []
    assert paths(now(day_02=500), old) == [f"{ROOT}/day-01"], "nothing took its place"
    assert told(now(day_02=500, kept=490), old) == []
    assert told(now(day_02=500, kept=490), old, past(day_02=500, kept=490)) == []


def test_a_path_of_the_process_is_judged_when_it_is_small_and_by_its_bytes() -> None:
    def extent(files: int, size: int) -> tuple[Scan, SnapshotRecord]:
        seen = scan(extents={b"srv/orders": (files, size)}, roots=(RootIdentity(ROOT, 1, 2, files),))
        return seen, snapshot(directories=(DirectoryExtent(ROOT, files, size),))

    assert told(extent(7, 0)[0], extent(40, 0)[1], extent(12, 0)[1]) != []
    assert told(extent(2, 0)[0], extent(6, 0)[1]) == []
    assert told(extent(40, 3 << 20)[0], extent(40, 10 << 20)[1]) == [
        "/srv/orders holds 3.0 MiB of the 10.0 MiB that it had within the last four weeks."
    ]


def test_what_is_excluded_or_no_path_any_more_is_not_judged() -> None:
    before = snapshot(
        directories=(DirectoryExtent(f"{ROOT}/cache", 500, 0), DirectoryExtent("/srv/old", 500, 0))
    )
    assert told(now(), before) == []


def test_the_topmost_directory_is_told_and_of_many_some() -> None:
    before = snapshot(
        directories=(DirectoryExtent(f"{ROOT}/a", 500, 0), DirectoryExtent(f"{ROOT}/a/b", 400, 0))
    )
    assert paths(now(a=3), before) == [f"{ROOT}/a"]
    letters = "abcdefgh"
    found = told(now(), past(**dict.fromkeys(letters, 150)))
    assert len(found) == TOLD + 1
    assert found[-1] == f"{len(letters) - TOLD} more directories like this."


def test_records_from_before_directories_were_noted_tell_nothing() -> None:
    assert told(now(a=3), snapshot()) == []


def test_a_record_notes_the_paths_and_the_largest_directories() -> None:
    noted = noted_extents(now(**{f"d{n}": 100 + n for n in range(NOTED)}, small=99))
    assert noted[0].path == ROOT
    assert len(noted) == NOTED
    assert noted[1].files == 100 + NOTED - 1
    assert all(extent.path != f"{ROOT}/small" for extent in noted)
