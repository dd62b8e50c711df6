"""Which snapshots have to be in a repository, as far as the ledger knows, and which of them are not."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, structs

from agent.core.evidence.account import CHANGED
from agent.core.evidence.evidence import is_whole
from agent.core.model.records import Entry, ListingRecord, RetentionRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.core.upkeep.freeze import FREEZING, is_accepted

NOTED_AFTER = 500  # snapshots since what is there was last noted


class Known(Struct, frozen=True):
    """Full IDs that have to be there, newest first, and how many records had to be read to know it."""

    ids: tuple[str, ...] = ()
    records: int = 0

    def missing(self, listed: Iterable[StoredSnapshot]) -> list[str]:
        """Those that are not listed."""
        there = {snapshot.id for snapshot in listed}
        return [name for name in self.ids if name not in there]

    def is_outdated(self, listed: Iterable[StoredSnapshot]) -> bool:
        """What is there should be noted: nothing is missing, and it is not all known, or tedious to know."""
        there = {snapshot.id for snapshot in listed}
        return there > set(self.ids) or (there == set(self.ids) and self.records > NOTED_AFTER)


def under_new_ids(
    missing: Collection[str], records: Iterable[SnapshotRecord], listed: Sequence[StoredSnapshot]
) -> dict[str, SnapshotRecord]:
    """The records, as they are under their new IDs, of missing snapshots that only got another one.

    `restic tag` and `rewrite` name the one that they changed as the original; content and time must be the
    same. By the old ID. `records` are the newest last.
    """
    found: dict[str, SnapshotRecord] = {}
    for record in records:
        if record.snapshot in missing and record.tree:
            names = {record.snapshot, record.origin}
            same = (record.tree, record.snapshot_at)
            stored = next((s for s in listed if s.original in names and (s.tree, s.time) == same), None)
            if stored:
                found[record.snapshot] = _renamed(record, stored.id)
    return found


def _renamed(record: SnapshotRecord, name: str) -> SnapshotRecord:
    """What is known of it holds under the new ID, but for what was said of the repository, or accepted."""
    return structs.replace(
        record,
        snapshot=name,
        copy_of=record.origin,
        outcome="passed" if is_whole(record) else record.outcome,
        accepted=False,
        findings=tuple(found for found in record.findings if found.code not in FREEZING),
    )


def known_snapshots(
    snapshots: Sequence[Entry],
    retentions: Sequence[Entry],
    listing: Entry | None,
    *,
    process: str,
    repository: str,
    host: str,
) -> Known:
    """What was taken or seen there and not removed by us since.

    `snapshots` are the records of the process in all repositories behind `retentions[0]` and `listing`,
    `retentions` those of this copy from the newest on that noted what was left, `listing` the newest
    note of what was there. All oldest first. A snapshot that a person accepted begins anew: whatever was
    missing then is not missed any more.
    """
    accepted = max((entry.sequence for entry in snapshots if is_accepted(entry, process)), default=0)
    noted = max(
        [*(entry for entry in retentions[:1] if _noted(entry)), *([listing] if listing else [])],
        key=lambda entry: entry.sequence,
        default=None,
    )
    base, seen = (noted.sequence, _noted(noted)) if noted else (0, ())
    begin = max(accepted, base)
    taken = [
        body.snapshot
        for entry in snapshots
        if isinstance(body := entry.body, SnapshotRecord)
        and (entry.sequence >= begin and body.snapshot)
        and (body.repository, body.host) == (repository, host)
        and not any(found.code == CHANGED for found in body.findings)  # it lies in another one
    ]
    later = [entry.body for entry in retentions if entry.sequence > base]
    gone = removed_by(body for body in later if isinstance(body, RetentionRecord))
    kept = reversed(seen) if base > accepted else ()
    ids = [name for name in dict.fromkeys([*kept, *taken]) if name not in gone]
    return Known(tuple(reversed(ids)), len(snapshots))


def _noted(entry: Entry) -> tuple[str, ...]:
    """What was there, newest first, as far as it was noted."""
    if isinstance(entry.body, ListingRecord):
        return entry.body.snapshots
    return entry.body.kept if isinstance(entry.body, RetentionRecord) else ()


def removed_by(retentions: Iterable[RetentionRecord]) -> set[str]:
    """What we removed, or may have: a run that was killed left only the record of what it meant to do.

    `retentions` are oldest first: the end of a run says more than its beginning.
    """
    runs = {record.started: record.removed for record in retentions}
    return {name for removed in runs.values() for name in removed}
