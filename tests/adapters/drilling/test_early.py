"""What comes back is read while restic is still at work, and counts only when it is what the witness says."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.adapters.drilling import early
from agent.adapters.drilling.early import EarlyReader
from agent.core.snapshot.witness import content_fields, stat_fields

RIGHT = b"right content"
SETTLED = early.SETTLED_NS / 1e9


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "srv").mkdir(parents=True)
    return tmp_path / "tree"


@pytest.fixture
def reader(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EarlyReader]:
    """Its witness lists srv/orders with the right content."""
    monkeypatch.setattr(early, "BUSY", 1000.0)  # whatever else this machine does
    model = tmp_path / "model"
    model.write_bytes(RIGHT)
    fields = content_fields(8, hashlib.sha256(RIGHT).hexdigest().encode(), "", b"", b"", b"srv/orders")
    (tmp_path / "witness").write_bytes(stat_fields(model.stat()) + fields)
    handle = os.open(tree, os.O_RDONLY)
    found = EarlyReader(handle, tmp_path / "witness")
    yield found
    found.stop()
    os.close(handle)


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def test_a_file_that_came_back_is_known_by_its_digest(tree: Path, reader: EarlyReader) -> None:
    (tree / "srv" / "orders").write_bytes(RIGHT)
    inode = (tree / "srv" / "orders").stat().st_ino

    assert _within(20, lambda: reader.sha256(inode) is not None)
    assert reader.sha256(inode) == hashlib.sha256(RIGHT).hexdigest().encode()


@pytest.mark.parametrize("early_content", [RIGHT[:-1] + b"?", bytes(len(RIGHT)), RIGHT[:3]])
def test_a_file_read_too_soon_is_read_again(tree: Path, reader: EarlyReader, early_content: bytes) -> None:
    file = tree / "srv" / "orders"
    file.write_bytes(early_content)
    inode = file.stat().st_ino
    time.sleep(SETTLED + 4 * early.PAUSE)
    assert reader.sha256(inode) is None

    file.write_bytes(RIGHT)

    assert _within(20, lambda: reader.sha256(inode) is not None)


def test_a_file_is_not_read_twice_for_nothing(
    tree: Path, reader: EarlyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[bytes] = []
    real = early.digest
    monkeypatch.setattr(early, "digest", lambda base, path: reads.append(path) or real(base, path))  # type: ignore[func-returns-value]
    (tree / "srv" / "orders").write_bytes(RIGHT[:-1] + b"?")

    assert _within(20, lambda: bool(reads))
    time.sleep(6 * early.PAUSE)

    assert reads == [b"srv/orders"]


def test_a_link_in_the_place_of_a_file_is_not_followed(tree: Path, reader: EarlyReader) -> None:
    (tree / "elsewhere").write_bytes(RIGHT)
    (tree / "srv" / "orders").symlink_to("../elsewhere")
    time.sleep(SETTLED + 4 * early.PAUSE)

    assert reader.sha256((tree / "elsewhere").stat().st_ino) is None


def test_a_busy_machine_is_left_to_restic(
    tree: Path, reader: EarlyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "BUSY", -1.0)
    time.sleep(0.5)  # a look that had begun
    (tree / "srv" / "orders").write_bytes(RIGHT)
    time.sleep(SETTLED + 4 * early.PAUSE)

    assert reader.sha256((tree / "srv" / "orders").stat().st_ino) is None
