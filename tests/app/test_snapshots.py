"""The wiring of snapshots: what is recorded besides the snapshot itself."""

import json
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.cli import run
from support.builders.ledger_records import CONFIG


@pytest.fixture
def place(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (tmp_path / "readiness.toml").write_text(CONFIG.format(state=state))
    return tmp_path


def readiness(place: Path, *arguments: str) -> int:
    return run(["--config", str(place / "readiness.toml"), *arguments])


def kinds(place: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert readiness(place, "ledger", "export") == 0
    return [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]


def test_objectives_are_recorded_once_and_again_when_they_change(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        readiness(place, "snapshot")  # there is no repository: not even a snapshot is needed for that
    before = kinds(place, capsys)
    text = (place / "readiness.toml").read_text()
    (place / "readiness.toml").write_text(text.replace('rto = "24h"', 'rto = "12h"'))
    readiness(place, "drill")

    assert before.count("config") == 1
    assert kinds(place, capsys).count("config") == 2


def test_a_recorded_config_holds_no_address_and_no_secret(place: Path) -> None:
    readiness(place, "snapshot")
    with open_ledger(place / "state" / "ledger.db") as ledger:
        texts = [str(entry.body) for entry in ledger.entries() if type(entry.body).__name__ == "ConfigRecord"]

    assert len(texts) == 1
    assert str(place) not in texts[0]
