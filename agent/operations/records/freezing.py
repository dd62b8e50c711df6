"""Ask the ledger what freezes the retention of a process."""

from typing import TYPE_CHECKING

from agent.core.evidence.evidence import Freeze
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body, CopyRecord, Entry, RetentionRecord, WatchRecord
from agent.core.model.runs import AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.upkeep.freeze import CLOCK_JUMPED, FREEZING, open_freezes

if TYPE_CHECKING:  # `readiness status` has few milliseconds, and the Protocols alone would take four
    from agent.operations.ports.ledger import LedgerReader

LOOKED_THROUGH = 8  # retentions
OPENING: tuple[type[Body], ...] = (SnapshotRecord, WatchRecord, DrillRecord, RetentionRecord, CopyRecord)


def freezes(ledger: "LedgerReader", process: str) -> tuple[Freeze, ...]:
    """What is open now. Most processes have nothing, which is found without opening many records."""
    codes, after = [f'"{code}"' for code in FREEZING], _nothing_open_at(ledger, process)
    opening: list[Entry] = ledger.search(AgentRecord, [f'"{CLOCK_JUMPED}"'])
    for body in OPENING:
        opening += ledger.search(body, codes, process=process, after=after)
    if not opening:
        return ()
    oldest = min(entry.sequence for entry in opening)
    accepted = ledger.search(SnapshotRecord, ['"accepted":true'], process=process, after=oldest)
    first = ledger.first(SnapshotRecord, process=process)
    return open_freezes([*opening, *accepted], process, first.sequence if first else 0)


def _nothing_open_at(ledger: "LedgerReader", process: str) -> int:
    """The number of a record up to which no finding is open: a retention that was not frozen has looked.

    Not of the newest of these: what was recorded while it was at work may stand before its own record.
    """
    newest = ledger.newest_entries(RetentionRecord, process=process, outcome="passed", limit=LOOKED_THROUGH)
    free = [entry for entry in newest if isinstance(entry.body, RetentionRecord) and not entry.body.frozen]
    return free[1].sequence if len(free) > 1 else 0
