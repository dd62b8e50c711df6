"""What a scan notes of its files beside their content."""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sources.scan import Scanner
from agent.adapters.sources.witness_files import WITNESS
from agent.core.snapshot.extent import Scan

LATER = 1 << 62  # nanoseconds: a century from now


class Business:
    def __init__(self, base: Path) -> None:
        self.roots = [base / "srv"]
        self.carried = base / "carried"
        self.roots[0].mkdir()
        self.carried.mkdir()

    def scan(self, peek: bool = False) -> Scan:
        with closing(Scanner(self.carried, map(str, self.roots), (), (), peek)) as scanner:
            found = scanner.scan(LATER, lambda *_: None)
            scanner.keep(unchanged=False)
        return found


@pytest.fixture
def business(tmp_path: Path) -> Business:
    return Business(tmp_path)


def make_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE orders (number)")


def test_a_database_stays_known_while_it_is_not_read_again(business: Business) -> None:
    make_database(business.roots[0] / "app.db")
    assert [each.moved for each in business.scan().databases] == [False]  # nobody knows what it was before
    assert [each.moved for each in business.scan().databases] == [False]
    os.utime(business.roots[0] / "app.db")
    assert [each.moved for each in business.scan().databases] == [True]
    make_database(business.roots[0] / "new.db")
    assert [each.moved for each in business.scan().databases] == [False, True]


def test_a_witness_that_says_nothing_of_databases_is_asked_once_more(business: Business) -> None:
    make_database(business.roots[0] / "app.db")
    (business.roots[0] / "letter").write_bytes(b"x" * 512)
    business.scan()
    witness = business.carried / WITNESS
    witness.write_bytes(witness.read_bytes().replace(b"\tq\t", b"\t-\t"))
    assert business.scan().databases == ()
    assert len(business.scan(peek=True).databases) == 1
    assert len(business.scan().databases) == 1


def test_links_that_lead_out_are_noted_with_where_to(business: Business, tmp_path: Path) -> None:
    source, outside = business.roots[0], tmp_path / "big"
    (outside / "uploads").mkdir(parents=True)
    (source / "inside").mkdir()
    (source / "uploads").symlink_to(outside / "uploads")
    (source / "relative").symlink_to("../big/uploads")
    (source / "within").symlink_to("inside")
    (source / "round").symlink_to("../srv/inside")
    (source / "dangling").symlink_to(outside / "none")
    (source / "device").symlink_to("/dev/null")
    where = os.fsencode(outside / "uploads")[1:]
    assert business.scan().links == tuple(
        (os.fsencode(source / name)[1:], where) for name in ("relative", "uploads")
    )


def test_files_and_bytes_are_counted_for_every_directory(business: Business, tmp_path: Path) -> None:
    deep = business.roots[0] / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "one").write_bytes(b"x" * 10)
    (deep / "two").write_bytes(b"x" * 20)
    (business.roots[0] / "three").write_bytes(b"x" * 3)
    single = tmp_path / "single"
    single.write_bytes(b"x")
    business.roots.append(single)
    below = os.fsencode(business.roots[0])[1:]
    assert business.scan().extents == {
        below: (3, 33),
        below + b"/a": (2, 30),
        below + b"/a/b": (2, 30),
    }


def test_the_newest_file_below_every_directory_is_noted_but_for_those_from_the_future(
    business: Business,
) -> None:
    root = business.roots[0]
    for name, seconds in (("a/b/one", 50), ("a/two", 90), ("three", 20), ("late", time.time() + 10**6)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
        os.utime(root / name, (seconds, seconds))
    below = os.fsencode(root)[1:]
    newest = {path: seconds // 10**9 for path, seconds in business.scan().newest.items()}
    assert newest == {below: 90, below + b"/a": 90, below + b"/a/b": 50}


def test_file_systems_below_a_root_are_noted(business: Business, as_root: None) -> None:
    point = business.roots[0] / "disk"
    point.mkdir()
    assert business.scan().mounts == ()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", point], check=True)
    try:
        (point / "picture").write_bytes(b"p")
        [mount] = business.scan().mounts
    finally:
        subprocess.run(["umount", point], check=True)
    assert (mount.path, mount.files) == (str(point), 1)


def test_a_dump_stays_known_with_whether_it_is_whole(business: Business) -> None:
    (business.roots[0] / "whole.sql").write_text("-- MySQL dump\n-- Dump completed\n")
    (business.roots[0] / "cut.sql").write_text("-- MySQL dump\nINSERT")
    os.utime(business.roots[0] / "cut.sql", ns=(5, 5))
    for _ in range(2):
        assert [(each.is_cut, each.mtime_ns == 5) for each in business.scan().dumps] == [
            (True, True),
            (False, False),
        ]


def test_what_a_database_writes_beside_its_data_is_no_part_of_the_extent(tmp_path: Path) -> None:
    business = Business(tmp_path)
    for name in ("orders.txt", "orders.txt-wal"):
        (business.roots[0] / name).write_bytes(b"x" * 100)
    assert business.scan().extents == {os.fsencode(business.roots[0]).strip(b"/"): (1, 100)}


def test_data_directories_of_postgresql_and_where_their_tablespaces_lie_are_noted(business: Business) -> None:
    data, big = business.roots[0] / "main", business.roots[0] / "big"
    for place in (data / "global", data / "pg_tblspc", big / "PG_15_202209061" / "5"):
        place.mkdir(parents=True)
    (data / "global" / "pg_control").write_bytes(b"control")
    (data / "pg_tblspc" / "16390").symlink_to(big)
    seen = business.scan()
    assert seen.controlled == {os.fsencode(data)[1:]}
    assert seen.tablespaces == {os.fsencode(big)[1:]}


def test_a_directory_of_innodb_tables_is_a_servers_and_is_one_with_what_it_starts_from(
    business: Business,
) -> None:
    shop = business.roots[0] / "mysql" / "shop"
    shop.mkdir(parents=True)
    (shop / "orders.ibd").write_bytes(b"a table")
    assert [server.path for server in business.scan().servers] == [os.fsencode(shop)[1:]]
    (shop.parent / "ibdata1").write_bytes(b"a dictionary")
    seen = business.scan()
    assert [server.path for server in seen.servers] == [os.fsencode(shop.parent)[1:]]
    assert seen.controlled == {os.fsencode(shop.parent)[1:]}
