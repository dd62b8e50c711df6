"""A scan, held against what was there before: what is asked of the sources, and what is noted."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec.structs import replace

from agent.core.configuration.config import SqliteProof
from agent.core.evidence.acceptance import Told
from agent.core.kinds.rotations import Turn, Turns
from agent.core.model.snapshots import DumpNote, HeldExtent, RootIdentity, SnapshotRecord, TableCounts
from agent.core.snapshot.extent import Scan, VitalPlace
from agent.core.snapshot.held import Neighbour, held_now
from agent.core.snapshot.shrinkage import Names
from agent.operations.snapshot.acceptance import Acceptance
from agent.operations.snapshot.held import Held, with_lost_dumps
from support.builders.live_files import scan
from support.builders.shop import ago, process, snapshot

ORDERS = process("orders", paths=("/srv/orders",))
LOG, PATH = b"srv/orders/orders.log", "/srv/orders/orders.log"
NOW_NS = 1 << 62  # later than any record


class Sources:
    def __init__(self, *neighbours: Neighbour, **known: tuple[int, int]) -> None:
        self.neighbours = neighbours
        self.known = {f"srv/orders/{name}".encode(): held for name, held in known.items()}
        self.asked: list[bytes] = []
        self.names_gone = False
        self.holds: Callable[[], bool | None] = lambda: None
        self.blanks: frozenset[bytes] = frozenset()

    def beside(self, place: bytes, wanted: Callable[[str], bool]) -> list[Neighbour]:
        return [each for each in self.neighbours if wanted(each.name)]

    def held_before(self, places: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
        self.asked += places
        return {place: self.known.get(place, (0, 0)) for place in places}

    def blank(self, places: Collection[bytes]) -> frozenset[bytes]:
        self.asked += places
        return self.blanks & frozenset(places)

    def turns(self, was: bytes, wanted: Callable[[str], bool]) -> Turns:
        named = [each for each in self.neighbours if wanted(each.name)]
        place = b"srv/orders/"
        found = (Turn(place + each.name.encode(), each.size, each.changed_ns, self.holds) for each in named)
        return Turns(tuple(found))

    def still_named(self, places: Mapping[bytes, bool]) -> dict[bytes, Names]:
        return {place: Names(*self.known.get(place, (0, 0)), 0, 0) for place in places if self.names_gone}


def seen(size: int, **changes: Any) -> Scan:
    usual = scan(
        vital=(VitalPlace(PATH, LOG, is_file=True, size=size),), extents={b"srv/orders": (100, 10 << 20)}
    )
    return replace(usual, **changes)


def past(size: int, **changes: Any) -> SnapshotRecord:
    was = seen(size)
    return snapshot(
        files=was.files, bytes=was.size, roots=was.roots, held=tuple(held_now(was).values()), **changes
    )


class Earlier:
    def __init__(self, *records: SnapshotRecord) -> None:
        self.of_weeks = list(records)

    def newest(self) -> SnapshotRecord | None:
        return self.of_weeks[-1] if self.of_weeks else None


def held(now: Scan, good: SnapshotRecord | None, sources: Sources, *later: SnapshotRecord) -> Held:
    past = Earlier(*([good] if good else []), *later)
    return Held(ORDERS, now, good, past, sources)  # type: ignore[arg-type]


def refused(now: Scan, good: SnapshotRecord | None, sources: Sources | None = None) -> list[str]:
    return [found.code for found in held(now, good, sources or Sources()).refusals()]


def warned(now: Scan, good: SnapshotRecord, *neighbours: Neighbour, moved: tuple[str, ...] = ()) -> list[str]:
    found = held(now, good, Sources(*neighbours)).findings((), set(moved))
    return [each.code for each in found]


def test_what_is_as_it_was_costs_no_question() -> None:
    sources = Sources()
    assert refused(seen(500), past(500), sources) == []
    assert sources.asked == []


def test_an_emptied_file_is_refused_unless_it_was_rotated_away() -> None:
    turn = Neighbour("orders.log.1", 500, NOW_NS)
    assert refused(seen(0), past(500)) == ["vital-missing"]
    assert refused(seen(0), past(500), Sources(turn)) == []
    assert refused(seen(0), None) == []


def test_of_a_database_that_a_proof_names_its_copy_tells() -> None:
    proofs = (SqliteProof(name="whole", sqlite=PATH),)
    ask: Any = (replace(ORDERS, proofs=proofs), seen(0), past(500), Earlier(), Sources())
    look = Held(*ask)
    assert look.refusals() == []


def test_a_record_that_does_not_tell_is_made_up_for_by_the_last_witness() -> None:
    good = replace(past(500), held=())
    assert refused(seen(0), good, Sources(**{"orders.log": (1, 500)})) == ["vital-missing"]
    assert refused(seen(0), good, Sources()) == []


def test_a_file_of_white_space_alone_is_empty_where_it_held_more() -> None:
    sources = Sources()
    assert refused(seen(1), past(500), sources) == [] and sources.asked == [LOG]
    sources.blanks = frozenset({LOG})
    assert refused(seen(1), past(500), sources) == ["vital-missing"]
    assert refused(seen(1), past(1), sources) == []
    noted = held(seen(1), None, sources).noted((), accepted=True)
    assert [each.bytes for each in noted if each.path == PATH] == [0]


def test_a_new_mount_is_held_against_what_lay_there() -> None:
    mount = RootIdentity("/srv/orders/disk", 7, 2)
    sources = Sources(disk=(30, 900))
    assert refused(seen(500, mounts=(mount,)), past(500), sources) == ["source-empty"]
    assert sources.asked == [b"srv/orders/disk"]
    assert refused(seen(500, mounts=(mount,)), past(500, mounts=(mount,)), sources) == []


def test_another_file_system_with_as_many_other_files_is_told_by_their_names() -> None:
    root = RootIdentity("/srv/orders", 8, 3, 100)
    sources = Sources()
    sources.known = {b"srv/orders": (30, 900)}
    assert refused(seen(500, roots=(root,)), past(500), sources) == []
    sources.names_gone = True
    assert refused(seen(500, roots=(root,)), past(500), sources) == ["source-collapsed"]
    assert refused(seen(500), past(500), sources) == []


def test_a_file_of_which_hardly_anything_is_left_is_told_unless_it_moves_or_was_rotated() -> None:
    now, good = seen(10), past(60_000)
    assert warned(now, good) == ["source-shrunk"]
    assert warned(now, good, moved=(PATH,)) == []
    assert warned(now, good, Neighbour("orders.log.1", 60_000, NOW_NS)) == []


def test_what_was_rotated_away_is_noted_so_that_it_is_no_measure_any_more() -> None:
    def noted(size: int, *neighbours: Neighbour) -> dict[str, bool]:
        look = held(seen(size), past(60_000), Sources(*neighbours))
        look.refusals()
        return {each.path: each.anew for each in look.noted((), accepted=False)}

    turn = Neighbour("orders.log.1.gz", 600, NOW_NS)
    assert noted(60_000) == {"/srv/orders": False, PATH: False}
    assert [noted(size, turn)[PATH] for size in (0, 10)] == [True, True]
    assert not noted(10)[PATH]


def test_what_was_rotated_away_has_to_stay_until_the_file_has_content_again() -> None:
    turn = Neighbour("orders.log.1", 60_000, 1)
    aside = HeldExtent(PATH, 1, 0, is_file=True, anew=True, aside=f"{PATH}.1", aside_bytes=60_000)
    good = replace(past(0), held=(aside,))

    def look(size: int, *neighbours: Neighbour) -> tuple[list[str], str, list[str]]:
        sources = Sources(*neighbours)
        found = held(seen(size), good, sources)
        codes = [each.code for each in found.refusals()]
        noted = [each.aside for each in found.noted((), accepted=False) if each.path == PATH]
        return codes, noted[0], [each.code for each in found.findings((), set())]

    assert look(0, turn) == ([], f"{PATH}.1", [])
    assert look(0, replace(turn, name="orders.log.2.zst", size=900)) == ([], f"{PATH}.2.zst", [])
    assert look(0) == (["vital-missing"], f"{PATH}.1", [])
    assert look(9) == ([], f"{PATH}.1", ["source-shrunk"])
    assert look(6000) == ([], "", [])


def test_what_was_rotated_away_by_the_snapshot_in_another_repository_is_no_loss_in_this_one() -> None:
    aside = HeldExtent(PATH, 1, 0, is_file=True, anew=True, aside=f"{PATH}.1", aside_bytes=60_000)
    sources = Sources(Neighbour("orders.log.1", 60_000, 1))
    look = held(seen(0), past(60_000), sources, replace(past(0), held=(aside,)))
    assert look.refusals() == []
    assert [each.anew for each in look.noted((), accepted=False) if each.path == PATH] == [True]


def test_a_database_that_was_packed_is_noted_likewise() -> None:
    rows = (TableCounts(PATH, "a", {"orders": 9}),)
    look = held(seen(10), past(60_000, tables=rows), Sources())
    assert look.findings(rows, set()) == []
    assert look.noted(rows, accepted=False)[-1].anew


def test_excludes_that_leave_little_are_noted_once_a_person_accepts_that() -> None:
    mail = VitalPlace("/srv/orders/mail", b"srv/orders/mail", is_file=False, left_out=90_000)
    now = seen(1, vital=(mail,), extents={b"srv/orders": (9, 9), mail.place: (1, 10)})
    assert warned(now, past(1)) == ["vital-excluded"]
    [accepted] = [
        each for each in held(now, None, Sources()).noted((), accepted=True) if each.path == mail.path
    ]
    good = snapshot(held=(accepted,))
    assert accepted.thin and warned(now, good) == []
    assert [each.thin for each in held(now, good, Sources()).noted((), accepted=False)] == [False, True]
    nothing = replace(now, extents={b"srv/orders": (9, 9)})
    assert "vital-excluded" in refused(nothing, good)


def test_files_that_were_emptied_just_now_are_named_to_be_waited_for() -> None:
    just_now = Neighbour("orders.log", 0, NOW_NS)
    assert [one.path for one in held(seen(0), past(500), Sources(just_now)).young()] == [PATH]
    assert held(seen(0), past(500), Sources(replace(just_now, changed_ns=1))).young() == ()
    assert held(seen(500), past(500), Sources(just_now)).young() == ()


def test_a_dump_that_is_none_any_more_is_one_that_is_cut() -> None:
    good = snapshot(dumps=(DumpNote("/srv/orders/a.sql", 9000, ago(5)),))
    broken = Sources(Neighbour("a.sql", 40, 1))
    found = with_lost_dumps(ORDERS, scan(), good, [], broken, Acceptance(None))  # type: ignore[arg-type]
    assert [(dump.path, dump.is_cut) for dump in found.dumps] == [(b"srv/orders/a.sql", True)]
    told = Acceptance(Told(frozenset({("dump-cut", "/srv/orders/a.sql")})))
    assert with_lost_dumps(ORDERS, scan(), good, [], broken, told) == scan()  # type: ignore[arg-type]
    assert with_lost_dumps(ORDERS, scan(), good, [], Sources(), Acceptance(None)) == scan()  # type: ignore[arg-type]
