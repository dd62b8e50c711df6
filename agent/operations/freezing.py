"""Ask the ledger what freezes the retention of a process."""

from agent.core.freeze import CLOCK_JUMPED, FREEZING, Freeze, open_freezes
from agent.core.model import (
    Body,
    CopyRecord,
    DrillRecord,
    Entry,
    RetentionRecord,
    SnapshotRecord,
    WatchRecord,
)
from agent.core.runs import AgentRecord
from agent.operations.ports import LedgerReader

OPENING: tuple[type[Body], ...] = (SnapshotRecord, WatchRecord, DrillRecord, RetentionRecord, CopyRecord)


def freezes(ledger: LedgerReader, process: str) -> tuple[Freeze, ...]:
    """What is open now. Most processes have nothing, which is found without opening a record."""
    codes = [f'"{code}"' for code in FREEZING]
    opening: list[Entry] = ledger.search(AgentRecord, [f'"{CLOCK_JUMPED}"'])
    for body in OPENING:
        opening += ledger.search(body, codes, process=process)
    if not opening:
        return ()
    oldest = min(entry.sequence for entry in opening)
    accepted = ledger.search(SnapshotRecord, ['"accepted":true'], process=process, after=oldest)
    return open_freezes([*opening, *accepted], process)
