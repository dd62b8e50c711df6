"""The witness on disk: read in the order of a walk, and written beside the old one first."""

import hashlib
import os
from pathlib import Path

import pytest

from agent.adapters.sources.walk import Visit
from agent.adapters.sources.witness_files import (
    CHECKSUMS,
    WITNESS,
    WitnessLines,
    WitnessWriter,
    complete_file,
    content_of,
    inode_of,
    joined,
    path_of,
    read_lines,
)
from agent.core.snapshot.witness import content_fields

SHA256 = b"ab" * 32


def line(path: bytes, kind: bytes = b"f", size: int = 5, sha256: bytes = SHA256, flags: str = "") -> bytes:
    fields = b"%b\t644\t0\t0\t%d\t1\t2\t77\t9\t1\t" % (kind, size)
    return fields + content_fields(8, sha256, flags, b"", b"", path)


def visit(path: bytes) -> Visit:
    return Visit(path, Path("/").stat(), 0, path)


def test_a_line_tells_its_path_content_and_inode() -> None:
    found = line(b"srv/a\nb\\c", flags="m")
    assert (path_of(found), content_of(found), inode_of(found)) == (b"srv/a\nb\\c", (SHA256, b"m"), 77)
    assert path_of(b"no line\n") == b""


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (line(b"a"), (b"a", 5, SHA256)),
        (line(b"a", size=0), None),
        (line(b"a", sha256=b""), None),
        (line(b"a", kind=b"d"), None),
    ],
)
def test_only_a_file_with_content_can_be_compared(text: bytes, complete: object) -> None:
    assert complete_file(text) == complete


def test_lines_and_visits_of_one_path_come_together_and_children_behind_their_parent() -> None:
    lines = [line(path) for path in (b"a", b"a/gone", b"a-b", b"z")]
    visits = [visit(path) for path in (b"a", b"a/new", b"a-b")]
    pairs = [(path_of(text or b""), met and met.path) for text, met in joined(lines, visits)]
    assert pairs == [
        (b"a", b"a"),
        (b"a/gone", None),
        (b"", b"a/new"),
        (b"a-b", b"a-b"),
        (b"z", None),
    ]


@pytest.fixture
def carried(tmp_path: Path) -> Path:
    (tmp_path / WITNESS).write_bytes(b"".join(line(path) for path in (b"a", b"a/b/c", b"da")))
    return tmp_path


def test_a_line_is_found_in_the_order_of_the_walk_and_then_gone(carried: Path) -> None:
    lines = WitnessLines(carried / WITNESS)
    assert path_of(lines.find(b"a") or b"") == b"a"
    assert lines.find(b"a/x") is None
    assert path_of(lines.find(b"da") or b"") == b"da"
    assert lines.find(b"a") is None


@pytest.mark.parametrize(("path", "holds"), [(b"a", True), (b"a/b", True), (b"a/b/x", False), (b"d", False)])
def test_what_lies_below_a_directory_is_known(carried: Path, path: bytes, holds: bool) -> None:
    assert WitnessLines(carried / WITNESS).holds_below(path) is holds


def test_a_witness_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "none")) == []
    assert WitnessLines(tmp_path / "none").find(b"a") is None


def written(carried: Path) -> tuple[WitnessWriter, str]:
    writer = WitnessWriter(carried)
    writer.write(line(b"new"), SHA256, b"new")
    writer.write(line(b"new/dir", kind=b"d"), b"", b"new/dir")
    return writer, writer.close()


def test_the_digest_is_that_of_the_witness_and_checksums_are_those_of_files(carried: Path) -> None:
    writer, sha256 = written(carried)
    writer.keep(unchanged=False)
    assert hashlib.sha256((carried / WITNESS).read_bytes()).hexdigest() == sha256
    assert (carried / CHECKSUMS).read_bytes() == SHA256 + b"  new\n"


def test_the_old_witness_stays_until_the_new_one_is_kept(carried: Path) -> None:
    before = (carried / WITNESS).read_bytes()
    writer, _ = written(carried)
    assert (carried / WITNESS).read_bytes() == before
    writer.drop()
    assert os.listdir(carried) == [WITNESS]


def test_what_says_the_same_is_left_untouched_for_restic(carried: Path) -> None:
    before = (carried / WITNESS).stat().st_ino
    writer, _ = written(carried)
    writer.keep(unchanged=True)
    assert (carried / WITNESS).stat().st_ino == before
    assert sorted(os.listdir(carried)) == sorted([WITNESS, CHECKSUMS])
