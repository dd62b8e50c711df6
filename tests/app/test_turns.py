"""A process whose run ends in what nobody foresaw has a record of it, and takes no turn from the others."""

from collections.abc import Generator
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.app.turns import in_turn
from agent.cli import run
from agent.config import load
from agent.core.configuration.config import CriticalProcess
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import Busy, Exit
from agent.operations.drill import drill
from agent.operations.snapshot import snapshot
from support.builders.ledger_records import CONFIG

MAIL = '[process.mail]\npaths = ["/srv/mail"]\n'


@pytest.fixture
def config(tmp_path: Path) -> str:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    file = tmp_path / "readiness.toml"
    file.write_text(CONFIG.format(state=state) + MAIL)
    return str(file)


def runs_out_of_memory(_: object) -> None:
    raise MemoryError


@pytest.mark.parametrize(
    ("command", "body", "work"),
    [("snapshot", SnapshotRecord, snapshot._Attempt), ("drill", DrillRecord, drill._Rehearsal)],
)
def test_each_process_has_a_record_of_what_nobody_foresaw(
    config: str,
    command: str,
    body: type[Body],
    work: type,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(work, "run", runs_out_of_memory)

    assert run(["--config", config, command]) == Exit.NOT_TESTED
    assert "readiness itself failed (MemoryError)" in capsys.readouterr().err
    with open_reader(Path(load(config).settings.state) / "ledger.db") as ledger:
        records = [ledger.newest(body, process=name) for name in ("orders", "mail")]
    assert [[record.outcome for record in each] for each in records] == [["not_tested"], ["not_tested"]]


def test_what_the_kernel_refuses_is_a_record_and_no_defect(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: object) -> None:
        raise OSError(5, "Input/output error", "/srv/orders/ledger")

    monkeypatch.setattr(snapshot._Attempt, "run", fails)

    assert run(["--config", config, "snapshot"]) == Exit.NOT_TESTED
    printed = capsys.readouterr()
    assert printed.out.count("/srv/orders/ledger: Input/output error.") == 2
    assert not printed.err


def test_a_refusal_ends_all_at_once(config: str) -> None:
    begun = []

    def refuses(process: CriticalProcess) -> Generator[str, None, None]:
        begun.append(process.name)
        yield process.name
        raise Busy("Another is at work.")

    with pytest.raises(Busy):
        list(in_turn(load(config).processes, refuses))
    assert len(begun) == 1
