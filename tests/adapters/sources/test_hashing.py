"""SHA-256 of files, and what is said of one that moved, vanished or is nothing but zeros."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.sources import hashing
from agent.adapters.sources.hashing import BLOCK, SMALL, Digest, digest, first_bytes
from agent.core.kinds import kinds
from agent.core.snapshot.witness import xattr_field


@pytest.fixture
def base(tmp_path: Path) -> Iterator[int]:
    number = os.open(tmp_path, os.O_RDONLY)
    yield number
    os.close(number)


@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, BLOCK, BLOCK + 7, 3 * BLOCK + 1])
def test_a_file_of_any_size_is_hashed_to_its_end(tmp_path: Path, base: int, size: int) -> None:
    content = os.urandom(64) * (size // 64 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    found = digest(base, b"file")
    assert found.sha256.decode() == hashlib.sha256(content[:size]).hexdigest()
    assert (found.size, found.moved, found.error) == (size, False, "")


@pytest.mark.parametrize("limit", [0, 1, SMALL, BLOCK, BLOCK + 7])
@pytest.mark.parametrize("more", [0, 1, BLOCK])
def test_of_a_file_that_grew_only_the_beginning_is_hashed(
    tmp_path: Path, base: int, limit: int, more: int
) -> None:
    content = os.urandom(limit + more)
    (tmp_path / "log").write_bytes(content)
    found = digest(base, b"log", limit)
    assert found.sha256.decode() == hashlib.sha256(content[:limit]).hexdigest()
    assert (found.size, found.moved) == (limit, more > 0)


@pytest.mark.parametrize("size", [100, SMALL + 100, BLOCK + 100])
def test_nothing_but_zeros_is_told_from_one_byte_that_is_none(tmp_path: Path, base: int, size: int) -> None:
    (tmp_path / "zeros").write_bytes(bytes(size))
    (tmp_path / "almost").write_bytes(bytes(size - 1) + b"x")
    assert digest(base, b"zeros").zeros
    assert not digest(base, b"almost").zeros


@pytest.mark.parametrize("size", [7, SMALL + 100, BLOCK + 100])
def test_the_first_bytes_come_with_the_digest(tmp_path: Path, base: int, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    assert digest(base, b"file").head == content[: kinds.HEAD]
    assert first_bytes(base, b"file") == content[: kinds.HEAD]
    assert first_bytes(base, b"none") == b""


def test_what_vanished_moved_and_what_may_not_be_read_did_not(tmp_path: Path, base: int) -> None:
    assert digest(base, b"none") == Digest(b"", error="No such file or directory", moved=True)
    (tmp_path / "link").symlink_to("elsewhere")
    found = digest(base, b"link")
    assert (found.sha256, found.moved, bool(found.error)) == (b"", False, True)


def test_a_file_that_grows_while_it_is_read_moved(
    tmp_path: Path, base: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"line\n")
    read = os.read

    def growing(handle: int, count: int) -> bytes:
        with file.open("ab") as more:
            more.write(b"another line\n")
        return read(handle, count)

    monkeypatch.setattr(hashing.os, "read", growing)
    assert digest(base, b"log").moved


def test_a_fifo_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path, base: int) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert digest(base, b"fifo").size == 0


def test_whoever_was_asked_to_end_reads_no_long_file_to_its_end(
    tmp_path: Path, base: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "long").write_bytes(bytes(2 * BLOCK))
    monkeypatch.setattr(hashing, "unwinding", lambda: True)
    assert digest(base, b"long").error == "Interrupted system call"


def test_extended_attributes_come_with_the_content_when_they_are_asked_for(tmp_path: Path, base: int) -> None:
    (tmp_path / "file").write_text("x")
    try:
        os.setxattr(tmp_path / "file", "user.note", b"for Monday")
        os.setxattr(tmp_path / "file", "user.other", b"")
    except OSError:
        pytest.skip("needs a file system with extended attributes")

    assert digest(base, b"file").xattrs == b""
    assert digest(base, b"file", wanted=lambda name: name == b"user.note").xattrs == xattr_field(
        {b"user.note": b"for Monday"}
    )
