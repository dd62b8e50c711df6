"""What was compared of content, counted in files and bytes; what stood in the way, by name."""

import pytest

from agent.core.drill import content as module
from agent.core.drill.content import ContentTally, vital_compared
from agent.core.model.drills import Uncompared

DUMP, MAIL = b"srv/dump.sql", b"srv/mail"


def tally(*vital: bytes) -> ContentTally:
    found = ContentTally(vital)
    for path in vital:
        found.meet(path)
    return found


def test_what_was_compared_left_and_lost_is_counted_in_bytes() -> None:
    found = tally()
    found.compared(b"srv/a", 70)
    found.left(b"srv/log", 20, "moving")
    found.lost(b"srv/b", 10)
    record = found.summary(100, behind="srv")
    assert (record.files, record.bytes, record.of_files, record.of_bytes) == (1, 70, 3, 100)
    assert (record.uncompared_files, record.uncompared_bytes) == (1, 20)
    assert record.uncompared == (Uncompared("/srv/log", 20, "moving"),)
    assert record.behind == "srv"


def test_only_names_and_empty_files_leave_nothing_to_be_compared() -> None:
    found = tally()
    found.compared(b"srv/empty", 0)
    assert not found.nothing
    found.left(b"srv/log", 1, "moving")
    assert found.nothing


def test_vital_ones_and_the_largest_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTED", 3)
    found = tally(DUMP)
    for size in (5, 9, 7):
        found.left(b"srv/%d" % size, size, "moving")
    found.left(DUMP, 1, "zeros")
    assert [each.path for each in found.uncompared()] == ["/srv/dump.sql", "/srv/9", "/srv/7"]


def test_compared_files_are_named_when_they_are_a_notable_part_of_all() -> None:
    found = tally()
    found.compared(b"srv/big", 1000)
    found.compared(b"srv/just", 5)
    found.compared(b"srv/small", 4)
    assert found.summary(1000).large == ("/srv/big", "/srv/just")
    assert tally().summary(0).large == ()


def test_of_very_many_large_files_the_largest_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 2)
    found = tally()
    for size in (30, 50, 40):
        found.compared(b"srv/%d" % size, size)
    assert found.summary(120).large == ("/srv/50", "/srv/40")


def test_a_copy_of_a_live_database_stands_for_it_and_what_lies_beside() -> None:
    found = tally(b"srv/o.db")
    for name, size in ((b"srv/o.db", 50), (b"srv/o.db-wal", 30), (b"srv/o.db-shm", 5), (b"srv/o.db.old", 1)):
        found.left(name, size, "moving")
    found.stands_for(b"srv/o.db", 60)
    record = found.summary(86)
    assert (record.bytes, record.of_bytes, record.uncompared_bytes) == (60, 61, 1)
    assert [each.path for each in record.uncompared] == ["/srv/o.db.old"]
    assert found.is_compared(b"srv/o.db")


def test_a_vital_file_is_compared_whole_or_not_at_all() -> None:
    found = tally(DUMP)
    found.compared(DUMP, 5)
    places = {"/srv/dump.sql": DUMP}
    assert vital_compared(found, places, ()) == (("/srv/dump.sql",), ())
    assert vital_compared(found, places, ("/srv/dump.sql",)) == ((), ("/srv/dump.sql",)), "it still grew"
    moved = tally(DUMP)
    moved.left(DUMP, 0, "moving")
    assert vital_compared(moved, places, ()) == ((), ("/srv/dump.sql",))


def test_a_vital_path_that_was_not_met_was_not_compared() -> None:
    assert not ContentTally([DUMP]).is_compared(DUMP)


@pytest.mark.parametrize(("moving", "good"), [(2, True), (3, False)])
def test_in_a_vital_directory_a_small_share_may_be_on_the_move(moving: int, good: bool) -> None:
    found = tally(MAIL)
    found.compared(MAIL + b"/1", 100 - moving)
    found.compared(b"srv/mailing-list", 1000)
    found.left(MAIL + b"/2", moving, "moving")
    assert found.is_compared(MAIL) is good


def test_when_not_all_that_was_left_is_named_no_vital_path_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    found = tally(MAIL)
    found.compared(MAIL + b"/1", 1000)
    found.left(b"srv/1", 1, "moving")
    assert found.is_compared(MAIL)
    found.left(b"srv/2", 1, "moving")
    assert not found.is_compared(MAIL)
