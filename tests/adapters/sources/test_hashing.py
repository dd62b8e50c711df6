"""SHA-256 of files, and what is said of one that moved, vanished or is nothing but zeros."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.sources import hashing
from agent.adapters.sources.hashing import BLOCK, SMALL, Digest, digest, first_bytes
from agent.core.kinds import kinds
from agent.core.snapshot.witness import xattr_field
from support.hostile.exchange import exchanged


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


def test_what_vanished_moved_and_what_cannot_be_read_did_not(base: int) -> None:
    assert digest(base, b"none") == Digest(b"", error="No such file or directory", moved=True)
    found = digest(base, b"n" * 300)
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


def test_a_file_that_became_a_link_or_lies_behind_one_by_now_has_vanished(tmp_path: Path, base: int) -> None:
    """Its owner may have put the link there, to have what root alone may read told to him."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "way").symlink_to(".")
    for path in (b"link", b"way/secret"):
        found = digest(base, path)
        assert (found.sha256, found.moved, bool(found.error), found.size) == (b"", True, True, 0)
        assert first_bytes(base, path) == b""


def test_so_has_one_that_became_a_pipe_or_a_device(tmp_path: Path, base: int) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = digest(base, b"pipe", 10)
    assert (found.sha256, found.moved, bool(found.error)) == (b"", True, True)
    assert first_bytes(base, b"pipe") == b""


def test_what_is_swapped_for_a_link_in_a_loop_is_never_read(tmp_path: Path, base: int) -> None:
    for name in ("live/data", "secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "live/data/file").write_text("own")
    (tmp_path / "secret/file").write_text("secret")
    (tmp_path / "live/link").symlink_to("../secret")
    own = hashlib.sha256(b"own").hexdigest().encode()
    seen = set()
    end = time.monotonic() + 0.7
    with exchanged(tmp_path / "live/data", tmp_path / "live/link"):
        while time.monotonic() < end:
            seen.add((digest(base, b"live/data/file").sha256, first_bytes(base, b"live/data/file")[:6]))
    assert {sha256 for sha256, _ in seen} == {own, b""}
    assert {head for _, head in seen} == {b"own", b""}
