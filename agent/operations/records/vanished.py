"""Look whether a repository still lists every snapshot that the ledger knows."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from agent.core.evidence.account import CHANGED, DAMAGED, UNREADABLE, is_wrong
from agent.core.evidence.evidence import taken_at
from agent.core.evidence.identity import NAMED_SNAPSHOTS, identity_findings
from agent.core.model.findings import Finding, finding
from agent.core.model.records import Entry, ListingRecord, RepositoryRecord, RetentionRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.plain import count
from agent.core.upkeep.keeping import newest_first
from agent.core.upkeep.vanished import Known, known_snapshots, under_new_ids
from agent.operations.ports.ledger import Lookup, WorkLedger
from agent.operations.ports.repository import Repository
from agent.operations.records.sight import known_account

FEW = 4  # retentions that are looked at first for one that noted what was left


class Vanished:
    """The look at one process in one repository, for snapshots of `host` alone."""

    def __init__(self, ledger: Lookup, process: str, repository: str, host: str) -> None:
        self._ledger = ledger
        self._process = process
        self._repository = repository
        self._host = host

    def known(self) -> Known:
        """What has to be there. Reads the records behind the newest that noted what was left, or there."""
        retentions, listing = self._retentions(), self._listing()
        noted = [entry for entry in retentions if getattr(entry.body, "kept", ())]
        after = max((entry.sequence for entry in (*noted, *([listing] if listing else []))), default=0)
        return known_snapshots(
            self._ledger.search(SnapshotRecord, process=self._process, after=after),
            retentions,
            listing,
            process=self._process,
            repository=self._repository,
            host=self._host,
        )

    def findings(
        self,
        listed: Iterable[StoredSnapshot],
        repository: Repository,
        forgiven: bool = False,
        unreadable: Sequence[str] = (),
        denied: Sequence[str] = (),
        known: Known | None = None,
        asked: str = "",
    ) -> list[Finding]:
        """Why known snapshots are not listed; `forgiven`: only whether it is another repository.

        `unreadable` are those that are there, but damaged, and `denied` those that we may not read: nobody
        took them. A process that has none yet cannot miss any, so that the repository is asked which it is,
        unless `asked` is what it said just now. `known` is what was known before the listing began, where a
        snapshot may come in meanwhile.
        """
        there = list(listed)
        known = known or self.known()
        unlisted = known.missing(there)
        gone = self._truly(unlisted, there)
        damaged = [name for name in gone if name.startswith(tuple(unreadable))]
        closed = [name for name in gone if name.startswith(tuple(denied))]
        missing = [name for name in gone if name not in (*damaged, *closed)]
        missing = [] if forgiven else self._truly(missing, self._of_all_tags(missing, repository))
        noted = self._ledger.newest(RepositoryRecord, repository=self._repository)
        found = [self._damaged(self._process, damaged)] if damaged else []
        found += [self._damaged(*others) for others in self._of_others(unreadable, gone)]
        found += [self._closed(closed)] if closed else []
        explained = len(damaged) + len(closed) + len(missing)
        renamed = explained < len(unlisted)  # by restic tag, or by restic copy into another repository
        if not missing and not renamed and (known.ids or not noted):
            return found
        return found + identity_findings(
            self._process,
            self._repository,
            noted[0].repository_id if noted else "",
            asked or repository.repository_id(),
            self._dated(missing),
            [snapshot.id for snapshot in there if snapshot.original in missing],
        )

    def _of_all_tags(self, missing: Sequence[str], repository: Repository) -> list[StoredSnapshot]:
        """What is there of ours without our tags, as `restic tag --set` leaves it: under a new ID."""
        return repository.start_listing("", self._host).result() if missing else []

    def _of_others(self, unreadable: Sequence[str], ours: Sequence[str]) -> list[tuple[str, list[str]]]:
        """The other processes that have such snapshots here, with the IDs: whoever meets damage tells of it.

        One that no record knows may be another host's, and on its way out.
        """
        strange = tuple(name for name in unreadable if not any(one.startswith(name) for one in ours))
        if not strange:
            return []
        texts = [f'"{name}' for name in strange]
        bodies = (e.body for e in self._ledger.search(SnapshotRecord, texts, repository=self._repository))
        names = {body.process for body in bodies if isinstance(body, SnapshotRecord)} - {self._process}
        known = {name: self._of(name).known().ids for name in sorted(names)}
        found = {name: [one for one in ids if one.startswith(strange)] for name, ids in known.items()}
        return [(name, ids) for name, ids in found.items() if ids]

    def _of(self, process: str) -> "Vanished":
        return Vanished(self._ledger, process, self._repository, self._host)

    def _damaged(self, process: str, names: list[str]) -> Finding:
        shown = ", ".join(name[:8] for name in names[:NAMED_SNAPSHOTS])
        return finding(
            DAMAGED,
            process,
            f"{count(len(names), 'snapshot')} of {process} in {self._repository} cannot be read: the "
            f"repository is damaged ({shown}).",
            f"Keep every copy of it as it is, and look at its disk. Then: readiness check {self._repository}",
        )

    def renamed(self, listed: Sequence[StoredSnapshot], known: Known | None = None) -> list[SnapshotRecord]:
        """Records of those that got another ID by hand, as they are under it, the newest last."""
        known = known or self.known()
        found = self._under_new_ids(known.missing(listed), listed)
        return sorted(found.values(), key=taken_at)

    def adopt(
        self, listed: Sequence[StoredSnapshot], ledger: WorkLedger, now: datetime
    ) -> list[SnapshotRecord]:
        """Write down the new IDs that are not known yet; the newest record stays that of the newest run."""
        known = self.known()
        new = [record for record in self.renamed(listed, known) if record.snapshot not in known.ids]
        last = self._ledger.newest(SnapshotRecord, process=self._process, repository=self._repository)
        again = [replace(one, accepted=False) for one in last if one.origin != new[-1].origin] if new else []
        for record in (*new, *again):
            ledger.append(record, now)
        return new

    def _closed(self, names: list[str]) -> Finding:
        shown = ", ".join(name[:8] for name in names[:NAMED_SNAPSHOTS])
        return finding(
            UNREADABLE,
            self._process,
            f"{count(len(names), 'snapshot')} of {self._process} in {self._repository} may not be read "
            f"({shown}): permission denied.",
            f"Let the user that runs readiness read all that is in repository {self._repository}.",
        )

    def note(self, listed: Sequence[StoredSnapshot], ledger: WorkLedger, now: datetime) -> None:
        """Write down what is there where the ledger does not know all of it.

        So it is after a person accepted, whatever was missing then, and under a new name in the config, and
        where snapshots got new IDs.
        """
        known = self.known()
        gone = known.missing(listed)
        renamed = bool(gone) and not self._truly(gone, listed)
        if is_wrong(known_account(self._ledger, self._repository), CHANGED):
            return  # what is there is none of ours
        if renamed:
            self.adopt(listed, ledger, now)
        if renamed or known.is_outdated(listed):
            body = ListingRecord(
                process=self._process,
                repository=self._repository,
                started=now,
                host=self._host,
                snapshots=tuple(snapshot.id for snapshot in newest_first(listed)),
            )
            ledger.append(body, now)

    def _truly(self, missing: list[str], listed: Sequence[StoredSnapshot]) -> list[str]:
        """Those of which nothing is left, under no other ID either."""
        renamed = self._under_new_ids(missing, listed)
        return [name for name in missing if name not in renamed]

    def _under_new_ids(
        self, missing: Sequence[str], listed: Sequence[StoredSnapshot]
    ) -> dict[str, SnapshotRecord]:
        if not missing or not any(snapshot.original for snapshot in listed):
            return {}
        found = self._ledger.search(SnapshotRecord, process=self._process, repository=self._repository)
        records = [entry.body for entry in found if isinstance(entry.body, SnapshotRecord)]
        return under_new_ids(set(missing), records, listed)

    def _dated(self, missing: list[str]) -> list[tuple[str, datetime | None]]:
        """With the times of those that are shown."""
        shown = [f'"{name}"' for name in missing[:NAMED_SNAPSHOTS]]
        records = (e.body for e in self._ledger.search(SnapshotRecord, shown, process=self._process))
        times = {body.snapshot: body.snapshot_at for body in records if isinstance(body, SnapshotRecord)}
        return [(name, times.get(name)) for name in missing]

    def _listing(self) -> Entry | None:
        newest = self._ledger.newest_entries(
            ListingRecord, process=self._process, repository=self._repository, limit=FEW
        )
        return next((entry for entry in newest if getattr(entry.body, "host", "") == self._host), None)

    def _retentions(self) -> list[Entry]:
        """From the newest that noted what was left on; all when none did. Oldest first."""
        limit = FEW
        while True:
            newest = self._ledger.newest_entries(
                RetentionRecord, process=self._process, repository=self._repository, limit=limit
            )
            ours = [entry for entry in newest if getattr(entry.body, "host", "") == self._host]
            for place, entry in enumerate(ours):
                if getattr(entry.body, "kept", ()):
                    return ours[place::-1]
            if len(newest) < limit:
                return ours[::-1]
            limit *= 16


def vanished_of(
    processes: Iterable[str], repository: str, host: str, ledger: Lookup, restic: Repository
) -> list[Finding]:
    """The same for each of several processes."""
    lost: list[Finding] = []
    for process in processes:
        listing = restic.start_listing(process, host)
        there = listing.result()
        vanished = Vanished(ledger, process, repository, host)
        lost += vanished.findings(there, restic, unreadable=listing.unreadable(), denied=listing.denied())
    return lost
