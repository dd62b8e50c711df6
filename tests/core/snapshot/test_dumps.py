"""Dumps are known by how they begin; cut and shrunk ones are told, of generations only the newest."""

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import ArchiveProof, NewestFileProof
from agent.core.kinds.kinds import Dump, Unseen
from agent.core.model.repository import Stamp
from agent.core.model.snapshots import DumpNote
from agent.core.snapshot.dumps import (
    NOTED,
    cut_findings,
    is_dump,
    is_whole,
    newest_of_each,
    no_more_known,
    noted_dumps,
    on_the_move,
    replaced_dumps,
    restored_dump_findings,
    shrunk_findings,
    unseen_findings,
)
from agent.core.snapshot.extent import NAMED, Moved
from support.builders.live_files import scan
from support.builders.shop import ago, process, snapshot

ORDERS = process("orders", paths=("/srv/orders",))
POSTGRESQL = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict xyz\n"
CLUSTER = b"--\n-- PostgreSQL database cluster dump\n--\n"
MARIADB = b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11\n"
MYSQL = b"-- MySQL dump 10.13  Distrib 8.0\n"


@pytest.mark.parametrize(
    ("head", "end"),
    [
        (POSTGRESQL, b"--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict xyz\n\n"),
        (CLUSTER, b"--\n-- PostgreSQL database cluster dump complete\n--\n"),
        (MARIADB, b"-- Dump completed on 2026-11-30  1:00:00\n"),
        (MYSQL, b"-- Dump completed\n"),
    ],
)
def test_a_plain_dump_is_whole_when_it_ends_as_its_kind_does(head: bytes, end: bytes) -> None:
    assert is_dump(b"srv/anything", head)
    assert is_whole(head, b"1\tten pieces\n\\.\n" + end)
    assert not is_whole(head, b"1\tten pieces\n")
    said = next(line for line in end.splitlines() if b" complete" in line)
    assert not is_whole(head, b"1\tten pieces " + said)  # in the middle of a line it is data


DATABASE_ENDS = b"--\n-- PostgreSQL database dump complete\n--\n\n"


@pytest.mark.parametrize(
    ("head", "end"),
    [
        (POSTGRESQL, b"-- PostgreSQL database cluster dump complete\n"),
        (POSTGRESQL, b"-- Dump completed\n"),
        (CLUSTER, b"-- Dump completed\n"),
        (MYSQL, DATABASE_ENDS),
    ],
)
def test_dumps_in_one_file_end_as_the_last_does(head: bytes, end: bytes) -> None:
    assert is_whole(head, b"1\tten pieces\n\\.\n" + end)


@pytest.mark.parametrize(
    ("head", "end", "another"),
    [
        (MYSQL, b"-- Dump completed\n", MYSQL + b"--\n-- Host: localhost    Database: crm\n"),
        (MARIADB, b"-- Dump completed\n", MARIADB),
        (POSTGRESQL, DATABASE_ENDS, POSTGRESQL),
        (POSTGRESQL, b"-- PostgreSQL database cluster dump complete\n", CLUSTER),
    ],
)
def test_a_dump_that_only_began_behind_a_whole_one_is_cut(head: bytes, end: bytes, another: bytes) -> None:
    whole = b"1\tten pieces\n\\.\n" + end
    assert not is_whole(head, whole + another)
    assert is_whole(head, whole + another + whole)
    assert is_whole(head, whole + b"-- MySQL dump of the shop: done\n")


def test_a_dump_of_a_cluster_that_ends_with_a_database_is_cut() -> None:
    assert not is_whole(CLUSTER, DATABASE_ENDS)  # pg_dumpall was killed, and its pg_dump wrote to its end


def test_what_has_no_end_of_its_own_has_only_to_hold_something() -> None:
    assert is_dump(b"srv/orders.dump", b"PGDMP\x01\x0e")
    assert is_whole(b"PGDMP\x01\x0e", b"anything")
    assert is_dump(b"srv/orders.sql.gz", b"CREATE TABLE")
    assert not is_whole(b"", b"")
    assert not any(is_dump(path, b"") for path in (b"srv/down.sql", b"srv/letter.gz"))
    assert not is_dump(b"srv/manual", b"It begins with -- MySQL dump, and ends ...")


def note(name: str, size: int = 9000, hours: float = 1, is_cut: bool = False) -> DumpNote:
    return DumpNote(f"/srv/orders/{name}", size, ago(hours), is_cut)


