"""What was rotated away is found by name and content, and by nothing else."""

import pytest

from agent.core.kinds.rotations import Turn, Turns, aged_out, is_turn, still_there, turned_into

LOG = b"srv/orders/orders.log"
NEW, OLD = 900, 100


@pytest.mark.parametrize(
    "name",
    [
        "orders.log.1",
        "orders.log-20261130",
        "orders.log.old",
        "orders-20261130.log",
        "orders.1.log",
        "orders.log.1.old",
        "orders.log~",
        "orders.log.mon",
        "orders.log-2026-11-30T02:00",
        "orders.log1",
    ],
)
def test_a_number_a_date_or_a_word_makes_a_turn(name: str) -> None:
    assert is_turn("orders.log", name)
    assert is_turn("orders.log", f"{name}.gz")


@pytest.mark.parametrize(
    "name",
    [
        "orders.log",
        "orders.db",
        "other.log.1",
        "orders",
        "orders-copy.log",
        "orders.log.err",
        "orders.log-import-manual.pdf",
        "orders.log.1.pdf",
        "orders-1-import.log",
        "orders.log.lock",
    ],
)
def test_other_names_are_no_turn(name: str) -> None:
    assert not is_turn("orders.log", name)


def test_what_is_packed_by_itself_has_turns_too() -> None:
    assert is_turn("db.sql.gz", "db.sql.gz.1") and is_turn("db.sql.gz", "db.sql-20261130.gz")
    assert is_turn("orders.log", "orders.log.gz")


def turn(name: str, holds: bool | None = None, size: int = 100_000, changed: int = NEW) -> Turn:
    return Turn(f"srv/orders/{name}".encode(), size, changed, lambda: holds)


def into(*turns: Turn, before: tuple[str, ...] = ()) -> bytes:
    known = frozenset(f"srv/orders/{name}".encode() for name in before)
    found = turned_into(LOG, 100_000, Turns(turns, known), 500)
    return found.place.rpartition(b"/")[2] if found else b""


def test_a_new_turn_that_holds_it_is_found_wherever_it_lies() -> None:
    assert into(turn("orders.log.1", True)) == b"orders.log.1"
    assert into(turn("orders.log.1", False), turn("old/orders.log.2", True)) == b"orders.log.2"
    assert into(turn("orders.log.1", True, changed=OLD)) == b"", "it was there before"


def test_where_nobody_can_tell_its_size_decides_beside_it_alone() -> None:
    assert into(turn("orders.log.1")) == b"orders.log.1"
    assert into(turn("orders.log.1", size=99_999)) == b""
    assert into(turn("orders.log.1.zst", size=900)) == b"orders.log.1.zst"
    assert into(turn("orders.log.1.zst", size=90)) == b"", "a packed nothing"
    assert into(turn("old/orders.log.1")) == b""


def test_other_content_is_no_turn_unless_files_are_rotated_there_as_a_habit() -> None:
    other = turn("orders.log.1", False)
    assert into(other) == into(other, before=("orders.log.bak",)) == b""
    assert into(other, before=("orders.log.2",)) == b"orders.log.1", "two turns since, the older one aged out"
    assert into(turn("orders.log.1", False, 9), before=("orders.log.2",)) == b""


def test_what_was_rotated_away_is_still_there_by_place_or_content() -> None:
    def there(*turns: Turn, size: int = 100_000) -> bool:
        return still_there(LOG + b".1", size, Turns(turns)) is not None

    assert there(turn("orders.log.1", True, changed=OLD))
    assert there(turn("orders.log.1", False), turn("orders.log.2.gz", True, 900))
    assert there(turn("orders.log.2.zst", None, 900))
    assert not there(turn("orders.log.1", False))
    assert not there(turn("orders.log.1", None, 9))
    assert not there()


def test_the_oldest_ages_out_when_as_many_are_left() -> None:
    before = frozenset({LOG + b".1", LOG + b".2"})
    assert aged_out(Turns((turn("orders.log.1"), turn("orders.log.2")), before))
    assert not aged_out(Turns((turn("orders.log.1"),), before))
    assert not aged_out(Turns((turn("orders.log.1"),), frozenset({LOG + b".1"}))), "the only one was replaced"
