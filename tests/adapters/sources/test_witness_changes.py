"""The witness of the last good snapshot, kept beside the carried one, and what differs from it."""

import os
from pathlib import Path

import pytest

from agent.adapters.sources.walk import Visit
from agent.adapters.sources.witness_changes import (
    count_changes,
    good_witness,
    identity_of,
    known_line,
    known_visit,
    remember_witness,
)
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.witness import content_fields

SHA256 = b"ab" * 32


def line(name: bytes, kind: bytes = b"f", size: int = 5, inode: int = 7) -> bytes:
    fields = b"%b\t644\t0\t0\t%d\t1\t2\t%d\t9\t1\t" % (kind, size, inode)
    return fields + content_fields(8, SHA256, "", b"", b"", b"srv/" + name)


@pytest.fixture
def carried(tmp_path: Path) -> Path:
    (tmp_path / "carried").mkdir()
    return tmp_path / "carried"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_witness(tmp_path, "orders")


def write(carried: Path, *lines: bytes) -> None:
    """As a scan does: in the place of the old one, never into it."""
    (carried / "new").write_bytes(b"".join(lines))
    (carried / "new").replace(carried / "witness")


def test_the_good_witness_is_the_carried_one_until_that_is_replaced(carried: Path, good: Path) -> None:
    write(carried, line(b"a"))
    remember_witness(carried, good)
    assert good.samefile(carried / "witness")
    write(carried, line(b"b"))
    assert good.read_bytes() == line(b"a")


def test_where_no_second_name_is_possible_it_is_copied(
    carried: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write(carried, line(b"a"))
    remember_witness(carried, good)
    assert good.read_bytes() == line(b"a")
    assert os.listdir(good.parent) == [good.name]


def test_without_a_good_one_or_with_the_same_there_is_nothing_to_count(carried: Path, good: Path) -> None:
    write(carried, line(b"a"))
    assert not count_changes(good, carried, Changes())
    remember_witness(carried, good)
    assert not count_changes(good, carried, Changes())


def test_what_went_came_and_stayed_is_counted(carried: Path, good: Path) -> None:
    write(carried, line(b"gone"), line(b"kept"), line(b"zdir", kind=b"d"))
    remember_witness(carried, good)
    write(carried, line(b"came", inode=8), line(b"kept"))
    changes = Changes()
    assert count_changes(good, carried, changes)
    assert (changes.files, changes.gone, changes.came) == (2, 1, 1)


@pytest.mark.parametrize(
    "torn", [b"f\t644\t0", b"f\t644\t0\t0\tx\t1\t2\t3\t4\t1\t8\t-\t-\t-\t-\tsrv/a\n", b"\n", None]
)
def test_a_line_that_was_torn_by_a_power_cut_is_no_file(torn: bytes | None) -> None:
    assert known_line(torn) is None
    assert known_line(line(b"dir", kind=b"d")) is None


def test_a_line_of_a_file_is_known_by_everything_that_tells_it() -> None:
    known = known_line(line(b"a"))
    assert known is not None
    assert (known.path, known.size, known.inode, known.sha256) == (b"srv/a", 5, 7, SHA256)
    assert identity_of(line(b"a")) == (9, 7)
    assert identity_of(b"torn") == (0, 0)


def test_only_a_regular_file_that_was_met_is_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("12345")
    known = known_visit(Visit(b"file", (tmp_path / "file").stat(), 0, b"file"))
    assert known is not None
    assert (known.size, known.sha256) == (5, b"")
    assert known_visit(Visit(b"dir", tmp_path.stat(), 0, b"dir")) is None
    assert known_visit(None) is None
