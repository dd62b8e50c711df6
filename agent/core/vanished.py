"""Which snapshots have to be in a repository, as far as the ledger knows, and which of them are not."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from agent.core.freeze import is_accepted
from agent.core.model import Entry, RetentionRecord, SnapshotRecord
from agent.core.repository import StoredSnapshot


class Known(Struct, frozen=True):
    """Full IDs that have to be there, newest first, and how many records had to be read to know it."""

    ids: tuple[str, ...] = ()
    records: int = 0

    def missing(self, listed: Iterable[StoredSnapshot]) -> list[str]:
        """Those that are not listed."""
        there = {snapshot.id for snapshot in listed}
        return [name for name in self.ids if name not in there]


def known_snapshots(
    snapshots: Sequence[Entry], retentions: Sequence[Entry], *, process: str, repository: str, host: str
) -> Known:
    """What was taken or kept and not removed by us since.

    `snapshots` are the records of the process in all repositories behind the first of `retentions`,
    `retentions` those of this copy from the newest on that noted what was left. All oldest first. A
    snapshot that a person accepted begins anew: whatever was missing then is not missed any more.
    """
    begin = max((entry.sequence for entry in snapshots if is_accepted(entry, process)), default=0)
    kept = _kept(retentions, begin)
    taken = [
        body.snapshot
        for entry in snapshots
        if isinstance(body := entry.body, SnapshotRecord)
        and (entry.sequence >= begin and body.snapshot)
        and (body.repository, body.host) == (repository, host)
    ]
    gone = _removed(retentions)
    ids = [name for name in dict.fromkeys([*kept, *taken]) if name not in gone]
    return Known(tuple(reversed(ids)), len(snapshots))


def _kept(retentions: Sequence[Entry], begin: int) -> list[str]:
    """What the newest record left that noted it; records are newest first in `kept`."""
    for entry in reversed(retentions):
        if isinstance(entry.body, RetentionRecord) and entry.body.kept:
            return list(reversed(entry.body.kept)) if entry.sequence > begin else []
    return []


def _removed(retentions: Sequence[Entry]) -> set[str]:
    """What we removed, or may have: a run that was killed left only the record of what it meant to do."""
    runs = {
        entry.body.started: entry.body.removed
        for entry in retentions
        if isinstance(entry.body, RetentionRecord)
    }
    return {name for removed in runs.values() for name in removed}
