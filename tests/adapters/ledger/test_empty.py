"""A ledger that does not exist yet holds nothing, and is not made by reading it."""

from pathlib import Path

import pytest

from agent.adapters.ledger.empty import EmptyReader
from agent.adapters.ledger.ledger import open_reader
from agent.core.model.chain import GENESIS
from agent.core.model.drills import DrillRecord
from agent.operations.ports.ledger import LedgerReader
from support.builders.ledger_records import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def test_a_missing_ledger_reads_as_empty_and_is_not_made(path: Path) -> None:
    reader = open_reader(path)
    assert (reader.head(), list(reader.entries()), reader.newest(DrillRecord)) == ((0, GENESIS), [], [])
    assert not path.exists()


def test_a_ledger_that_does_not_exist_yet_holds_nothing(tmp_path: Path) -> None:
    with open_reader(tmp_path / "none.db") as ledger:
        assert ledger.search(DrillRecord) == []


def test_it_answers_every_question_with_nothing() -> None:
    with EmptyReader() as reader:
        assert (reader.first(DrillRecord), reader.newest_entries(DrillRecord)) == (None, [])
        assert (list(reader.since(DrillRecord, NOW)), list(reader.entries())) == ([], [])
        assert reader.head() == (0, GENESIS)


def test_it_can_be_asked_whatever_a_ledger_can_be_asked() -> None:
    questions = {name for name in dir(LedgerReader) if not name.startswith("_")}
    assert questions <= set(dir(EmptyReader))
