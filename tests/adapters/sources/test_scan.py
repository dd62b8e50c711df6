"""A scan writes the witness: unchanged files keep their line, others are read, and what moves is told."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.sources import scan_batches
from agent.adapters.sources.hashing import digest
from agent.adapters.sources.scan import Scanner
from agent.adapters.sources.walk import comparable_attribute
from agent.adapters.sources.witness_files import WITNESS, content_of, path_of, read_lines
from agent.core.model.repository import Stamp
from agent.core.snapshot.extent import Scan

LATER = 1 << 62  # nanoseconds: a century from now


class Business:
    def __init__(self, base: Path) -> None:
        self.source = base / "srv"
        self.carried = base / "carried"
        self.source.mkdir()
        self.carried.mkdir()
        (self.source / "order").write_text("ten pieces")
        self.exclude: tuple[str, ...] = ()
        self.vital: tuple[str, ...] = ()
        self.read: list[bytes] = []

    def scanner(self) -> Scanner:
        return Scanner(self.carried, [str(self.source)], self.exclude, self.vital)

    def scan(self, settled_before_ns: int = 0, *meant: bytes) -> Scan:
        with closing(self.scanner()) as scanner:
            found = scanner.scan(
                settled_before_ns, lambda *_: None, lambda path: path.rpartition(b"/")[2] in meant
            )
            scanner.keep(unchanged=False)
        return found

    def lines(self) -> dict[str, tuple[bytes, bytes]]:
        """Content and flags by name."""
        found = read_lines(self.carried / WITNESS)
        return {os.fsdecode(path_of(line)).rpartition("/")[2]: content_of(line) for line in found}


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Business]:
    found = Business(tmp_path)

    def noted(base: int, path: bytes, *how: Any) -> object:
        found.read.append(path.rpartition(b"/")[2])
        return digest(base, path, *how)

    monkeypatch.setattr(scan_batches, "digest", noted)
    return found


def names(paths: Iterable[bytes]) -> list[bytes]:
    return [path.rpartition(b"/")[2] for path in paths]


def test_every_entry_is_counted_and_files_by_their_size(business: Business) -> None:
    (business.source / "dir").mkdir()
    (business.source / "link").symlink_to("order")
    found = business.scan()
    assert (found.files, found.size, found.entries) == (1, 10, 4)
    [root] = found.roots
    assert (root.path, root.files) == (str(business.source), 1)


def test_a_settled_file_is_not_read_again_and_a_changed_one_is(business: Business) -> None:
    business.scan()
    (business.source / "new").write_text("new")
    business.read.clear()
    business.scan(settled_before_ns=LATER)
    assert business.read == [b"new"]
    assert len(business.lines()["order"][0]) == 64


def test_what_was_written_a_moment_ago_is_read_again(business: Business) -> None:
    business.scan()
    business.read.clear()
    business.scan(settled_before_ns=0)
    assert business.read == [b"order"]


def test_content_that_became_zeros_is_wiped_and_stays_so_unless_it_is_accepted(business: Business) -> None:
    business.scan()
    (business.source / "order").write_bytes(bytes(10))
    assert names(business.scan().zeroed) == [b"order"]
    assert business.lines()["order"][1] == b"w"
    assert business.scan(0, b"order").zeroed == ()
    assert business.lines()["order"][1] == b"z"


def test_a_root_without_any_file_is_named(business: Business) -> None:
    (business.source / "order").unlink()
    assert business.scan().empty_roots == (str(business.source),)


def test_what_is_excluded_is_not_in_it_and_is_named_where_it_was_before(business: Business) -> None:
    business.scan()
    business.exclude = ("order",)
    found = business.scan()
    assert found.files == 0
    assert names(found.excluded_held) == [b"order"]


def test_a_vital_path_that_is_missing_is_told_from_one_that_is_excluded(business: Business) -> None:
    business.vital = (f"{business.source}/none", f"{business.source}/order")
    business.exclude = ("order",)
    found = business.scan()
    assert [path for path, _ in found.vital_missing] == [f"{business.source}/none"]
    assert found.vital_excluded == (f"{business.source}/order",)


def test_of_a_file_that_grows_while_it_is_read_the_part_is_known_that_lstat_saw(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def growing(base: int, path: bytes, *how: Any) -> object:
        with (business.source / "order").open("a") as more:
            more.write(" and five more")
        return digest(base, path, *how)

    monkeypatch.setattr(scan_batches, "digest", growing)
    assert names(business.scan().moving) == [b"order"]
    sha256 = hashlib.sha256(b"ten pieces").hexdigest().encode()
    assert business.lines()["order"] == (sha256, b"m")


def test_vital_paths_are_known_by_their_place_and_told_when_they_were_made_anew(business: Business) -> None:
    (business.source / "current").symlink_to("order")
    (business.source / "mail").mkdir()
    business.vital = tuple(f"{business.source}/{name}" for name in ("current", "mail"))
    with closing(business.scanner()) as scanner:
        found = scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        assert [(Path(one.path).name, one.is_file) for one in found.vital] == [
            ("mail", False),
            ("current", True),
        ]
        assert names(one.place for one in found.vital) == [b"mail", b"order"]
        (business.source / "mail" / "new").touch()
        assert scanner.moved().vital_anew == ()
        (business.source / "mail").rename(business.source / "old")
        (business.source / "mail").mkdir()
        (business.source / "order").unlink()
        assert names(scanner.moved().vital_anew) == [b"mail", b"order"]


def test_a_vital_link_is_there_when_what_it_leads_to_is(business: Business) -> None:
    (business.source / "current").symlink_to("order")
    business.vital = (f"{business.source}/current",)
    assert business.scan().vital_missing == ()


def test_a_scan_that_breaks_off_leaves_the_last_witness(business: Business) -> None:
    business.scan()
    before = (business.carried / WITNESS).read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with closing(business.scanner()) as scanner, pytest.raises(KeyboardInterrupt):
        scanner.scan(0, stop)
    assert (business.carried / WITNESS).read_bytes() == before
    assert sorted(os.listdir(business.carried)) == ["SHA256SUMS", "witness"]


def test_what_changed_vanished_or_came_since_is_told(business: Business) -> None:
    for name in ("gone", "same"):
        (business.source / name).write_text(name)
    with closing(business.scanner()) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        (business.source / "order").write_text("more")
        (business.source / "gone").unlink()
        (business.source / "new").touch()
        moved = scanner.moved()
    assert set(names(moved.paths)) == {b"srv", b"order", b"gone", b"new"}
    assert moved.absent == 2, "the one that is gone, and one beside it that may have been made anew"
    assert names(moved.gone) == [b"gone"]


def test_what_became_another_file_is_told_from_what_was_written_in_place(business: Business) -> None:
    for name in ("place", "renamed", "link"):
        (business.source / name).write_text(name)
    with closing(business.scanner()) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        before = _stamp(business.source / "renamed")
        (business.source / "place").write_text("written in place")
        (business.source / "new").write_text("another")
        (business.source / "new").rename(business.source / "renamed")
        (business.source / "other").symlink_to("nowhere")
        (business.source / "other").rename(business.source / "link")
        moved = scanner.moved()
    ((path, states),) = moved.replaced.items()
    assert (names([path]), states) == ([b"renamed"], (before, _stamp(business.source / "renamed")))


def _stamp(file: Path) -> Stamp:
    return Stamp(file.stat().st_mtime_ns // 1000, file.stat().st_size)


def test_what_restic_did_not_find_came_and_went_unless_the_witness_lists_it(business: Business) -> None:
    with closing(business.scanner()) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        missed = [f"{business.source}/order", f"{business.source}/order-wal", f"{business.carried}/witness"]
        moved = scanner.moved(missed)
    assert (names(moved.paths), moved.absent) == ([b"order-wal"], 0)


def test_attributes_of_the_machine_are_not_compared() -> None:
    names = [
        b"user.note",
        b"system.posix_acl_access",
        b"security.capability",
        b"security.selinux",
        b"trusted.x",
    ]
    assert [comparable_attribute(name) for name in names] == [True, True, True, False, False]


def test_a_file_that_was_removed_and_made_anew_may_have_been_away_whatever_inode_it_has(
    business: Business,
) -> None:
    """Where nothing came or went in the directory, it was written in place and was there all the time."""
    (business.source / "in" / "place").mkdir(parents=True)
    for name in ("in/place/log", "dump"):
        (business.source / name).write_bytes(b"x")
    with closing(business.scanner()) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        (business.source / "in/place/log").write_bytes(b"more")
        time.sleep(0.02)  # the clock of the directory
        (business.source / "dump").unlink()
        (business.source / "dump").write_bytes(b"more")
        moved = scanner.moved()
    assert moved.absent == 1


def test_a_journal_that_changed_may_have_been_away_meanwhile_though_its_inode_is_the_same(
    business: Business,
) -> None:
    """A file system gives the inode of a removed journal to the next one; restic may have met none."""
    for name in ("app.db", "app.db-journal"):
        (business.source / name).write_bytes(b"x")
    with closing(business.scanner()) as scanner:
        scanner.scan(0, lambda *_: None)
        scanner.keep(unchanged=False)
        for name in ("app.db", "app.db-journal"):
            (business.source / name).write_bytes(b"more")
        moved = scanner.moved()
    assert (len(moved.paths), moved.absent) == (2, 1)
