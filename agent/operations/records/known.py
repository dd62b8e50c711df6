"""Ask the ledger which of the snapshots that a repository lists are ours."""

from collections.abc import Iterable, Sequence

from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.operations.ports.ledger import LedgerReader

AT_ONCE = 100  # IDs in one search


def known_and_strange(
    ledger: LedgerReader,
    process: str,
    listed: Sequence[StoredSnapshot],
    read: Iterable[SnapshotRecord],
) -> tuple[list[StoredSnapshot], list[StoredSnapshot]]:
    """Those of which a run of ours left a record, and the others; `read` are records that were read already.

    That a snapshot was once listed (as ListingRecord notes it) says nothing of who took it.
    """
    known = {record.snapshot for record in read}
    asked = [snapshot.id for snapshot in listed if snapshot.id not in known]
    for begin in range(0, len(asked), AT_ONCE):
        texts = [f'"{name}"' for name in asked[begin : begin + AT_ONCE]]
        bodies = (entry.body for entry in ledger.search(SnapshotRecord, texts, process=process))
        known |= {body.snapshot for body in bodies if isinstance(body, SnapshotRecord)}
    ours = [snapshot for snapshot in listed if snapshot.id in known]
    return ours, [snapshot for snapshot in listed if snapshot.id not in known]
