"""Finding records of a kind by a text in them, behind a place in the chain."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.model.drills import DrillRecord
from agent.core.model.runs import AgentRecord
from agent.errors import LedgerDamaged
from support.builders.ledger_records import NOW, drill, tampering


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Drills of two processes with the agent's records between them: numbers 1 to 6."""
    file = tmp_path / "ledger.db"
    with open_ledger(file) as ledger:
        for number in (1, 2, 3):
            ledger.append(drill(number, "orders" if number != 2 else "mail"), NOW)
            ledger.append(AgentRecord(event="clock-jumped", jump=number), NOW)
    return file


def test_without_a_text_every_record_of_the_kind_is_found_oldest_first(path: Path) -> None:
    with open_reader(path) as ledger:
        assert [entry.sequence for entry in ledger.search(DrillRecord)] == [1, 3, 5]


def test_only_what_stands_behind_a_place_is_found(path: Path) -> None:
    with open_reader(path) as ledger:
        assert [entry.sequence for entry in ledger.search(DrillRecord, after=1)] == [3, 5]
        assert ledger.search(DrillRecord, after=5) == []


def test_labels_narrow_the_search(path: Path) -> None:
    with open_reader(path) as ledger:
        assert [entry.sequence for entry in ledger.search(DrillRecord, process="orders")] == [1, 5]
        assert ledger.search(DrillRecord, process="elsewhere") == []


def test_one_of_the_texts_is_enough(path: Path) -> None:
    with open_reader(path) as ledger:
        found = ledger.search(AgentRecord, ['"jump":1', '"jump":3', '"jump":9'])
        assert [entry.sequence for entry in found] == [2, 6]


def test_a_name_cannot_pass_for_a_key(path: Path) -> None:
    """Canonical JSON escapes the quotes that a name may hold."""
    with open_ledger(path) as ledger:
        ledger.append(replace(drill(4), selection='"accepted":true'), NOW)
        assert ledger.search(DrillRecord, ['"accepted":true']) == []


def test_a_record_that_was_altered_is_not_believed(path: Path) -> None:
    with tampering(path) as database:
        database.execute(
            "UPDATE record SET body = replace(body, '\"jump\":1', '\"jump\":7') WHERE sequence = 2"
        )
    with open_reader(path) as ledger, pytest.raises(LedgerDamaged):
        ledger.search(AgentRecord, ['"jump":7'])


# ---- since a moment -------------------------------------------------------------------------


@pytest.fixture
def months(tmp_path: Path) -> Path:
    """Drills of orders on ten days, number 1 to 10, every third of which failed."""
    file = tmp_path / "months.db"
    with open_ledger(file) as ledger:
        for day in range(10):
            ledger.append(drill(day, outcome="failed" if day % 3 == 0 else "passed"), NOW + timedelta(day))
    return file


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (-1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (5, [4, 5, 6, 7, 8, 9, 10]),  # 4 failed before, 5 passed before
        (4.5, [4, 5, 6, 7, 8, 9, 10]),
        (9, [7, 9, 10]),
        (30, [9, 10]),
    ],
)
def test_what_was_written_since_a_moment_comes_behind_the_newest_older_ones(
    months: Path, day: float, found: list[int]
) -> None:
    with open_reader(months) as ledger:
        since = ledger.since(DrillRecord, NOW + timedelta(day), process="orders")
        assert [entry.sequence for entry in since] == found


def test_an_empty_ledger_holds_nothing_since_any_moment(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "empty.db") as ledger:
        assert list(ledger.since(DrillRecord, NOW)) == []


def test_no_altered_record_is_believed_since_a_moment_either(months: Path) -> None:
    with tampering(months) as database:
        database.execute(
            "UPDATE record SET body = replace(body, 'total_files\":6', 'total_files\":7') WHERE sequence = 7"
        )
    with open_reader(months) as ledger, pytest.raises(LedgerDamaged, match="altered"):
        list(ledger.since(DrillRecord, NOW))


def test_what_is_appended_while_reading_disturbs_nothing(months: Path) -> None:
    with open_reader(months) as reader, open_ledger(months) as ledger:
        since = reader.since(DrillRecord, NOW)
        next(since)
        ledger.append(drill(10), NOW)
        assert len(list(since)) == 9
        assert len(reader.search(DrillRecord)) == 11
