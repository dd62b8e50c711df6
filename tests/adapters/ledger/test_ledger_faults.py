"""What really happens to ledgers: kill -9, two writers, full and read-only disks, damage, tampering."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.head import Head, head_path, read_head, write_head
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.records import DrillRecord, Entry
from agent.errors import LedgerDamaged, ReadinessError, StateError
from support.builders.ledger_records import NOW, drill, mounted, python, tampering, write

ENDLESS_WRITER = """
import sys
from pathlib import Path
from agent.adapters.ledger.ledger import open_ledger
from ledger_records import NOW, drill
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
from ledger_records import NOW, drill
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


def test_a_kill_while_an_empty_ledger_is_made_leaves_nothing_in_the_way(path: Path) -> None:
    path.with_name("ledger.db.new").write_bytes(b"half")
    write(path, 1)
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


def test_an_empty_file_is_damage(path: Path) -> None:
    path.touch()
    refuses(path, r"is empty \(zero bytes\)")
    assert path.stat().st_size == 0


def test_a_file_that_is_no_database_is_damage_and_stays_as_it_is(path: Path) -> None:
    path.write_bytes(b"Dear readiness, " * 300)
    refuses(path, "is damaged: file is not a database")
    assert path.read_bytes() == b"Dear readiness, " * 300


def test_a_database_of_something_else_is_damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url)")
    refuses(path, "is not a ledger of readiness")


def test_a_directory_in_its_place_is_damage(path: Path) -> None:
    path.mkdir()
    refuses(path, "is not a regular file")


