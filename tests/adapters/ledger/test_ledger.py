"""The ledger as the operations use it."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from agent.adapters.ledger.check import examine
from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.chain import GENESIS
from agent.core.model.drills import DrillRecord
from agent.core.model.records import RepositoryRecord
from agent.core.model.snapshots import SnapshotRecord
from support.builders.ledger_records import NOW, REPOSITORY, bodies, drill, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def numbers(found: list[DrillRecord]) -> list[int]:
    return [record.total_files for record in found]


def test_a_new_ledger_is_empty_and_private(path: Path) -> None:
    with open_ledger(path) as ledger:
        assert ledger.head() == (0, GENESIS)
        ledger.append(drill(1), NOW)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}


def test_appended_records_come_back_in_order(path: Path) -> None:
    with open_ledger(path) as ledger:
        appended = [ledger.append(drill(number), NOW + timedelta(seconds=number)) for number in range(5)]
        assert list(ledger.entries()) == appended
        assert ledger.head() == (5, appended[-1].hash)
    with open_reader(path) as reader:
        assert list(reader.entries()) == appended


def test_the_newest_come_first_and_only_as_many_as_asked_for(path: Path) -> None:
    write(path, 9)
    with open_reader(path) as reader:
        assert numbers(reader.newest(DrillRecord)) == [9]
        assert numbers(reader.newest(DrillRecord, limit=3)) == [9, 8, 7]
        assert numbers(reader.newest(DrillRecord, limit=50)) == list(range(9, 0, -1))


def test_kinds_do_not_mix(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(1), NOW)
        ledger.append(REPOSITORY, NOW)
        assert ledger.newest(RepositoryRecord, repository="primary") == [REPOSITORY]
        assert ledger.newest(SnapshotRecord) == []


def test_a_reader_sees_what_a_writer_appends_meanwhile(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.append(drill(1), NOW)
        with open_reader(path) as reader:
            ledger.append(drill(2), NOW)
            assert numbers(reader.newest(DrillRecord)) == [2]


def test_a_reader_in_the_middle_of_the_records_does_not_stop_a_writer(path: Path) -> None:
    write(path, 3)
    with open_ledger(path) as ledger, open_reader(path) as reader:
        entries = reader.entries()
        next(entries)
        ledger.append(drill(4), NOW)
        assert len(list(entries)) == 2


def test_two_ledgers_of_one_file_share_one_chain(path: Path) -> None:
    with open_ledger(path) as one, open_ledger(path) as two:
        for number in range(4):
            (one, two)[number % 2].append(drill(number), NOW)
    assert [body.total_files for body in bodies(path) if isinstance(body, DrillRecord)] == [0, 1, 2, 3]
    assert examine(path).faults == ()
