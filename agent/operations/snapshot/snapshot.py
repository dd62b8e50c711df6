"""Take one snapshot of one critical process, with its witness, and judge it by what is then there."""

import time
from collections.abc import Mapping, Sequence

from msgspec import structs

from agent.core.configuration.exclude import os_text
from agent.core.evidence.account import Seen
from agent.core.kinds.dump_times import ahead_last
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import BackupSummary, Stamp, StoredSnapshot
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord, TableCounts
from agent.core.model.swapped import Swaps, lacking, swapped
from agent.core.snapshot.dumps import noted_dumps, replaced_dumps
from agent.core.snapshot.extent import Moved, Scan, VitalPlace, replaced_roots
from agent.core.snapshot.kept import find_snapshot, lost_finding, what_is_missing
from agent.core.snapshot.lost_rows import fewer_rows, noted_databases
from agent.core.snapshot.shrinkage import noted_extents
from agent.core.snapshot.vital import on_the_move, vital_findings
from agent.errors import ReadinessError, refusal
from agent.operations.ports.repository import Backup, Listing
from agent.operations.ports.sources import Sources
from agent.operations.records.sight import identified, note_acceptance, note_sight
from agent.operations.records.unrecorded import told_anyway
from agent.operations.records.vanished import Vanished
from agent.operations.snapshot.acceptance import Acceptance, vanished_meanwhile, what_else
from agent.operations.snapshot.earlier import Earlier
from agent.operations.snapshot.held import Held, with_lost_dumps
from agent.operations.snapshot.outcomes import came_to_nothing, outcome_of
from agent.operations.snapshot.task import SnapshotTask, SnapshotTools
from agent.operations.snapshot.told import told
from agent.operations.snapshot.vital import Patience, held, still_moving

MOVING_LISTED = 10_000


def take_snapshot(task: SnapshotTask, tools: SnapshotTools) -> SnapshotRecord:
    """Take the snapshot and write its record, whatever comes of it; a defect of ours is raised as well."""
    attempt = _Attempt(task, tools)
    try:
        record = attempt.run()
    except (ReadinessError, OSError) as error:
        record = attempt.record(*came_to_nothing(task.process.name, refusal(error)))
    except Exception as defect:
        nothing = came_to_nothing(task.process.name, refusal(defect))
        tools.ledger.append(attempt.record(*nothing), tools.clock.now())
        raise
    except KeyboardInterrupt:
        stopped = finding("interrupted", task.process.name, "The snapshot was stopped before it was done.")
        tools.ledger.append(attempt.record("not_tested", [stopped]), tools.clock.now())
        raise
    what = f"The snapshot of {task.process.name} to {task.repository}"
    with told_anyway(what, record.outcome, record.findings):
        tools.ledger.append(record, tools.clock.now())
        attempt.note_sight(record)
        note_acceptance(tools.ledger, record, task.config, tools.clock.now())
        attempt.note_listing()
    if record.outcome == "passed":
        tools.sources.remember()
    return record


