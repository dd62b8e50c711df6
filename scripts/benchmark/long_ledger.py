"""A ledger of many years, written quickly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.adapters.ledger.head import Head, write_head
from agent.adapters.ledger.ledger import open_ledger
from agent.adapters.ledger.rows import insert
from agent.adapters.ledger.schema import connect_for_writing
from agent.core.model.chain import GENESIS, seal
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord


def fill(state: Path, count: int) -> None:
    """Snapshots and drills of the process `bench`, one every ten minutes until now, in one transaction."""
    state.mkdir(mode=0o700)
    ledger = state / "ledger.db"
    open_ledger(ledger).close()
    database = connect_for_writing(ledger)
    database.execute("BEGIN")
    previous, now = GENESIS, datetime.now(UTC)
    for number in range(1, count + 1):
        at = now - timedelta(minutes=10 * (count - number))
        record = seal(_body(number, at), at, number, previous)
        insert(database, record)
        previous = record.hash
    database.execute("COMMIT")
    database.close()
    write_head(ledger, Head(count, previous))


def _body(number: int, at: datetime) -> Body:
    snapshot = f"{number:064x}"
    outcome: Outcome = "passed" if number % 7 else "failed"
    if number % 4:
        return SnapshotRecord(
            process="bench",
            repository="primary",
            started=at,
            outcome=outcome,
            seconds=12.5,
            snapshot=snapshot,
            snapshot_at=at,
        )
    return DrillRecord(
        process="bench",
        repository="primary",
        started=at,
        outcome=outcome,
        snapshot=snapshot,
        snapshot_at=at,
    )
