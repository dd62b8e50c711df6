"""The verdict is made of the ledger that the config names, and of how the service is."""

from pathlib import Path

from agent.adapters.ledger.ledger import open_reader
from agent.app.answer import assess
from agent.config import load
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot


def test_a_ledger_that_does_not_exist_yet_holds_nothing_and_is_not_made(tmp_path: Path) -> None:
    judged = assess(load(str(recorded_shop(tmp_path))))
    assert (judged.verdict, judged.evidence.sequence) == ("UNKNOWN", 0)
    assert list((tmp_path / "state").iterdir()) == []


def test_the_verdict_names_the_head_of_the_ledger_it_was_made_of(tmp_path: Path) -> None:
    judged = assess(load(str(recorded_shop(tmp_path, snapshot(), drill()))))
    with open_reader(tmp_path / "state" / "ledger.db") as ledger:
        assert (judged.evidence.sequence, judged.evidence.head) == ledger.head()
    assert judged.verdict == "READY"