class _Attempt:
    """One run, with what it has learnt so far."""

    def __init__(self, task: SnapshotTask, tools: SnapshotTools) -> None:
        self.task = task
        self.process = task.process
        self.tools = tools
        self.started = tools.clock.now()
        self._clock = time.monotonic()
        self._listed: list[StoredSnapshot] = []
        self._asked = ""  # the repository's identity, where this run has asked for it
        self._earlier = Earlier(task.process, task.repository, tools.ledger, self.started)
        self.base = SnapshotRecord(
            process=task.process.name,
            repository=task.repository,
            started=self.started,
            outcome="not_tested",
            seconds=0.0,
            host=task.config.settings.host,
            paths=(*task.process.paths, tools.sources.carried),
            vital=task.process.vital,
        )
        self._accepting = Acceptance(self._earlier.told() if task.accept else None)

    def record(self, outcome: Outcome, findings: list[Finding]) -> SnapshotRecord:
        return structs.replace(
            self.base,
            outcome=outcome,
            findings=tuple(findings),
            seconds=round(time.monotonic() - self._clock, 3),
        )

    def run(self) -> SnapshotRecord:
        """Take it, and again while vital files are being written; each that was taken has a record."""
        broken = self.tools.sources.roots()
        if broken:
            return self.record("failed", broken)
        good = self._earlier.measure()
        self._note_repository()
        fresh = self.base
        patience = Patience(self.tools.sources, self.tools.progress, self.process.name)
        while True:
            record, moving = self._take(good)
            if not patience.wait(moving):
                return record
            self.tools.ledger.append(record, self.tools.clock.now())
            if record.outcome == "passed":
                self.tools.sources.remember()
            self.base, self._clock = structs.replace(fresh, started=self.tools.clock.now()), time.monotonic()

    def _take(self, good: SnapshotRecord | None) -> tuple[SnapshotRecord, Sequence[VitalPlace]]:
        """One snapshot, and the vital files that were being written meanwhile."""
        accepting = self._accepting
        known = [table.database for table in good.tables] if good else []
        tables, findings = self.tools.sources.copy_databases(
            [one for one in known if not accepting.covers("database-damaged", one)]
        )
        findings += fewer_rows(self.process, tables, good)
        backup = self._start_backup()
        try:
            scan = self._with_lost_dumps(self._scan(), good)
            seen = Held(self.process, scan, good, self._earlier, self.tools.sources)
            refusals = seen.refusals()
            self._note_extent(scan, tables)
            if accepting.still_wrong(refusals):
                return self._refused(scan, refusals + findings), seen.young()
            found = self.tools.sources.copy_found(scan, self._earlier.databases())
            tables += found.tables
            self.base = structs.replace(self.base, tables=tables, databases=noted_databases(found))
            carried = self.tools.sources.keep(scan, tables)
            summary = self._finish(backup)
        finally:
            backup.stop()
        stored, moved, identity = self._look_again(summary)
        findings += refusals + identity + replaced_roots(self.process, scan, good)
        findings += what_is_missing(self.process, scan, carried, summary, moved, self.task.repository)
        changing = {f"/{os_text(path)}" for path in (*scan.moving, *moved.paths)}
        findings += told(self.process, self.task.config, scan, found, moved, self.base.dumps, changing)
        vital, there = self._note_moving(stored, scan, moved, tables)
        self.base = self._earlier.with_dumps(self.base, changing - set(self.base.replaced_paths))
        findings += self._earlier.shrinkage(scan, self.base, found, changing)
        findings += seen.findings(tables, changing)
        findings += self._earlier.mass_change(self.tools.sources, accepting.is_of_a_collapse)
        findings, accepted = accepting.settled(findings)
        if accepted is not None:
            self.base = structs.replace(self.base, accepted=True, accepted_findings=accepted)
        self.base = structs.replace(self.base, held=seen.noted(tables, self.base.accepted))
        moving: Sequence[VitalPlace] = ()
        findings += self._swapped(stored, moved.swaps)
        if stored is None:
            findings.append(lost_finding(self.process.name, summary))
        else:
            self.base = structs.replace(
                self.base, snapshot=stored.id, snapshot_at=stored.time, tree=stored.tree
            )
            moving = still_moving(vital, there, self._earlier.last_good, self.tools.sources)
            half = [each for each in moving if f"/{each.text}" not in self.base.replaced_paths]
            self.base = structs.replace(self.base, vital_moving=tuple(each.path for each in half))
            findings += vital_findings(self.process, half, there)
        return self.record(outcome_of(findings), findings), moving

    def _refused(self, scan: Scan, findings: list[Finding]) -> SnapshotRecord:
        """No snapshot; and what else is gone, since somebody may accept what is told."""
        findings += what_else(scan, self.base, findings, self.tools.sources, self._earlier)
        self.tools.sources.drop()
        findings += vanished_meanwhile(
            self._vanished(), self.tools.repository, self.process.name, self.base.host
        )
        return self.record("failed", self._accepting.settled(findings)[0])

    def _scan(self) -> Scan:
        self.tools.progress.begin(f"{self.process.name}: reading what changed")
        try:
            return self.tools.sources.scan(self.tools.progress.advance, self._accepting.are_zeros_meant)
        finally:
            self.tools.progress.end()

    def _with_lost_dumps(self, scan: Scan, good: SnapshotRecord | None) -> Scan:
        earlier = self._earlier.of_weeks
        return with_lost_dumps(self.process, scan, good, earlier, self.tools.sources, self._accepting)

    def _start_backup(self) -> Backup:
        """restic gets its key ready while we read what changed; then it may begin."""
        return self.tools.repository.start_backup(
            self.base.paths, self.process.exclude, self.process.name, self.base.host
        )

    def _finish(self, backup: Backup) -> BackupSummary:
        advance = self.tools.progress.advance
        self.tools.progress.begin(f"{self.process.name}: snapshot")
        try:
            return backup.finish(lambda done, files, total: advance(done, files, total or None))
        finally:
            self.tools.progress.end()

    def _look_again(self, summary: BackupSummary) -> tuple[StoredSnapshot | None, Moved, list[Finding]]:
        """Ask the repository what it has now and, meanwhile, the sources what moved."""
        listing = self.tools.repository.start_listing(self.process.name, self.base.host)
        moved = _while_listing(listing, self.tools.sources, summary.missed)
        self._listed = listing.result()
        restic, cannot = self.tools.repository, (listing.unreadable(), listing.denied())
        wrong = self._vanished().findings(self._listed, restic, False, *cannot, asked=self._asked)
        return find_snapshot(self._listed, summary.snapshot), moved, wrong

    def _swapped(self, stored: StoredSnapshot | None, swaps: Swaps) -> list[Finding]:
        """What came in through a link that was not there when we looked, or was kept out by one; asked where
        one can have been."""
        if stored is None:
            return []
        restic, stirred = self.tools.repository, swaps.stirred
        directories = restic.directories(stored.id, stirred) if stirred else []
        places = swaps.places(directories)
        unknown = restic.files(stored.id, places, swaps.is_unknown) if places else ()
        missed = self.tools.sources.unlisted(unknown) if unknown else ()
        strange = [file for file in missed if swaps.is_strange(file)]
        if strange and not any(map(swaps.is_certain, strange)):
            strange = [file for file in restic.with_inodes(stored.tree, strange) if swaps.is_strange(file)]
        absent = swaps.absent(directories)
        return swapped(self.process, stored.id, strange) + lacking(self.process, stored.id, absent)

    def note_sight(self, record: SnapshotRecord) -> None:
        """What this run saw of the repository, for its account."""
        seen = Seen(
            repository=self.task.repository,
            by="snapshot",
            at=self.started,
            process=self.process.name,
            met=bool(record.snapshot),
            findings=record.findings,
        )
        identify = self.tools.repository.repository_id
        note_sight(self.tools.ledger, seen, self.tools.clock.now(), identify, self.task.address)

    def note_listing(self) -> None:
        """Once the record is written: what else is there, when the ledger does not know it (any more)."""
        if self._listed:
            self._vanished().note(self._listed, self.tools.ledger, self.tools.clock.now())

    def _vanished(self) -> Vanished:
        return Vanished(self.tools.ledger, self.process.name, self.task.repository, self.base.host)

    def _note_repository(self) -> None:
        """Its identity, as noted or, where nobody was at this address yet, as it says itself."""
        task, identify = self.task, self.tools.repository.repository_id
        met = identified(self.tools.ledger, task.repository, task.address, identify, self.tools.clock.now())
        identity, self._asked = met
        self.base = structs.replace(self.base, repository_id=identity)

    def _note_extent(self, scan: Scan, tables: tuple[TableCounts, ...]) -> None:
        version = ".".join(map(str, self.tools.repository.version()))
        placed = self.tools.sources.place_of(self.task.url, self.task.options)
        self.base = structs.replace(
            self.base,
            restic=version,
            files=scan.files,
            bytes=scan.size,
            allocated=scan.allocated,
            witness_sha256=scan.witness_sha256,
            roots=scan.roots,
            mounts=scan.mounts,
            dumps=noted_dumps(ahead_last(scan.dumps, scan.newest), scan.newest),
            directories=noted_extents(scan),
            tables=tables,
            excluded=tuple("/" + os_text(path) for path in scan.excluded),
            same_device=placed.is_near,
            place=placed.place,
            place_reason=placed.reason,
        )

    def _note_moving(
        self, stored: StoredSnapshot | None, scan: Scan, moved: Moved, tables: Sequence[TableCounts]
    ) -> tuple[Sequence[VitalPlace], Mapping[str, Stamp]]:
        """The vital files that changed meanwhile, and what the snapshot holds of those and of dumps."""
        vital = on_the_move(scan, moved, tables)
        asked = [*(f"/{each.text}" for each in vital), *replaced_dumps(self.process, scan, moved)]
        there = held(asked, stored, self.tools.repository)
        whole = moved.whole(there, scan.moving)
        moving = sorted({*scan.moving, *moved.paths})
        self.base = structs.replace(
            self.base,
            moving=len(moving),
            moving_paths=tuple("/" + os_text(path) for path in moving[:MOVING_LISTED]),
            gone_paths=tuple("/" + os_text(path) for path in moved.gone[:MOVING_LISTED]),
            replaced_paths=tuple(sorted(whole)),
        )
        return vital, there


def _while_listing(listing: Listing, sources: Sources, missed: Sequence[str]) -> Moved:
    try:
        return sources.moved(missed)
    except BaseException:
        listing.stop()
        raise
