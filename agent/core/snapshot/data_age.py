"""How old the data in a snapshot is, where it holds dumps: what came after the dump would be lost as well.

Only dumps that a `newest_file` proof looks at count. Those a process lives by; others may be there for years.
"""

import posixpath
from collections.abc import Iterator
from datetime import datetime

from agent.core.configuration.config import CriticalProcess, NewestFileProof
from agent.core.model.snapshots import DumpNote, SnapshotRecord
from agent.core.snapshot.dumps import newest_of_each
from agent.core.text.patterns import is_pattern, matches


def oldest_dump(process: CriticalProcess, record: SnapshotRecord) -> DumpNote | None:
    """The dump that lacks the most of what a proof wants to be recent; None when there is no such dump."""
    return min(_needed(process, record), key=lambda dump: dump.at, default=None)


def data_at(process: CriticalProcess, record: SnapshotRecord) -> datetime:
    """The moment whose data the snapshot holds."""
    taken = record.snapshot_at or record.started
    dump = oldest_dump(process, record)
    return min(taken, dump.at) if dump else taken


def _needed(process: CriticalProcess, record: SnapshotRecord) -> Iterator[DumpNote]:
    for proof in process.proofs:
        if isinstance(proof, NewestFileProof):
            found = [dump for dump in record.dumps if _is_looked_at(proof.path, dump.path)]
            if is_pattern(proof.path):
                yield from newest_of_each(found)
            elif found:
                yield max(found, key=lambda dump: dump.at)


def _is_looked_at(wanted: str, path: str) -> bool:
    if is_pattern(wanted):
        return matches(path, wanted)
    top = posixpath.normpath(wanted)
    return path == top or path.startswith(f"{top}/")