def test_of_generations_the_newest_counts_unless_it_is_being_written() -> None:
    old, new, other = note("a-2026-11-29.sql", hours=25), note("a-2026-11-30.sql"), note("b.sql")
    assert newest_of_each([new, other, old]) == [new, other]
    assert newest_of_each([new, other, old], {new.path}) == [old, other]
    assert newest_of_each([new], {new.path}) == [new]


def test_the_newest_dump_that_is_cut_is_told_and_none_that_is_being_written() -> None:
    old, new = note("a-20261129.sql", hours=25, is_cut=True), note("a-20261130.sql")
    assert cut_findings(ORDERS, [old, new], ()) == []
    [told] = cut_findings(ORDERS, [old, replace(new, is_cut=True)], ())
    assert (told.code, told.severity, told.path) == ("dump-cut", "warning", new.path)
    assert cut_findings(ORDERS, [replace(new, is_cut=True)], {new.path}) == []


def test_a_dump_of_less_than_half_is_told_until_it_is_accepted() -> None:
    records = [snapshot(dumps=(note("a-20261128.sql", size),)) for size in (9000, 10_000)]
    [told] = shrunk_findings(ORDERS, [note("a-20261130.sql", 4000)], (), records)
    assert (told.code, told.path) == ("dump-shrunk", "/srv/orders/a-20261130.sql")
    assert "9.8 KiB" in told.message
    assert shrunk_findings(ORDERS, [note("a-20261130.sql", 6000)], (), records) == []
    assert (
        shrunk_findings(ORDERS, [note("a-20261130.sql", 4000)], {"/srv/orders/a-20261130.sql"}, records) == []
    )
    assert shrunk_findings(ORDERS, [note("b.sql", 4000)], (), records) == []
    small = [snapshot(dumps=tuple(note(f"small.sql.{packing}", 390) for packing in ("zst", "gz")))]
    now = [note(f"small.sql.{packing}", 90) for packing in ("zst", "gz")]
    assert [each.path for each in shrunk_findings(ORDERS, now, (), small)] == ["/srv/orders/small.sql.zst"]
    accepted = snapshot(dumps=(note("a-20261129.sql", 4000),), accepted=True)
    assert shrunk_findings(ORDERS, [note("a-20261130.sql", 4000)], (), [*records, accepted]) == []


def test_what_is_recovered_from_is_bad_when_it_is_cut() -> None:
    proof = ArchiveProof(name="whole", archive="/srv/orders/*.sql.gz")
    vital = process("orders", paths=("/srv/orders",), vital=("/srv/orders/dumps/",))
    path = "/srv/orders/a.sql.gz"
    assert [each.severity for each in restored_dump_findings(ORDERS, [path])] == ["warning"]
    for named, there in ((process("orders", proofs=(proof,)), path), (vital, "/srv/orders/dumps/a.sql")):
        assert [each.severity for each in restored_dump_findings(named, [there])] == ["error"]


def of_kind(name: str, known: bool | None, hours: float = 1) -> Dump:
    return Dump(f"srv/orders/{name}".encode(), 90, int(ago(hours).timestamp() * 1e9), known=known)


def test_a_dump_that_was_of_a_known_kind_and_is_of_none_is_cut_until_it_is_accepted() -> None:
    def is_cut(dump: Dump, *earlier: DumpNote, accepted: bool = False) -> bool:
        records = [snapshot(dumps=earlier), *([snapshot(accepted=True)] if accepted else [])]
        [found] = no_more_known([dump], records)
        assert found.known is True or not found.is_cut, "and it has to be of one from then on"
        return found.is_cut

    known = replace(note("a-20261129.sql.gz", hours=25), known=True)
    bad = of_kind("a-20261130.sql.gz", known=False)
    assert is_cut(bad, known)
    assert is_cut(bad, replace(known, is_cut=True)), "it was none the night before as well"
    assert not is_cut(bad, known, accepted=True)
    assert not is_cut(bad, replace(known, known=False)), "it never was"
    assert not is_cut(bad, replace(known, known=None)), "nobody noted it"
    assert not is_cut(bad, known, note("a-20261130.sql.gz")), "the newest counts"
    assert not is_cut(of_kind("b.sql.gz", known=False), known)
    assert not is_cut(of_kind("a-20261130.sql.gz", known=None), known), "packed by zstd"
    assert not is_cut(of_kind("a-20261130.sql.gz", known=True), known)