def test_a_ledger_of_a_newer_readiness_is_refused_and_not_called_damaged(path: Path) -> None:
    write(path, 1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    for use in (open_ledger, open_reader, examine):
        with pytest.raises(StateError, match="newer readiness") as caught:
            use(path)
        assert not isinstance(caught.value, LedgerDamaged)


def test_a_ledger_that_was_deleted_is_noticed_and_not_begun_again(path: Path) -> None:
    write(path, 2)
    path.unlink()
    refuses(path, "is gone, but ledger.head is still there")
    assert not path.exists()


def test_a_log_of_a_ledger_that_is_gone_is_not_played_into_a_new_one(path: Path) -> None:
    path.with_name("ledger.db-wal").write_bytes(b"x" * 5000)
    refuses(path, "is gone, but ledger.db-wal is still there")


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


def refuses(path: Path, words: str) -> None:
    refuses_to_open(path, words)
    with pytest.raises(LedgerDamaged, match=words):
        examine(path)


def refuses_to_open(path: Path, words: str) -> None:
    for use in (open_ledger, open_reader):
        with pytest.raises(LedgerDamaged, match=words):
            use(path)


# ---- tampering ------------------------------------------------------------------------------


def test_an_updated_record_is_the_one_fault(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("UPDATE record SET body = replace(body, 'passed', 'failed') WHERE sequence = 5")
    assert found(path) == [(5, "altered")]


def test_an_updated_outcome_alone_is_found_and_never_believed(path: Path) -> None:
    with open_ledger(path) as ledger:
        for number in range(4):
            ledger.append(drill(number, outcome="failed"), NOW)
    with tampering(path) as database:
        database.execute("UPDATE record SET outcome = 'passed' WHERE sequence = 2")
    assert found(path) == [(2, "altered")]
    with (
        open_reader(path) as reader,
        pytest.raises(LedgerDamaged, match="Record 2 of the ledger was altered"),
    ):
        reader.newest(DrillRecord, outcome="passed")


def test_deleted_records_in_the_middle_are_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence IN (4, 5)")
    assert [fault.message for fault in examine(path).faults] == ["records 4 to 5 are missing"]


def test_swapped_records_are_both_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        for before, after in ((4, -1), (5, 4), (-1, 5)):
            database.execute("UPDATE record SET sequence = ? WHERE sequence = ?", (after, before))
    assert found(path) == [(4, "reordered"), (5, "reordered")]


def test_a_removed_tail_is_named(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence > 7")
    assert found(path) == [(8, "removed")]
    refuses_to_open(path, "records 8 to 9 are missing from the end")


def test_a_removed_tail_is_found_by_the_counter_without_the_head_file(path: Path) -> None:
    write(path, 2)
    head_path(path).unlink()
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence = 2")
    assert found(path) == [(2, "removed")]


def test_a_removed_tail_is_found_by_the_head_file_without_the_counter(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("DELETE FROM record WHERE sequence > 7")
        database.execute("UPDATE sqlite_sequence SET seq = 7")
    assert found(path) == [(8, "removed")]


def test_a_counter_that_was_set_back_is_a_fault(path: Path) -> None:
    write(path, 9)
    with tampering(path) as database:
        database.execute("UPDATE sqlite_sequence SET seq = 7")
    assert found(path) == [(None, "removed")]


def test_all_records_removed_is_a_fault(path: Path) -> None:
    write(path, 3)
    with tampering(path) as database:
        database.execute("DELETE FROM record")
    assert found(path) == [(1, "removed")]


def test_removed_guards_are_a_fault(path: Path) -> None:
    write(path, 2)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER record_no_update")
    assert found(path) == [(None, "unguarded")]


def test_a_recomputed_chain_is_given_away_by_a_head_that_was_printed(path: Path) -> None:
    printed = write(path, 6)[4]
    assert examine(path, printed[:12]).faults == ()
    path.unlink()
    head_path(path).unlink()
    write(path, 6, start=100)
    assert examine(path).faults == ()
    assert [fault.what for fault in examine(path, printed[:12]).faults] == ["head"]


def test_an_index_that_lost_an_entry_is_a_fault(path: Path) -> None:
    write(path, 4)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = replace(sql, 'kind,', 'at,') WHERE type = 'index'")
        database.commit()
    assert {fault.what for fault in examine(path).faults} == {"unreadable"}


def test_an_index_that_names_another_record_is_never_believed(path: Path) -> None:
    write(path, 4)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'process, repository', 'repository, process')"
            " WHERE type = 'index'"
        )
        database.commit()
    with open_reader(path) as reader, pytest.raises(LedgerDamaged, match="names a record that is not there"):
        reader.newest(DrillRecord, process="primary", repository="orders")


def test_text_that_is_no_text_any_more_is_the_fault_of_its_record(path: Path) -> None:
    write(path, 4)
    with tampering(path) as database:
        database.execute("UPDATE record SET body = CAST(x'7bff7d' AS TEXT) WHERE sequence = 3")
    assert found(path) == [(3, "altered")]


def test_a_head_file_never_goes_back(path: Path) -> None:
    hashes = write(path, 3)
    write_head(path, Head(2, hashes[1]))
    assert read_head(path) == Head(3, hashes[2])


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_never_pass_for_whole_when_a_record_changed(path: Path, seed: int) -> None:
    write(path, 120)
    sound = path.read_bytes()
    records = entries_of(path)
    known = {repr(entry.body) for entry in records}
    choice = random.Random(seed)
    for _ in range(60):
        flipped = bytearray(sound)
        for _ in range(choice.choice((1, 1, 4, 40))):
            flipped[choice.randrange(len(flipped))] ^= choice.randrange(1, 256)
        path.write_bytes(flipped)
        try:
            whole = examine(path).faults == ()
            if whole:
                assert entries_of(path) == records
            with open_reader(path) as reader:
                assert set(map(repr, reader.newest(DrillRecord, limit=3))) <= known
        except ReadinessError as error:
            assert "\n" not in error.message


def test_truncated_files_never_pass_for_whole(path: Path) -> None:
    write(path, 120)
    sound = path.read_bytes()
    for length in (*range(1, 4097, 409), *range(4096, len(sound), 2731)):
        path.write_bytes(sound[:length])
        try:
            assert examine(path).faults != ()
        except ReadinessError as error:
            assert isinstance(error, StateError)


def entries_of(path: Path) -> list[Entry]:
    with open_reader(path) as reader:
        return list(reader.entries())
