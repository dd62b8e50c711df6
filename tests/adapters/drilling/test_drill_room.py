"""The private room of one drill: the witness that is trusted, what is carried, and what is listed as lost."""

import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.drilling.drill_room import Room, drill_room
from agent.adapters.sources.sources import ProcessSources
from agent.core.drill.content import vital_compared
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.model.snapshots import TableCounts
from support.builders.databases import make_orders
from support.builders.shop import process

ANOTHER = json.dumps({"schema": "another/1", "witness_sha256": "ab", "begun_ns": 5}).encode()


class Shop:
    """Orders with a database, and what a snapshot of them carries."""

    def __init__(self, base: Path) -> None:
        self.source, self.state = base / "srv", base / "state"
        self.database = make_orders(self.source / "orders.db", rows=3)
        (self.source / "letter").write_text("dear customer")
        orders = process("orders", paths=(str(self.source),), proofs=())
        with closing(ProcessSources(orders, str(self.state), "shop")) as sources:
            scan = sources.scan(lambda *_: None, False)
            sources.keep(scan, ())
        self.carried = Path(sources.carried)
        self.sha256 = scan.witness_sha256


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def room(tmp_path: Path, shop: Shop) -> Iterator[Room]:
    with drill_room(tmp_path / "scratch", shop.state, shop.state / "carried") as found:
        yield found


def bring_back(room: Room, shop: Shop) -> Path:
    """The carried directory as a restore brings it."""
    place = Path(room.tree) / str(shop.carried).lstrip("/")
    place.mkdir(parents=True)
    for file in shop.carried.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    return place


def witness(room: Room, shop: Shop) -> RestoredWitness:
    found = room.find_witness([str(shop.carried)])
    assert found is not None
    return found


def test_the_room_is_private_and_gone_afterwards(tmp_path: Path, shop: Shop) -> None:
    with drill_room(tmp_path / "scratch", shop.state, shop.state / "carried") as room:
        place = Path(room.tree).parent
        assert place.stat().st_mode & 0o077 == 0
    assert not place.exists()


def test_the_witness_that_came_back_is_known_by_what_it_is_and_by_its_description(
    room: Room, shop: Shop
) -> None:
    bring_back(room, shop)
    found = witness(room, shop)
    assert found.sha256 == found.described_sha256 == shop.sha256
    assert found.carried == str(shop.carried)
    assert found.begun_ns > 0


def test_a_file_of_that_name_of_somebody_else_is_no_witness(room: Room, shop: Shop) -> None:
    place = bring_back(room, shop)
    for name in ("about.json", "SHA256SUMS"):
        (place / name).unlink()
    assert room.find_witness([str(shop.carried), "/srv"]) is None


@pytest.mark.parametrize("about", [b"", b"[]", b"[" * 99_999, ANOTHER])
def test_a_description_that_says_nothing_describes_nothing(room: Room, shop: Shop, about: bytes) -> None:
    (bring_back(room, shop) / "about.json").write_bytes(about)
    found = witness(room, shop)
    assert (found.described_sha256, found.tables, found.begun_ns) == ("", (), 0)


def test_our_own_copy_is_the_witness_only_with_its_digest(room: Room, shop: Shop) -> None:
    assert room.known_witness("orders", shop.sha256) is not None
    assert room.known_witness("orders", "0" * 64) is None
    assert room.known_witness("orders", "") is None
    assert room.known_witness("mail", shop.sha256) is None


def test_what_a_recovery_needs_beside_the_data_is_held_against_its_digest(room: Room, shop: Shop) -> None:
    place = bring_back(room, shop)
    result = Verification()
    room.verify_carried(witness(room, shop), (), result)
    assert result.lost == 0
    (place / "SHA256SUMS").write_bytes(b"other")
    (place / "RECOVER.txt").unlink()
    missing = TableCounts(str(shop.database), "0-orders.db", {}, "ab" * 32)
    room.verify_carried(witness(room, shop), [missing], result)
    assert [os.path.split(path)[1] for path in result.damaged_paths] == [b"SHA256SUMS"]
    assert {os.path.split(path)[1] for path in result.missing_paths} == {b"RECOVER.txt", b"0-orders.db"}


def restored(room: Room, shop: Shop) -> Path:
    """The sources as a restore brings them."""
    place = Path(room.tree) / str(shop.source).lstrip("/")
    shutil.copytree(shop.source, place, symlinks=True)
    return place


def verified(room: Room, shop: Shop, moving: Sequence[Path], vital: Sequence[Path]) -> Verification:
    paths = frozenset(os.fsencode(path).strip(b"/") for path in moving)
    roots, names = [str(shop.source)], [str(path) for path in vital]
    return room.verify(witness(room, shop), roots, MovingFiles(paths=paths), None, lambda *_: None, names)


def test_a_vital_path_that_did_not_come_back_is_missing_though_it_moved(room: Room, shop: Shop) -> None:
    bring_back(room, shop)
    letter, link = shop.source / "letter", shop.source / "link"
    place = restored(room, shop)
    assert verified(room, shop, [letter], [letter, shop.source]).lost == 0
    (place / "letter").unlink()
    assert verified(room, shop, [letter, shop.source], []).lost == 0
    for vital in ([letter], [letter, shop.source]):
        found = verified(room, shop, [letter, shop.source], vital)
        assert found.missing_paths == [os.fsencode(str(letter).lstrip("/"))]
    assert verified(room, shop, [letter, shop.source], [link]).missing == 1, "nobody knows it"


