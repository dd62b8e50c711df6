"""What a drill from plan B needs that takes the place of one from the first repository."""

from agent.core.model.drills import DrillRecord
from agent.core.model.findings import finding
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import Busy
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Lookup, WorkLedger

WORDS = ("latest", "last-good", "random")


def same_snapshot(ledger: Lookup, select: str, process: str, repository: str) -> str:
    """The selection as it is called in `repository`: a copy has an ID of its own."""
    if select in WORDS:
        return select
    copies = ledger.search(SnapshotRecord, [f'"copy_of":"{select}'], process=process, repository=repository)
    bodies = [entry.body for entry in copies]
    return next((body.snapshot for body in bodies if isinstance(body, SnapshotRecord)), select)


def busy_drill(
    ledger: WorkLedger, clock: Clock, process: str, repository: str, instead_of: str, busy: Busy
) -> DrillRecord:
    """The record of a drill that could not be made because another readiness is at work there."""
    trouble = finding("repository-locked", process, busy.message, busy.hint)
    now = clock.now()
    record = DrillRecord(
        process=process,
        repository=repository,
        started=now,
        outcome="not_tested",
        instead_of=instead_of,
        findings=(trouble,),
    )
    ledger.append(record, now)
    return record
