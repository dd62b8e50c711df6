"""What was emptied is told; what was rotated away, comes and goes, or was never there is not."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import NewestFileProof
from agent.core.kinds.kinds import Dump
from agent.core.model.snapshots import DumpNote, HeldExtent, RootIdentity, SnapshotRecord, TableCounts
from agent.core.snapshot.extent import Scan, VitalPlace
from agent.core.snapshot.held import (
    LEAST,
    MOST_BLANK,
    Neighbour,
    emptied,
    emptied_findings,
    hardly_left,
    has_its_rows,
    held_now,
    lost_dumps,
    may_be_blank,
    places_to_ask_for,
    shrunk_findings,
    was_aside,
    without_blank,
)
from support.builders.live_files import scan
from support.builders.shop import ago, process, snapshot

ROOT = "/srv/orders"
ORDERS = process("orders", paths=(ROOT,))
BOOK, MAIL = f"{ROOT}/book.dat", f"{ROOT}/mail"
AT_BOOK, AT_MAIL, AT_ROOT = b"srv/orders/book.dat", b"srv/orders/mail", b"srv/orders"


def now(book: int | None = None, mail: tuple[int, int] | None = None, more: int = 10_000) -> Scan:
    """The vital file and the vital directory hold so much, and `more` bytes lie beside them."""
    vital = []
    extents = {AT_ROOT: (3, more + (book or 0))}
    if book is not None:
        vital.append(VitalPlace(BOOK, AT_BOOK, is_file=True, size=book))
    if mail is not None:
        vital.append(VitalPlace(MAIL, AT_MAIL, is_file=False))
        extents[AT_MAIL] = mail
    return scan(vital=tuple(vital), extents=extents, roots=(RootIdentity(ROOT, 1, 2, 3, 3, more),))


def record(seen: Scan, **changes: Any) -> SnapshotRecord:
    return snapshot(held=tuple(held_now(seen).values()), **changes)


def gone(seen: Scan, good: SnapshotRecord | None, *earlier: SnapshotRecord) -> set[bytes]:
    return set(emptied(seen, good, earlier, {}))


def test_a_file_a_directory_and_a_path_that_held_content_and_hold_none_are_told() -> None:
    good = record(now(500, (30, 900)))
    assert gone(now(500, (30, 900)), good) == set()
    assert gone(now(0, (30, 900)), good) == {AT_BOOK}
    assert gone(now(500, (1, 0)), good) == {AT_MAIL}
    assert gone(now(None, None, more=0), good) == {AT_ROOT}


def test_a_path_that_is_a_file_is_judged_as_one() -> None:
    def single(size: int) -> Scan:
        return scan(extents={}, roots=(RootIdentity("/srv/list", 1, 2, 1, 1, size),))

    assert held_now(single(7)) == {b"srv/list": HeldExtent("/srv/list", 1, 7, is_file=True)}
    assert gone(single(0), record(single(7))) == {b"srv/list"}


def test_what_is_no_file_any_more_is_told_even_when_something_lies_in_it() -> None:
    good = record(now(500))
    directory = now(None)
    made = (VitalPlace(BOOK, AT_BOOK, is_file=False),)
    assert gone(replace(directory, vital=made), good) == {AT_BOOK}
    filled = {**directory.extents, AT_BOOK: (1, 9)}
    assert gone(replace(directory, vital=made, extents=filled), good) == {AT_BOOK}
    moved_in = {**directory.extents, AT_BOOK: (1, 499)}
    assert gone(replace(directory, vital=made, extents=moved_in), good) == set()


def test_what_held_nothing_before_or_was_never_looked_at_is_not_told() -> None:
    assert gone(now(0, (0, 0)), record(now(0, (0, 0)))) == set()
    assert gone(now(0), None) == set(), "an accepted one, or the first"
    assert gone(now(0), record(now())) == set(), "it became vital since"


def test_of_what_no_record_tells_the_last_witness_is_asked() -> None:
    old = snapshot()
    assert places_to_ask_for(now(0, (0, 0)), old) == [AT_BOOK, AT_MAIL]
    assert places_to_ask_for(now(0), record(now(0))) == []
    assert places_to_ask_for(now(0), None) == []
    assert set(emptied(now(0, (0, 0)), old, [], {AT_BOOK: (1, 500), AT_MAIL: (0, 0)})) == {AT_BOOK}


def test_what_was_emptied_and_filled_before_may_be_empty() -> None:
    full, empty = record(now(500, (9, 900))), record(now(0, (0, 0)), accepted=True)
    assert gone(now(0, (0, 0)), full, full, empty, full) == set()
    assert gone(now(0, (0, 0)), full, empty, full) == {AT_BOOK, AT_MAIL}, "it was filled for the first time"


def test_that_a_file_is_rotated_makes_it_no_habit_to_be_empty() -> None:
    full, rotated = record(now(500)), snapshot(held=(HeldExtent(BOOK, 1, 0, True, anew=True),))
    still = snapshot(held=(HeldExtent(BOOK, 1, 0, True, aside=f"{BOOK}.1"),))
    assert gone(now(0), full, full, rotated, still, full, rotated, full) == {AT_BOOK}
    assert left(now(0), full, rotated, still, full, rotated, full) == {AT_BOOK}


def test_a_file_that_a_person_accepted_as_empty_is_told_once_more_and_a_habit_then() -> None:
    full, accepted, empty = record(now(500)), record(now(0), accepted=True), record(now(0))
    assert left(now(0), full, accepted) == set()
    assert left(now(0), full, accepted, full) == {AT_BOOK}, "it may have been accepted by mistake"
    assert left(now(0), full, accepted, full, empty) == {AT_BOOK}
    assert left(now(0), full, accepted, full, empty, full) == set()
    assert left(now(0), full, accepted, full, accepted, full) == set(), "accepted each time"
    assert left(now(0), empty, full, empty, full) == set()


def test_the_findings_name_what_was_there() -> None:
    seen = now(0, (0, 0), more=0)
    found = emptied_findings(ORDERS, seen, emptied(seen, record(now(500, (2, 900))), [], {}), set())
    assert [(each.code, each.severity, each.path) for each in found] == [
        ("source-empty", "error", ROOT),
        ("vital-missing", "error", BOOK),
        ("vital-missing", "error", MAIL),
    ]
    assert found[1].message == (
        f"{BOOK} is vital, and is no file with content any more; in the last good snapshot it held 500 B."
    )
    assert "--accept orders" in found[2].hint
    assert emptied_findings(ORDERS, seen, {AT_MAIL: HeldExtent(MAIL, 2, 9, is_file=False)}, {ROOT}) == []


# ---- rotation


def test_what_was_rotated_away_is_asked_for_as_long_as_its_rotation_is_known() -> None:
    rotated = snapshot(held=(HeldExtent(BOOK, 1, 0, is_file=True, anew=True, aside=f"{BOOK}.1"),))
    later = snapshot(held=(HeldExtent(BOOK, 1, 0, is_file=True, aside=f"{BOOK}.1"),))
    assert was_aside(now(0), rotated, [rotated]) == {AT_BOOK: rotated.held[0]}
    assert was_aside(now(0), later, [rotated, later]) == {AT_BOOK: later.held[0]}
    assert was_aside(now(0), later, [later]) == {}, "more than four weeks ago"
    assert was_aside(now(None), rotated, [rotated]) == {}
    assert was_aside(now(0), record(now(0)), [rotated]) == {}


def test_that_what_was_rotated_away_is_gone_is_told_with_its_name() -> None:
    lost = HeldExtent(BOOK, 1, 500, is_file=True, aside=f"{BOOK}.1")
    [told] = emptied_findings(ORDERS, now(0), {AT_BOOK: lost}, ())
    assert told.code == "vital-missing"
    assert f"to {BOOK}.1, which is not there any more, nor what it held: 500 B" in told.message


# ---- hardly anything left


def left(seen: Scan, *earlier: SnapshotRecord, judged: tuple[str, ...] = ()) -> set[bytes]:
    return {each.place for each in hardly_left(seen, earlier, judged)}


def test_below_a_tenth_of_the_most_hardly_anything_is_left() -> None:
    past = [record(now(60_000)), record(now(50_000))]
    assert left(now(5_999), *past) == {AT_BOOK}
    assert left(now(6_000), *past) == set()
    assert left(now(400), record(now(LEAST - 1))) == set()
    assert left(now(400), record(now(LEAST))) == {AT_BOOK}


def test_of_something_small_next_to_nothing_is_left_below_a_hundredth() -> None:
    assert left(now(10), record(now(1024))) == {AT_BOOK}
    assert left(now(11), record(now(1024))) == left(now(1), record(now(1023))) == set()
    assert left(now(None, (9, 10)), record(now(None, (9, 1024)))) == set(), "a directory of small files"


def test_a_file_that_is_blank_holds_nothing() -> None:
    seen = now(3, more=5)
    assert may_be_blank(seen, record(now(3))) == may_be_blank(seen, record(now())) == []
    assert may_be_blank(seen, record(now(4))) == may_be_blank(seen, None) == [AT_BOOK]
    assert may_be_blank(now(MOST_BLANK + 1), record(now(9 * MOST_BLANK))) == []
    assert without_blank(seen, ()) is seen
    assert held_now(without_blank(seen, {AT_BOOK}))[AT_BOOK].bytes == 0
    alone = scan(roots=(RootIdentity("/srv/list", 1, 2, 1, 1, 7),))
    assert held_now(without_blank(alone, {b"srv/list"}))[b"srv/list"].bytes == 0


def test_it_is_over_when_accepted_rotated_or_judged_by_more_than_its_size() -> None:
    past = record(now(60_000))
    assert left(now(10), past, record(now(10), accepted=True)) == set()
    anew = snapshot(held=(HeldExtent(BOOK, 1, 10, is_file=True, anew=True),))
    assert left(now(10), past, anew) == set()
    assert left(now(10), past, record(now(10))) == {AT_BOOK}, "a second snapshot makes it no habit"
    assert left(now(10), past, judged=(BOOK,)) == set()
    assert left(now(10), past, record(now(10)), record(now(60_000))) == set(), "it comes and goes"


def test_a_vital_directory_is_judged_by_its_files_too_and_another_one_not_at_all() -> None:
    past = record(now(None, (30, 900)))
    assert left(now(None, (14, 900)), past) == {AT_MAIL}
    assert left(now(None, (15, 900)), past) == set()
    assert left(now(None, (1, 10)), record(now(None, (1, 90_000)))) == {AT_MAIL}
    assert left(now(more=1), record(now(more=90_000))) == set()


def test_the_warning_tells_what_is_left() -> None:
    (found,) = shrunk_findings(ORDERS, hardly_left(now(2), [record(now(500_000))], ()))
    assert (found.code, found.severity, found.path) == ("source-shrunk", "warning", BOOK)
    assert found.message == f"{BOOK} holds 2 B; within four weeks it held 488.3 KiB."


def test_a_database_that_was_packed_has_its_rows() -> None:
    def rows(number: int) -> list[TableCounts]:
        return [TableCounts("/srv/a.db", "a", {"orders": number})]

    good = snapshot(tables=tuple(rows(100)))
    assert has_its_rows("/srv/a.db", rows(50), good)
    assert not has_its_rows("/srv/a.db", rows(49), good)
    assert not has_its_rows("/srv/a.db", rows(50), snapshot())
    assert not has_its_rows("/srv/a.db", rows(50), None)
    assert not has_its_rows("/srv/b.db", rows(50), good)


# ---- dumps that are none any more

NOTE = DumpNote(f"{ROOT}/db-20261129.sql", 9000, ago(5))


def lost(*files: Neighbour, dumps: tuple[str, ...] = (), proof: str = "", **changes: Any) -> list[bytes]:
    def beside(place: bytes, wanted: Callable[[str], bool]) -> list[Neighbour]:
        assert place.startswith(b"srv/orders/")
        return [each for each in files if wanted(each.name)]

    proofs = (NewestFileProof(name="recent", path=proof, max_age=1),) if proof else ()
    seen = scan(dumps=tuple(Dump(f"srv/orders/{name}".encode(), 9, 1) for name in dumps))
    asked = process("orders", paths=(ROOT,), proofs=proofs, **changes)
    found = lost_dumps(asked, seen, snapshot(dumps=(NOTE,)), beside)
    assert all(each.is_cut for each in found)
    return [each.path for each in found]


def file(name: str, hours: float) -> Neighbour:
    return Neighbour(name, 40, 1, int(ago(hours).timestamp() * 1e9))


def test_a_file_that_was_a_dump_and_is_none_any_more_is_lost() -> None:
    assert lost(file("db-20261129.sql", 1)) == [b"srv/orders/db-20261129.sql"]
    assert lost(file("db-20261129.sql", 1), dumps=("db-20261129.sql",)) == []
    assert lost() == [], "it was removed"
    assert lost_dumps(ORDERS, scan(), None, lambda place, wanted: []) == ()


@pytest.mark.parametrize("proof", [f"{ROOT}/db-*.sql", ROOT])
def test_the_next_generation_has_to_be_a_dump_where_a_proof_looks_at_it(proof: str) -> None:
    here = file("db-20261129.sql", 5)
    assert lost(here, file("db-20261130.sql", 1), dumps=("db-20261129.sql",), proof=proof) == [
        b"srv/orders/db-20261130.sql"
    ]
    assert lost(here, file("db-20261130.sql", 6), dumps=("db-20261129.sql",), proof=proof) == [], (
        "an older one"
    )
    assert (
        lost(here, file("db-20261130.sql", 1), dumps=("db-20261129.sql", "db-20261130.sql"), proof=proof)
        == []
    )
    assert lost(here, file("db-20261130.sql", 1), dumps=("db-20261129.sql",)) == [], (
        "a script, for all that we know"
    )
    assert (
        lost(
            here,
            file("db-20261130.sql", 1),
            dumps=("db-20261129.sql",),
            proof=proof,
            exclude=("db-20261130.sql",),
        )
        == []
    )
