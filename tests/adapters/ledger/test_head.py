"""The head file beside the ledger witnesses its end, and never leads."""

import os
import shutil
from pathlib import Path

import pytest

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.head import Head, head_path, read_head, write_head
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.errors import LedgerDamaged
from support.builders.ledger_records import NOW, drill, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def found(path: Path) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in examine(path).faults]


def test_a_kill_before_the_head_file_is_written_is_no_fault(path: Path) -> None:
    write(path, 3)
    before = read_head(path)
    write(path, 1, start=4)
    assert before is not None
    head_path(path).unlink()
    write_head(path, before)
    assert found(path) == []
    write(path, 1, start=5)
    assert read_head(path) == Head(5, examine(path).head)


def test_an_older_copy_in_its_place_is_noticed(path: Path, tmp_path: Path) -> None:
    write(path, 5)
    shutil.copy(path, tmp_path / "older")
    write(path, 4, start=6)
    shutil.copy(tmp_path / "older", path)
    assert found(path) == [(6, "removed")]
    refuses_to_open(path, "records 6 to 9 are missing from the end, or this is an older copy")


def test_another_ledger_in_its_place_is_noticed(path: Path, tmp_path: Path) -> None:
    write(path, 3)
    write(tmp_path / "another.db", 7, start=50)
    shutil.copy(tmp_path / "another.db", path)
    assert found(path) == [(3, "head")]
    refuses_to_open(path, "record 3 is not the one that the head file names")


def test_an_older_copy_is_noticed_by_a_ledger_that_is_open(path: Path, tmp_path: Path) -> None:
    write(path, 2)
    with open_ledger(path) as ledger:
        head_path(path).write_text(f"5 {'a' * 64}\n")
        with pytest.raises(LedgerDamaged, match="is not whole"):
            ledger.append(drill(3), NOW)


@pytest.mark.parametrize("content", ["", "12", "9 zz\n", "x" * 100_000])
def test_a_damaged_head_file_is_named(path: Path, content: str) -> None:
    write(path, 3)
    head_path(path).write_text(content)
    assert found(path) == [(None, "head")]
    refuses_to_open(path, "does not hold the number and the hash of a record")


def test_a_removed_head_file_is_named_until_the_next_record(path: Path) -> None:
    write(path, 3)
    head_path(path).unlink()
    assert found(path) == [(None, "head")]
    write(path, 1, start=4)
    assert found(path) == []


def refuses_to_open(path: Path, words: str) -> None:
    for use in (open_ledger, open_reader):
        with pytest.raises(LedgerDamaged, match=words):
            use(path)


def test_a_head_file_never_goes_back(path: Path) -> None:
    hashes = write(path, 3)
    write_head(path, Head(2, hashes[1]))
    assert read_head(path) == Head(3, hashes[2])


def test_the_head_file_lies_beside_its_ledger(path: Path) -> None:
    assert head_path(path) == path.with_name("ledger.head")


def test_without_a_head_file_there_is_no_head(path: Path) -> None:
    assert read_head(path) is None


def test_a_head_that_is_written_can_be_read_by_its_owner_alone(path: Path) -> None:
    write_head(path, Head(7, "ab" * 32))
    assert read_head(path) == Head(7, "ab" * 32)
    assert head_path(path).stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_head(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_head(path, Head(7, "ab" * 32))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_head(path, Head(8, "cd" * 32))
    assert read_head(path) == Head(7, "ab" * 32)
    assert os.listdir(path.parent) == ["ledger.head"]


def test_a_head_is_not_written_through_a_link_that_lies_in_wait(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    head_path(path).with_name(f"{head_path(path).name}.{os.getpid()}").symlink_to(victim)
    write(path, 1)
    assert victim.read_text() == "precious"
    assert not head_path(path).is_symlink()