def test_a_vital_path_is_looked_for_where_links_lead_in_the_tree(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    link = tmp_path / "srv" / "current"
    link.symlink_to("letter")
    shop = Shop(tmp_path)
    with drill_room(tmp_path / "scratch", shop.state, shop.state / "carried") as room:
        bring_back(room, shop)
        restored(room, shop)
        found = verified(room, shop, [shop.source], [link])
        assert found.vital == {str(link): os.fsencode(str(shop.source / "letter").lstrip("/"))}
        assert vital_compared(found.content, found.vital, ()) == ((str(link),), ())


@pytest.mark.parametrize(("sha256", "stands"), [("ab" * 32, True), ("", False)])
def test_the_consistent_copy_stands_for_the_live_database(
    room: Room, shop: Shop, sha256: str, stands: bool
) -> None:
    place = bring_back(room, shop)
    (place / "databases").mkdir()
    copy = make_orders(place / "databases" / "0-orders.db", rows=9)
    if sha256:
        sha256 = hashlib.sha256(copy.read_bytes()).hexdigest()
    (restored(room, shop) / "orders.db").write_bytes(b"torn")
    found = verified(room, shop, [shop.database], [shop.database])
    room.verify_carried(witness(room, shop), [TableCounts(str(shop.database), copy.name, {}, sha256)], found)
    good, left = vital_compared(found.content, found.vital, ())
    assert (found.lost, bool(good), bool(left)) == (0, stands, not stands)
    assert bool(found.content.uncompared()) is not stands


def laid(room: Room, shop: Shop, prepare: str) -> Path:
    """The restored place of the database, after its consistent copy was laid there."""
    place = bring_back(room, shop)
    (place / "databases").mkdir()
    copy = make_orders(place / "databases" / "0-orders.db", rows=9)
    restored = Path(room.tree) / str(shop.database).lstrip("/")
    restored.parent.mkdir(parents=True)
    if prepare == "torn":
        restored.write_bytes(b"torn")
    elif prepare == "link":
        restored.symlink_to(shop.database)
    table = TableCounts(str(shop.database), copy.name, {}, "")
    room.lay_databases(witness(room, shop), [table])
    return restored


@pytest.mark.parametrize("prepare", ["torn", "absent"])
def test_the_consistent_copy_takes_the_place_of_the_live_database(
    room: Room, shop: Shop, prepare: str
) -> None:
    assert laid(room, shop, prepare).read_bytes().startswith(b"SQLite format 3")


def test_through_a_restored_link_no_live_database_is_written(room: Room, shop: Shop) -> None:
    before = shop.database.read_bytes()
    laid(room, shop, "link")
    assert shop.database.read_bytes() == before


def test_the_copy_of_a_database_that_no_proof_names_must_be_sound_and_have_its_rows(
    room: Room, shop: Shop
) -> None:
    copies = bring_back(room, shop) / "databases"
    copies.mkdir()
    make_orders(copies / "found-1.db", rows=9)
    rows = {"orders": 9, "customers": 1}
    tables = [
        TableCounts("/srv/app.db", "found-1.db", rows, found=True),
        TableCounts("/srv/app.db", "found-1.db", {"orders": 10, "customers": 1}, found=True),
        TableCounts("/srv/app.db", "none.db", rows, found=True),
        TableCounts("/srv/named.db", "none.db", rows),
    ]
    judged = [judgement for _, judgement in room.examine_found(witness(room, shop), tables)]
    assert [each.outcome for each in judged] == ["passed", "failed", "failed"]
    assert "9 rows, 10 were noted" in judged[1].reason


def test_lost_files_are_listed_and_the_others_as_surviving(room: Room, shop: Shop) -> None:
    lost = os.fsencode(str(shop.source / "letter").lstrip("/"))
    result = Verification(missing=1, missing_paths=[lost])
    bring_back(room, shop)
    directory = Path(room.write_lists("orders-ab", witness(room, shop), result))
    assert (directory / "lost.txt").read_bytes() == b"/" + lost + b"\n"
    survived = (directory / "survived.txt").read_bytes()
    assert f"{shop.database}\n".encode() in survived
    assert lost not in survived


def test_a_list_that_people_read_moves_no_cursor_and_one_for_programs_has_every_name(
    room: Room, shop: Shop
) -> None:
    lost = [
        b"srv/\x1b]0;all is well\x07",
        b"srv/\x9b2J",
        "srv/\x85\u202egpj".encode(),
        b"srv/a\nb",
        b"srv/\xe4",
    ]
    bring_back(room, shop)
    result = Verification(missing=len(lost), missing_paths=lost)

    directory = Path(room.write_lists("orders-ab", witness(room, shop), result))

    shown = (directory / "lost.txt").read_text()
    assert [char for char in shown if char != "\n" and unicodedata.category(char)[0] == "C"] == []
    assert len(shown.splitlines()) == len(lost)
    assert sorted((directory / "lost.nul").read_bytes().split(b"\0")[:-1]) == sorted(
        b"/" + name for name in lost
    )
    assert (directory / "survived.nul").read_bytes().count(b"\0") == 3


def test_with_too_many_lost_to_name_nothing_is_said_to_have_survived(room: Room, shop: Shop) -> None:
    bring_back(room, shop)
    directory = Path(
        room.write_lists("orders-ab", witness(room, shop), Verification(missing=2, missing_paths=[b"a"]))
    )
    assert sorted(os.listdir(directory)) == ["lost.nul", "lost.txt"]


def test_a_tree_that_is_kept_stays_where_it_is_said_to_be(tmp_path: Path, shop: Shop) -> None:
    with drill_room(tmp_path / "scratch", shop.state, shop.state / "carried") as room:
        (Path(room.tree) / "file").touch()
        kept = Path(room.keep())
    assert (kept / "file").exists()


def test_a_renewed_room_is_empty(room: Room) -> None:
    (Path(room.tree) / "file").touch()
    room.renew()
    assert os.listdir(room.tree) == []