def test_a_record_notes_the_newest_dumps_whatever_their_times() -> None:
    dumps = [Dump(b"srv/%d.sql" % n, 9, n * 10**9) for n in range(NOTED + 1)]
    assert len(noted_dumps(dumps, {})) == NOTED
    assert noted_dumps(dumps, {})[0].path == f"/srv/{NOTED}.sql"
    dumps.append(Dump(b"srv/old-20200101.sql.gz", 9, 0))  # its job died
    dumps += [Dump(b"srv/new-2026-11-%d.sql.gz" % day, 9, day * 10**11) for day in range(10, 31)]
    assert [each.path[5:13] for each in noted_dumps(dumps[2:], {})].count("new-2026") == 1
    assert {each.path[5:8] for each in noted_dumps(dumps[9:], {})} >= {"old", "new", "9.s"}
    assert noted_dumps([Dump(b"srv/a.sql", 9, 1 << 100)], {})[0].at.year == 1970


def test_the_topmost_directory_in_which_nothing_is_newer_is_noted_with_a_dump() -> None:
    hour = 3600 * 10**9
    newest = {b"srv": 9 * hour, b"srv/a": 5 * hour, b"srv/a/b": 5 * hour}
    dumps = [Dump(b"srv/a/b/%d.sql" % n, 9, n * hour) for n in (3, 4, 5, 8)]
    assert [note.newest_in for note in noted_dumps(dumps, newest)] == ["/srv", "/srv/a", "/srv/a", ""]


def test_a_directory_without_its_contents_is_told_as_such() -> None:
    [told] = cut_findings(ORDERS, [note("dir/toc.dat", is_cut=True)], ())
    assert told.message.startswith("/srv/orders/dir is no whole dump: toc.dat")
    assert cut_findings(ORDERS, [note("dir/toc.dat", is_cut=True)], {"/srv/orders/dir/1.dat"}) == []


def test_a_dump_is_on_the_move_when_any_part_of_it_is() -> None:
    toc, plain = DumpNote("/srv/dir/toc.dat", 9, ago(1)), DumpNote("/srv/a.sql", 9, ago(1))
    piece = DumpNote("/srv/b.sql.aa", 9, ago(1), pieces=3)
    dumps = (toc, plain, piece)
    assert on_the_move(dumps, ()) == on_the_move(dumps, {"/srv/dir2/1.dat", "/srv/b.sql"}) == frozenset()
    assert on_the_move(dumps, {"/srv/dir/1.dat"}) == {toc.path}
    assert on_the_move(dumps, {"/srv/b.sql.ac", plain.path}) == {plain.path, piece.path}


def test_of_what_was_replaced_dumps_are_asked_for_and_what_a_pattern_wants() -> None:
    proofs = (NewestFileProof(name="recent", path="/srv/orders/in-*.bin", max_age=9),)
    both = (Stamp(1, 1), Stamp(2, 2))
    moved = Moved(replaced={b"srv/orders/" + name: both for name in (b"a.dump", b"in-1.bin", b"rest")})
    found = scan(dumps=(Dump(b"srv/orders/a.dump", 9, 0, is_cut=False),))
    asked = replaced_dumps(process("orders", proofs=proofs), found, moved)
    assert asked == ["/srv/orders/a.dump", "/srv/orders/in-1.bin"]


def test_of_what_nobody_could_look_into_it_is_said_what_is_not_known_and_why() -> None:
    log, dump = Unseen("/srv/log.gz", "nobody.", "Run: this", is_dump=False), Unseen("/srv/a.sql.gz", "late")
    first, second = unseen_findings("orders", [log, dump])
    assert (first.code, first.severity, first.path) == ("not-looked-into", "warning", "/srv/a.sql.gz")
    assert first.message == "/srv/a.sql.gz is a dump, and whether it is whole is not known: late."
    assert second.message == "/srv/log.gz is packed, and whether it is a dump is not known: nobody."
    assert (first.hint, second.hint) == ("", "Run: this")


def test_of_very_many_that_nobody_could_look_into_the_rest_is_counted() -> None:
    told = unseen_findings("orders", [Unseen(f"/srv/{number}", "late") for number in range(NAMED + 3)])
    assert (len(told), told[-1].message, told[-1].path) == (NAMED + 1, "3 more packed files like this.", None)
    assert len(unseen_findings("orders", [Unseen("/srv/a", "late")] * NAMED)) == NAMED
