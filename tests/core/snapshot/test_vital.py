"""Vital files that were being written while the snapshot was taken."""

from msgspec.structs import replace

from agent.core.model.snapshots import HeldExtent, RootIdentity, SnapshotRecord, TableCounts
from agent.core.snapshot.extent import Moved, Scan, VitalPlace
from agent.core.snapshot.vital import (
    is_vital,
    left_out_findings,
    may_have_grown,
    on_the_move,
    vital_findings,
)
from support.builders.shop import process, snapshot

DUMP = VitalPlace("/srv/orders/current.sql", b"srv/orders/7.sql", is_file=True)
MAIL = VitalPlace("/srv/orders/mail", b"srv/orders/mail", is_file=False)
SCAN = Scan(
    files=1, size=1, allocated=1, entries=1, begun_ns=0, witness_sha256="", roots=(), vital=(DUMP, MAIL)
)


def test_a_vital_file_moves_by_the_place_that_links_lead_to() -> None:
    assert on_the_move(SCAN, Moved(), ()) == ()
    assert on_the_move(SCAN, Moved(paths=(DUMP.place,)), ()) == (DUMP,)
    assert on_the_move(replace(SCAN, moving=(DUMP.place,)), Moved(), ()) == (DUMP,)


def test_a_vital_directory_in_which_files_come_and_go_does_not_move_unless_it_was_replaced() -> None:
    assert on_the_move(SCAN, Moved(paths=(MAIL.place,)), ()) == ()
    assert on_the_move(SCAN, Moved(paths=(MAIL.place,), vital_anew=(MAIL.place,)), ()) == (MAIL,)


def test_a_database_with_a_consistent_copy_may_move() -> None:
    copied = TableCounts(DUMP.path, "0-current.sql", {})
    assert on_the_move(SCAN, Moved(paths=(DUMP.place,)), [copied]) == ()


def test_what_moved_is_a_warning_and_what_is_not_in_the_snapshot_an_error() -> None:
    (warning,) = vital_findings(process(), [DUMP], ["/srv/orders/7.sql"])
    assert (warning.code, warning.severity, warning.path) == ("vital-moving", "warning", DUMP.path)
    (error,) = vital_findings(process(), [DUMP], [])
    assert (error.code, error.severity, error.path) == ("vital-missing", "error", DUMP.path)


def test_what_was_half_written_in_the_last_good_snapshot_is_no_log() -> None:
    assert may_have_grown(DUMP.path, snapshot())
    assert not may_have_grown(DUMP.path, snapshot(vital_moving=(DUMP.path,)))
    assert not may_have_grown(DUMP.path, None)


def test_a_file_is_vital_by_its_name_by_its_directory_or_as_a_path_of_the_process() -> None:
    places = (
        VitalPlace("/srv/orders/app.db", b"srv/orders/app.db", is_file=True),
        VitalPlace("/link", b"srv/orders/data", is_file=False),
    )
    alone = RootIdentity("/srv/single.db", 1, 2, 1)
    seen = replace(SCAN, vital=places, roots=(alone,))
    for path in (b"srv/orders/app.db", b"srv/orders/data/deep/o.db", b"srv/single.db"):
        assert is_vital(seen, path)
    for path in (b"srv/orders/app.db-old", b"srv/orders/database/o.db", b"srv/orders/o.db"):
        assert not is_vital(seen, path)


def left_out(kept: int, out: int, good: SnapshotRecord | None = None) -> list[str]:
    vital = replace(MAIL, left_out=out)
    seen = replace(SCAN, vital=(DUMP, vital), extents={MAIL.place: (1, kept)})
    return [each.severity for each in left_out_findings(process(), seen, good)]


def test_excludes_that_leave_nothing_of_a_vital_directory_are_an_error() -> None:
    assert left_out(0, 1) == ["error"]
    assert left_out(0, 0) == [], "it is rightly empty"
    assert left_out_findings(process(), SCAN, None) == []


def test_excludes_that_leave_hardly_anything_are_a_warning_until_that_is_accepted() -> None:
    assert left_out(1000, 9000) == ["warning"]
    assert left_out(1001, 9000) == []
    assert left_out(10, 4095) == [], "what is tiny says nothing"
    accepted = snapshot(held=(HeldExtent(MAIL.path, 1, 1000, is_file=False, thin=True),))
    assert left_out(1000, 9000, accepted) == []
