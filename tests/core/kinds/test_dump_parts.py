"""Dumps of several files: how pieces are named, what a directory of tables holds."""

import time
from itertools import islice

import pytest

from agent.core.kinds.dump_parts import is_table, piece_names, pieces, tables_named


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (b"a.sql.gz.aa", [b"a.sql.gz.aa", b"a.sql.gz.ab", b"a.sql.gz.ac"]),
        (b"a.sql.aaa", [b"a.sql.aaa", b"a.sql.aab", b"a.sql.aac"]),
        (b"a.sql.00", [b"a.sql.00", b"a.sql.01", b"a.sql.02"]),
        (b"a.sql.001", [b"a.sql.001", b"a.sql.002", b"a.sql.003"]),
        (b"a.sql.part1", [b"a.sql.part1", b"a.sql.part2", b"a.sql.part3"]),
        (b"a.sql.ab", []),
        (b"a.sql.02", []),
        (b"a.sql", []),
    ],
)
def test_pieces_are_named_by_the_first(first: bytes, names: list[bytes]) -> None:
    assert list(islice(piece_names(first), 3)) == names


def test_pieces_are_those_that_follow_without_a_gap() -> None:
    there = {b"a.aa", b"a.ab", b"a.ad", b"b.01", b"c.09", b"c.10"}
    assert pieces(b"a.aa", there.__contains__) == [b"a.aa", b"a.ab"]
    assert pieces(b"b.01", there.__contains__) == []
    assert list(islice(piece_names(b"c.00"), 9, 11)) == [b"c.09", b"c.10"]
    assert list(islice(piece_names(b"a.aa"), 25, 27)) == [b"a.az", b"a.ba"]


def test_the_files_of_a_directory_format_are_known_by_their_names() -> None:
    assert all(
        map(is_table, (b"3456.dat", b"3456.dat.gz", b"1.dat.zst", b"blob_16400.dat.lz4", b"blobs.toc"))
    )
    assert not any(map(is_table, (b"toc.dat", b"a1.dat", b"1.data", b"1.dat.bak")))


def contents(*names: bytes, width: int = 4) -> bytes:
    end = b"\x01" + (1).to_bytes(width, "little") + b"\x00"
    named = b"".join(end + len(name).to_bytes(width, "little") + name for name in names)
    return b"PGDMP\x01\x0e\x00" + bytes([width]) + named


def test_a_table_of_contents_names_its_files() -> None:
    assert tables_named(contents(b"3456.dat", b"blobs_12.toc")) == {b"3456.dat", b"blobs_12.toc"}


def test_a_table_of_contents_of_digits_alone_takes_no_time() -> None:
    begun = time.process_time()
    assert tables_named(contents() + b"1" * (1 << 16)) == set()
    assert tables_named(contents() + b"blobs_" * (1 << 18)) == set()
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("width", [0, 1, 255])
def test_a_table_of_contents_with_numbers_of_no_machine_names_nothing(width: int) -> None:
    assert tables_named(b"PGDMP\x01\x0e\x00" + bytes([width]) + b"1" * 300 + b".dat") == set()
