"""One snapshot is taken, judged by what is then there, and recorded whatever comes of it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.model.findings import Finding
from agent.core.model.places import Placed
from agent.core.model.records import ListingRecord, RepositoryRecord
from agent.core.model.repository import TAG, BackupSummary, Stamp, StoredSnapshot, process_tag
from agent.core.model.snapshots import RootIdentity, SnapshotRecord
from agent.core.snapshot.extent import Moved, Scan, VitalPlace
from agent.core.snapshot.held import Neighbour
from agent.core.snapshot.live_databases import Copied
from agent.errors import ResticError
from agent.operations.snapshot.snapshot import take_snapshot
from agent.operations.snapshot.task import SnapshotTask, SnapshotTools
from support.builders.shop import NOW, config, snapshot, wrong
from support.doubles.fake_drill import FakeProgress
from support.doubles.fakes import FakeClock, FakeLedger

ID = "ab" * 32
SCAN = Scan(
    files=1000,
    size=1 << 20,
    allocated=1 << 20,
    entries=1100,
    begun_ns=0,
    witness_sha256="cd" * 32,
    roots=(RootIdentity("/srv/orders", 1, 2, 1000),),
)


class FakeSources:
    """The files are as a test says; `done` keeps what became of the witness."""

    carried = "/state/carried/orders"

    def __init__(self) -> None:
        self.broken: list[Finding] = []
        self.found = SCAN
        self.since = Moved()
        self.done: list[str] = []
        self.waited: list[tuple[tuple[bytes, ...], float]] = []
        self.settles: list[bool] = []  # what comes of waiting, each time
        self.moves: list[Moved] = []  # since each scan; `since` behind these
        self.grown: set[bytes] = set()
        self.neighbours: list[Neighbour] = []
        self.known: dict[bytes, tuple[int, int]] = {}

    def roots(self) -> list[Finding]:
        return self.broken

    def copy_databases(self, known: object) -> tuple[tuple[()], list[Finding]]:
        return (), []

    def scan(self, on_read: object, are_zeros_meant: object) -> Scan:
        self.done.append("scan")
        return self.found

    def copy_found(self, scan: Scan, known: object) -> Copied:
        return Copied()

    def keep(self, scan: Scan, tables: object) -> tuple[int, int]:
        self.done.append("keep")
        return 4, 5000

    def drop(self) -> None:
        self.done.append("drop")

    def moved(self, missed: Collection[str]) -> Moved:
        return self.moves.pop(0) if self.moves else self.since

    def settled(self, places: Sequence[bytes], seconds: float) -> bool:
        self.waited.append((tuple(places), seconds))
        return self.settles.pop(0) if self.settles else False

    def only_grew(self, place: bytes) -> bool:
        return place in self.grown

    def beside(self, place: bytes, wanted: Callable[[str], bool]) -> list[Neighbour]:
        return [each for each in self.neighbours if wanted(each.name)]

    def held_before(self, places: object) -> dict[bytes, tuple[int, int]]:
        return self.known

    def differences(self, changes: object) -> None:
        return None

    def remember(self) -> None:
        self.done.append("remember")

    def place_of(self, url: str, options: Sequence[str]) -> Placed:
        return Placed("same-disk" if url == "/mnt/primary" else "elsewhere")


class FakeBackup:
    def __init__(self, repository: "FakeRepository") -> None:
        self.repository = repository

    def finish(self, on_bytes: object) -> BackupSummary:
        return self.repository.finish()

    def stop(self) -> None:
        self.repository.stopped += 1


class FakeListing:
    def __init__(self, rows: list[StoredSnapshot]) -> None:
        self.rows = rows

    def result(self) -> list[StoredSnapshot]:
        return self.rows

    def unreadable(self) -> tuple[str, ...]:
        return ()

    def denied(self) -> tuple[str, ...]:
        return ()

    def stop(self) -> None:
        pass


class FakeRepository:
    """Takes a snapshot of everything, and lists it."""

    def __init__(self) -> None:
        self.finish: Callable[[], BackupSummary] = lambda: BackupSummary(
            snapshot=ID, files=1004, bytes=(1 << 20) + 5000
        )
        self.listed = [
            StoredSnapshot(
                id=ID,
                time=NOW,
                host="shop",
                paths=("/srv/orders", FakeSources.carried),
                tags=(TAG, process_tag("orders")),
            )
        ]
        self.stopped = 0
        self.asked: list[tuple[str, ...]] = []
        self.without: set[str] = set()  # paths that the snapshot does not hold
        self.state = HELD

    def version(self) -> tuple[int, int, int]:
        return (0, 19, 1)

    def repository_id(self) -> str:
        return "4a5b"

    def held(self, snapshot: str, paths: Sequence[str]) -> dict[str, Stamp]:
        self.asked.append(tuple(paths))
        return {path: self.state for path in paths if path not in self.without}

    def start_backup(self, *_: object) -> FakeBackup:
        return FakeBackup(self)

    def start_listing(self, *_: object) -> FakeListing:
        return FakeListing(self.listed)


class Shop:
    def __init__(self, *records: Any) -> None:
        self.sources = FakeSources()
        self.repository = FakeRepository()
        self.ledger = FakeLedger(*records)

    def take(self, accept: bool = False) -> SnapshotRecord:
        shop = config()
        task = SnapshotTask(
            config=shop,
            process=shop.processes[0],
            repository="primary",
            url="/mnt/primary",
            address="ad.d.ress",
            accept=accept,
        )
        tools = SnapshotTools(
            sources=self.sources,  # type: ignore[arg-type]
            repository=self.repository,  # type: ignore[arg-type]
            ledger=self.ledger,
            clock=FakeClock(NOW),
            progress=FakeProgress(),
        )
        return take_snapshot(task, tools)


def codes(record: SnapshotRecord) -> list[str]:
    return [found.code for found in record.findings]


def test_a_good_snapshot_is_recorded_with_all_that_proves_it_and_remembered() -> None:
    shop = Shop()
    record = shop.take()
    assert (record.outcome, codes(record)) == ("passed", [])
    assert (record.snapshot, record.snapshot_at, record.witness_sha256) == (ID, NOW, "cd" * 32)
    assert (record.files, record.restic, record.repository_id) == (1000, "0.19.1", "4a5b")
    assert (record.same_device, record.place) == (True, "same-disk")
    assert shop.ledger.newest(SnapshotRecord) == [record]
    assert shop.sources.done == ["scan", "keep", "remember"]


def test_the_repository_is_noted_when_it_is_used_for_the_first_time() -> None:
    shop = Shop()
    shop.take()
    shop.take()
    assert shop.ledger.newest(RepositoryRecord, limit=9) == [
        RepositoryRecord(repository="primary", repository_id="4a5b", address="ad.d.ress")
    ]


def test_a_source_that_is_not_there_is_refused_before_anything_is_read() -> None:
    shop = Shop()
    shop.sources.broken = [wrong("source-missing")]
    assert codes(shop.take()) == ["source-missing"]
    assert shop.sources.done == []


def test_an_extent_that_would_lie_is_refused_and_its_witness_dropped() -> None:
    shop = Shop()
    shop.sources.found = replace(SCAN, files=0, empty_roots=("/srv/orders",))
    record = shop.take()
    assert (record.outcome, codes(record), record.snapshot) == ("failed", ["source-empty"], "")
    assert shop.sources.done == ["scan", "drop"]
    assert shop.repository.stopped == 1


def test_less_than_half_of_the_last_good_snapshot_is_refused_unless_it_is_accepted() -> None:
    before = snapshot(files=5000, bytes=1 << 30, snapshot="12" * 32)
    shop = Shop(before)
    refused = shop.take()
    assert (refused.outcome, codes(refused)) == ("failed", ["source-collapsed"])
    accepted = shop.take(accept=True)
    assert (accepted.outcome, accepted.accepted, codes(accepted)) == ("passed", True, [])


def test_what_nobody_was_told_is_not_accepted_but_told() -> None:
    shop = Shop(snapshot(files=5000, bytes=1 << 30, snapshot="12" * 32))
    untold = shop.take(accept=True)
    assert (untold.outcome, untold.accepted, untold.snapshot) == ("failed", False, "")
    assert all(found.message.startswith("Nothing told of this before") for found in untold.findings)
    assert shop.take(accept=True).accepted, "now it was"


def test_what_restic_says_is_not_believed_without_the_listing() -> None:
    shop = Shop()
    shop.repository.listed = []
    record = shop.take()
    assert (record.outcome, record.snapshot) == ("failed", "")
    assert "snapshot-lost" in codes(record)
    assert "remember" not in shop.sources.done


def test_fewer_files_than_the_witness_lists_are_no_good_snapshot() -> None:
    shop = Shop()
    shop.repository.finish = lambda: BackupSummary(snapshot=ID, files=900, bytes=1)
    record = shop.take()
    assert (record.outcome, codes(record), record.snapshot) == ("failed", ["snapshot-incomplete"], ID)


def test_what_moved_while_it_was_read_is_noted_once() -> None:
    shop = Shop()
    shop.sources.found = replace(SCAN, moving=(b"srv/orders/log",))
    shop.sources.since = Moved(paths=(b"srv/orders/log", b"srv/orders/new"))
    record = shop.take()
    assert (record.moving, record.moving_paths) == (2, ("/srv/orders/log", "/srv/orders/new"))


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("repository-missing", "failed"), ("wrong-password", "not_tested"), ("timed-out", "not_tested")],
)
def test_trouble_with_restic_is_bad_only_when_it_says_something_of_the_backups(
    code: str, outcome: str
) -> None:
    shop = Shop()

    def fail() -> BackupSummary:
        raise ResticError("It did not work.", "Mend it.", code)

    shop.repository.finish = fail
    record = shop.take()
    assert codes(record) == [code]
    assert record.outcome == outcome
    assert shop.ledger.newest(SnapshotRecord) == [record]


def test_one_that_was_stopped_is_recorded_as_not_tested_and_stops() -> None:
    shop = Shop()

    def stop() -> BackupSummary:
        raise KeyboardInterrupt

    shop.repository.finish = stop
    with pytest.raises(KeyboardInterrupt):
        shop.take()
    [record] = shop.ledger.newest(SnapshotRecord)
    assert (record.outcome, codes(record)) == ("not_tested", ["interrupted"])
    assert shop.repository.stopped == 1


def test_what_else_is_there_is_noted_behind_the_record() -> None:
    shop = Shop()
    [mine] = shop.repository.listed
    shop.repository.listed = [mine, replace(mine, id="99" * 32)]
    shop.take()
    [noted] = shop.ledger.newest(ListingRecord)
    assert set(noted.snapshots) == {ID, "99" * 32}


# ---- vital files that are being written -----------------------------------------------------

DUMP = b"srv/orders/dump.sql"
PATH = "/srv/orders/dump.sql"
MOVED = Moved(paths=(DUMP,))
HELD = Stamp(7, 9)  # as the snapshot holds a file


def with_a_dump(*records: Any, moves: int = 9) -> Shop:
    """Its vital dump is written while so many snapshots are taken."""
    shop = Shop(*records)
    shop.sources.found = replace(SCAN, vital=(VitalPlace(PATH, DUMP, is_file=True),))
    shop.sources.moves = [MOVED] * moves
    shop.sources.settles = [True] * 9
    return shop


def recorded(shop: Shop) -> list[SnapshotRecord]:
    return shop.ledger.newest(SnapshotRecord, limit=9)


def test_a_vital_file_that_stands_still_costs_no_question() -> None:
    shop = with_a_dump(moves=0)
    assert (codes(shop.take()), shop.repository.asked, shop.sources.waited) == ([], [], [])


def test_a_vital_file_that_moved_is_waited_for_and_the_snapshot_taken_again() -> None:
    shop = with_a_dump(moves=1)
    last = shop.take()
    assert (codes(last), last.vital_moving, last.snapshot) == ([], (), ID)
    assert [each.vital_moving for each in recorded(shop)] == [(), (PATH,)]
    assert shop.sources.waited == [((DUMP,), 60.0)]
    assert shop.sources.done == ["scan", "keep", "remember"] * 2


def test_after_two_more_the_snapshot_is_kept_and_says_that_it_may_hold_half() -> None:
    shop = with_a_dump()
    last = shop.take()
    assert (last.outcome, codes(last), last.vital_moving) == ("passed", ["vital-moving"], (PATH,))
    assert len(recorded(shop)) == 3
    assert "rename it into place" in last.findings[0].hint


def test_what_never_stands_still_is_not_taken_again() -> None:
    shop = with_a_dump()
    shop.sources.settles = [False]
    assert (codes(shop.take()), len(recorded(shop))) == (["vital-moving"], 1)


def test_a_vital_file_that_is_not_in_the_snapshot_is_missing() -> None:
    shop = with_a_dump(moves=1)
    shop.repository.without = {PATH}
    shop.sources.settles = [False]
    last = shop.take()
    assert (last.outcome, codes(last), last.snapshot) == ("failed", ["vital-missing"], ID)
    assert shop.repository.asked == [(PATH,)]


@pytest.mark.parametrize("state", [0, 1])
def test_a_vital_file_that_was_replaced_is_whole_as_it_was_or_as_it_is(state: int) -> None:
    shop = with_a_dump()
    both = [Stamp(5, 5), Stamp(5, 5)]
    both[state] = HELD
    shop.sources.moves = [replace(MOVED, replaced={DUMP: (both[0], both[1])})] * 9
    last = shop.take()
    assert (codes(last), last.vital_moving, last.replaced_paths) == ([], (), (PATH,))
    assert len(recorded(shop)) == 3, "it is saved again all the same, for a drill to compare"


@pytest.mark.parametrize(("moving", "held"), [((DUMP,), Stamp(1, 2)), ((), Stamp(3, 2)), ((), Stamp(1, 3))])
def test_one_that_was_replaced_may_be_half_in_a_third_state_or_where_it_was_being_written_before(
    moving: tuple[bytes, ...], held: Stamp
) -> None:
    shop = with_a_dump()
    shop.sources.found = replace(shop.sources.found, moving=moving)
    shop.sources.moves = [replace(MOVED, replaced={DUMP: (Stamp(1, 2), Stamp(2, 2))})] * 9
    shop.repository.state = held
    last = shop.take()
    assert (codes(last), last.vital_moving, last.replaced_paths) == (["vital-moving"], (PATH,), ())


def test_what_only_grew_on_a_good_snapshot_is_a_log_and_no_dump_in_the_making() -> None:
    grown = with_a_dump(snapshot(bytes=SCAN.size))
    grown.sources.grown = {DUMP}
    assert (codes(grown.take()), grown.sources.waited) == ([], [])
    halved = with_a_dump(snapshot(bytes=SCAN.size, vital_moving=(PATH,)))
    halved.sources.grown = {DUMP}
    assert "vital-moving" in codes(halved.take())


def test_one_refused_while_it_was_taken_again_does_not_take_the_id_of_the_first() -> None:
    shop = with_a_dump(moves=1)
    settled = shop.sources.settled

    def gone(places: Sequence[bytes], seconds: float) -> bool:
        shop.sources.found = replace(SCAN, vital_missing=((PATH, PATH),))
        return settled(places, seconds)

    shop.sources.settled = gone  # type: ignore[method-assign]
    last = shop.take()
    assert (last.outcome, codes(last), last.snapshot) == ("failed", ["vital-missing"], "")
    assert [each.snapshot for each in recorded(shop)] == ["", ID]
