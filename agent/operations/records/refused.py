"""Ask the ledger whether a drill refused what plan B holds of the newest good snapshot."""

from collections.abc import Sequence

from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.copying import Good, copy_among, refused_there
from agent.operations.ports.ledger import LedgerReader

DRILLS = 200  # of plan B, the newest


def refused(
    ledger: LedgerReader,
    process: str,
    source: str,
    repository: str,
    goods: Sequence[Good],
    there: Sequence[StoredSnapshot],
) -> list[Finding]:
    """That all is there is no comfort then. `goods` newest first, `there` what plan B lists."""
    copied = copy_among(goods[0], there) if goods else None
    if copied is None:
        return []
    drills = ledger.newest(DrillRecord, process=process, repository=repository, limit=DRILLS)
    return refused_there(process, source, repository, copied, drills)
