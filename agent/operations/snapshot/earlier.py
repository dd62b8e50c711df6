"""The snapshots that were taken of a process before, held against the one that is being taken."""

from collections.abc import Set
from datetime import datetime
from functools import cached_property
from typing import cast

from msgspec import structs

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.acceptance import Told, told
from agent.core.evidence.watched import MASS_CHANGE
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.records import CopyRecord, RetentionRecord, WatchRecord
from agent.core.model.sights import SightRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.data_age import with_past
from agent.core.snapshot.dumps import shrunk_findings
from agent.core.snapshot.exposure import changes_since, last_good
from agent.core.snapshot.extent import Scan
from agent.core.snapshot.live_databases import Copied
from agent.core.snapshot.lost_rows import emptied, fewer_rows_than_ever, known_databases
from agent.core.snapshot.mass_change import mass_change
from agent.core.snapshot.shrinkage import SPAN, shrinkage
from agent.operations.ports.ledger import LedgerReader
from agent.operations.ports.sources import Sources

_Telling = SnapshotRecord | DrillRecord | CopyRecord | RetentionRecord | WatchRecord
HISTORY = 60  # good snapshots that are looked through for what is habit


class Earlier:
    """What the ledger knows of them; `started` is when the new one was begun."""

    def __init__(
        self, process: CriticalProcess, repository: str, ledger: LedgerReader, started: datetime
    ) -> None:
        self._process = process
        self._repository = repository
        self._ledger = ledger
        self._started = started

    def measure(self) -> SnapshotRecord | None:
        """The last good one, of which today's sources must not fall short: in whatever repository it lies."""
        here = self._ledger.newest(
            SnapshotRecord, process=self._process.name, repository=self._repository, outcome="passed"
        )
        return max((one for one in (*here, self.newest()) if one), key=lambda one: one.started, default=None)

    def last_good(self) -> SnapshotRecord | None:
        """The last good one in any repository, whose witness the sources keep."""
        return last_good(self._passed())

    def databases(self) -> frozenset[str]:
        """What was a SQLite database within the last weeks."""
        return known_databases(self.of_weeks)

    def shrinkage(self, scan: Scan, now: SnapshotRecord, found: Copied, moved: Set[str]) -> list[Finding]:
        """What became much smaller within weeks, in steps that each look harmless, or a dump at once."""
        earlier = self.of_weeks
        findings = shrunk_findings(self._process, now.dumps, moved, earlier)
        findings += shrinkage(self._process, scan, earlier)
        findings += fewer_rows_than_ever(self._process, now.tables, earlier)
        return findings + emptied(self._process, scan, found, moved, earlier)

    @cached_property
    def of_weeks(self) -> list[SnapshotRecord]:
        """The good ones of the last weeks in all repositories, oldest first: the sources are the same."""
        return [record for record in self._records if self._counts(record)]

    def newest(self) -> SnapshotRecord | None:
        """The last good one of the last weeks in any repository."""
        return last_good(self._records)

    @cached_property
    def _records(self) -> list[SnapshotRecord]:
        entries = self._ledger.since(SnapshotRecord, self._started - SPAN, process=self._process.name)
        return [entry.body for entry in entries if isinstance(entry.body, SnapshotRecord)]

    def with_dumps(self, record: SnapshotRecord, moved: Set[str]) -> SnapshotRecord:
        """The new record, its dumps held against those of before."""
        if not record.dumps:
            return record
        here = [one for one in self.of_weeks if one.repository == self._repository]
        dumps, before = with_past(record.dumps, moved, here)
        return structs.replace(record, dumps=dumps, dumps_before=before)

    def told(self) -> Told:
        """What every operation found out about the process since, and with, the last good snapshot.

        A mass change stays open longer than that, until a person accepts it.
        """
        good = self.measure()
        since = good.started if good else self._started - SPAN
        accepted = max((one.started for one in self.of_weeks if one.accepted), default=self._started - SPAN)
        findings: list[Finding] = []
        for kind in (SnapshotRecord, DrillRecord, CopyRecord, RetentionRecord, WatchRecord):
            for entry in self._ledger.since(kind, min(since, accepted), process=self._process.name):
                body = cast("_Telling", entry.body)
                new = body.started >= since
                findings += [one for one in body.findings if new or one.code == MASS_CHANGE]
        account = self._ledger.newest(SightRecord, repository=self._repository)
        troubles = {(trouble.code, "") for one in account for trouble in one.troubles}
        return Told(told(findings).found | troubles)

    def mass_change(self, sources: Sources, gone_is_known: bool) -> list[Finding]:
        """A snapshot of what ransomware left is a snapshot, but it must not pass for an ordinary one."""
        records = self._passed()
        comparison = sources.differences(changes_since(last_good(records), records, self._process.paths))
        if comparison is None:
            return []
        return mass_change(self._process.name, comparison.changes, comparison.samples, gone_is_known)

    def _passed(self) -> list[SnapshotRecord]:
        return self._ledger.newest(
            SnapshotRecord, process=self._process.name, outcome="passed", limit=HISTORY
        )

    def _counts(self, record: SnapshotRecord) -> bool:
        taken = record.outcome == "passed" and not record.copy_of
        return taken and record.started >= self._started - SPAN
