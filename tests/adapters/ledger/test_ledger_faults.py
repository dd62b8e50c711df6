"""What really happens to ledgers: kill -9, two writers, full and read-only disks, damage, tampering."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.head import head_path
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.drills import DrillRecord
from agent.errors import LedgerDamaged, StateError
from support.builders.ledger_records import NOW, drill, mounted, python, write

ENDLESS_WRITER = """
import sys
from pathlib import Path
from agent.adapters.ledger.ledger import open_ledger
from support.builders.ledger_records import NOW, drill
number = 0
with open_ledger(Path(sys.argv[1])) as ledger:
    while True:
        number += 1
        print(ledger.append(drill(number), NOW).hash, flush=True)
"""

WRITER = """
import sys
from pathlib import Path
from agent.adapters.ledger.ledger import open_ledger
from support.builders.ledger_records import NOW, drill
for number in range(int(sys.argv[2])):
    with open_ledger(Path(sys.argv[1])) as ledger:
        print(ledger.append(drill(number), NOW).hash)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def small_disk(tmp_path: Path, as_root: None) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "size=256k") as disk:
        yield disk


@pytest.fixture
def other_disk(tmp_path: Path, as_root: None) -> Iterator[Path]:
    with mounted(tmp_path / "other", "size=4m") as disk:
        yield disk


def found(path: Path) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in examine(path).faults]


# ---- kill -9, two at once -------------------------------------------------------------------


@pytest.mark.parametrize("acknowledged", [1, 2, 7, 23, 60])
def test_every_acknowledged_record_is_there_after_kill_9(path: Path, acknowledged: int) -> None:
    child = python(ENDLESS_WRITER, path)
    assert child.stdout is not None
    hashes = [child.stdout.readline().strip() for _ in range(acknowledged)]
    os.kill(child.pid, signal.SIGKILL)
    hashes += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    with open_ledger(path) as ledger:
        kept = [entry.hash for entry in ledger.entries()]
        ledger.append(drill(1), NOW)
    assert kept[: len(hashes)] == hashes
    assert len(kept) <= len(hashes) + 1  # at most one was written and not yet acknowledged
    assert found(path) == []


def test_two_processes_that_write_at_once_never_fork_the_chain(path: Path) -> None:
    children = [python(WRITER, path, 40) for _ in range(2)]
    hashes = [line for child in children for line in child.communicate()[0].split()]
    assert [child.returncode for child in children] == [0, 0]
    with open_reader(path) as reader:
        assert {entry.hash for entry in reader.entries()} == set(hashes)
    assert (examine(path).records, found(path)) == (80, [])


# ---- disks ----------------------------------------------------------------------------------


def test_a_full_disk_refuses_the_record_and_keeps_all_others(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    with open_ledger(path) as ledger:
        kept = 0
        with pytest.raises(StateError, match="is full; nothing was recorded") as caught:
            for kept in range(1000):
                ledger.append(replace(drill(kept), statement="x" * 2000), NOW)
        assert caught.value.code == "state-full"
        assert ledger.head()[0] == kept
    assert (examine(path).records, found(path)) == (kept, [])


def test_a_ledger_goes_on_when_the_full_disk_has_room_again(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    with open_ledger(path) as ledger:
        fill(small_disk / "other")
        with pytest.raises(StateError, match="is full"):
            for _ in range(1000):
                ledger.append(replace(drill(2), statement="x" * 2000), NOW)
        (small_disk / "other").unlink()
        ledger.append(drill(3), NOW)
    assert found(path) == []


def test_a_ledger_on_a_full_disk_can_be_read(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    write(path, 1)
    fill(small_disk / "other")
    with open_reader(path) as reader:
        assert reader.newest(DrillRecord) == [drill(1)]
    assert found(path) == []


def test_a_new_ledger_on_a_full_disk_is_one_clear_sentence(small_disk: Path) -> None:
    fill(small_disk / "other")
    with pytest.raises(StateError):
        open_ledger(small_disk / "ledger.db")
    assert not (small_disk / "ledger.db").exists()


def fill(file: Path) -> None:
    with pytest.raises(OSError, match="No space left"), file.open("wb", buffering=0) as open_file:
        while True:
            open_file.write(b"x" * 4096)


@pytest.mark.parametrize("kept", [("",), ("", "-wal", "-shm")])
def test_a_read_only_file_system_can_be_read_and_not_written(
    path: Path, other_disk: Path, kept: tuple[str, ...]
) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(1), NOW)
        if kept == ("",):
            ledger.close()
        for suffix in kept:
            shutil.copy(f"{path}{suffix}", other_disk)
    shutil.copy(head_path(path), other_disk)
    copy = other_disk / "ledger.db"
    subprocess.run(["mount", "-o", "remount,ro", str(other_disk)], check=True)
    with open_reader(copy) as reader:
        assert reader.newest(DrillRecord) == [drill(1)]
    assert found(copy) == []
    with pytest.raises(StateError, match=r"read-only|cannot be read or written"), open_ledger(copy) as ledger:
        ledger.append(drill(2), NOW)


def test_a_directory_that_others_keep_closed_is_one_clear_sentence(path: Path, as_root: None) -> None:
    write(path, 1)
    path.parent.chmod(0o700)
    script = (
        "import os, sys; from pathlib import Path; from agent.adapters.ledger.ledger import open_reader;"
        "from agent.errors import StateError; os.setuid(65534)\n"
        "try: open_reader(Path(sys.argv[1]))\n"
        "except StateError as error: print(error.message)"
    )
    child = python(script, path)
    assert "cannot be used: Permission denied" in child.communicate()[0]


# ---- not what was written -------------------------------------------------------------------


def test_a_ledger_that_was_deleted_is_noticed_and_not_begun_again(path: Path) -> None:
    write(path, 2)
    path.unlink()
    refuses(path, "is gone, but ledger.head is still there")
    assert not path.exists()


def test_a_log_of_a_ledger_that_is_gone_is_not_played_into_a_new_one(path: Path) -> None:
    path.with_name("ledger.db-wal").write_bytes(b"x" * 5000)
    refuses(path, "is gone, but ledger.db-wal is still there")


def refuses(path: Path, words: str) -> None:
    refuses_to_open(path, words)
    with pytest.raises(LedgerDamaged, match=words):
        examine(path)


def refuses_to_open(path: Path, words: str) -> None:
    for use in (open_ledger, open_reader):
        with pytest.raises(LedgerDamaged, match=words):
            use(path)
