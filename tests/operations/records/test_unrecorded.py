"""What a run found is heard also where it cannot be written down, with the status of the worse of the two."""

from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import SqliteLedger
from agent.app import drills
from agent.cli import run
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding, finding
from agent.core.model.records import Body, CheckRecord
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import Busy, Exit, ReadinessError, StateError
from agent.operations.records.unrecorded import unrecorded
from support.builders.readiness_cli import Shop

GONE = finding("file-missing", "orders", "/srv/orders/1 did not come back.")
FULL = StateError("The disk is full.", "Make room there.", "state-full")
BUSY = Busy("Another process has been writing for 30 s.", "Try again later.")


@pytest.mark.parametrize(
    ("outcome", "findings", "error", "exit_status", "said"),
    [
        ("failed", (GONE,), FULL, Exit.BAD, "FAILED: /srv/orders/1 did not come back; and this could not be"),
        ("failed", (), BUSY, Exit.BAD, "FAILED; and this could not be recorded: Another process"),
        ("passed", (), FULL, Exit.NOT_TESTED, "PASSED; and this could not be recorded: The disk is full."),
        ("passed", (), BUSY, Exit.BUSY, "PASSED; and this"),
        ("not_tested", (GONE,), FULL, Exit.NOT_TESTED, "could not be made: /srv/orders/1 did"),
    ],
)
def test_it_says_both_and_ends_with_the_worse(
    outcome: Outcome, findings: tuple[Finding, ...], error: ReadinessError, exit_status: Exit, said: str
) -> None:
    told = unrecorded("The drill of orders", outcome, findings, error)
    assert told.message.startswith(f"The drill of orders {said}")
    assert (told.exit, told.hint, told.code) == (exit_status, error.hint, error.code)


def test_what_is_why_nothing_came_of_it_is_said_once() -> None:
    why = finding(FULL.code, "orders", FULL.message, FULL.hint)
    assert unrecorded("The drill of orders", "not_tested", (why,), FULL) is FULL


@pytest.fixture
def bad(newest_restic: Path, tmp_path: Path) -> Shop:
    """A business of which nothing comes back, and of which a source is gone."""
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "letter").write_text("Dear customer")
    assert shop.snapshot().status == 0
    for pack in shop.repository.glob("data/*/*"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    shop.source.rename(tmp_path / "gone")
    return shop


@pytest.mark.parametrize(
    ("command", "body", "said"),
    [
        ("drill", DrillRecord, "The drill of orders from primary FAILED: "),
        ("check", CheckRecord, "The check of primary FAILED: restic found damage"),
        ("snapshot", SnapshotRecord, "The snapshot of orders to primary FAILED: "),
    ],
)
def test_no_full_disk_hides_that_a_run_failed(
    bad: Shop,
    command: str,
    body: type[Body],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    append = SqliteLedger.append

    def full(self: SqliteLedger, record: Body, *rest: object) -> object:
        if isinstance(record, body):
            raise FULL
        return append(self, record, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteLedger, "append", full)
    monkeypatch.setattr(drills, "drills_apart", lambda: False)
    assert run(["--config", str(bad.config), command]) == Exit.BAD
    heard = capsys.readouterr().err
    assert said in heard
    assert "; and this could not be recorded: The disk is full.\nMake room there.\n" in heard
