"""Rehearse the restore of one critical process: cold, timed, verified against the witness, proven."""

import time

from msgspec import structs

from agent.core.configuration.exclude import os_text
from agent.core.drill.content import vital_compared
from agent.core.drill.drilled import (
    COULD_NOT,
    age_findings,
    nothing_compared,
    outcome_of,
    rung_of,
    statement,
)
from agent.core.drill.selection import chosen
from agent.core.evidence.account import DAMAGED, UNREADABLE, Seen, bad_or_untested
from agent.core.model.drills import DrillRecord, DrillSeconds, RefusedSnapshot
from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.objectives import objectives_of
from agent.core.model.repository import StoredSnapshot, matching
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import ReadinessError, ResticError, refusal
from agent.operations.drill.check import Checked, Checker
from agent.operations.drill.restore import REMEMBERED, Begun, Restored, Restorer
from agent.operations.drill.task import DrillTask, DrillTools
from agent.operations.ports.repository import Listing
from agent.operations.records.sight import note_sight
from agent.operations.records.unrecorded import Unrecorded, of_drill, told_anyway
from agent.operations.records.vanished import Vanished

# Trouble that says something about the backups themselves; all other trouble says "could not be tested".
BAD = TESTED_AND_BAD | {"witness-changed", "witness-missing"}

OF_THE_REPOSITORY = {"snapshots-vanished", "repository-changed", DAMAGED, UNREADABLE}


def drill(task: DrillTask, tools: DrillTools) -> tuple[DrillRecord, str]:
    """Drill and write the record, whatever comes of it; also returns where a kept tree lies, or "".

    A defect of ours is raised as well.
    """
    rehearsal = _Rehearsal(task, tools)
    try:
        record = rehearsal.run()
    except Unrecorded:
        raise
    except (ReadinessError, OSError) as error:
        record = rehearsal.ended_by(refusal(error))
    except Exception as defect:
        tools.ledger.append(rehearsal.ended_by(refusal(defect)), tools.clock.now())
        raise
    except KeyboardInterrupt:
        stopped = finding("interrupted", task.process.name, "The drill was stopped before it was done.")
        tools.ledger.append(rehearsal.record("not_tested", [stopped]), tools.clock.now())
        raise
    rehearsal.write(record)
    return record, tools.room.keep() if task.keep and record.snapshot else ""


class _Rehearsal:
    """One drill, with what it has learnt so far in `base`."""

    def __init__(self, task: DrillTask, tools: DrillTools) -> None:
        self.task = task
        self.process = task.process
        self.tools = tools
        self._what = of_drill(self.process.name, task.repository)
        self.started = tools.clock.now()
        self._clock = time.monotonic()
        self.base = DrillRecord(
            process=task.process.name,
            repository=task.repository,
            started=self.started,
            outcome="not_tested",
            selection=task.select,
            share=task.share,
            sampled=task.share < 1,
            instead_of=task.instead_of,
            objectives=objectives_of(task.process),
        )
        self._records = tools.ledger.newest(
            SnapshotRecord, process=task.process.name, repository=task.repository, limit=REMEMBERED
        )
        self._damage: list[Finding] = []  # of the repository, as restic complained of it while restoring
        self._restorer = Restorer(task, tools, self._records)

    def write(self, record: DrillRecord) -> None:
        """Append the record, and what it says of the repository to the account of that."""
        with told_anyway(self._what, record.outcome, record.findings):
            self._write(record)

    def _write(self, record: DrillRecord) -> None:
        ledger, now = self.tools.ledger, self.tools.clock.now()
        ledger.append(record, now)
        seen = Seen(
            repository=self.task.repository,
            by="drill",
            at=self.started,
            process=self.process.name,
            met=bool(record.snapshot),
            findings=(*record.findings, *self._damage),
        )
        note_sight(ledger, seen, now, self.tools.repository.repository_id, self.task.address)

    def record(self, outcome: Outcome, findings: list[Finding]) -> DrillRecord:
        """What is known now, as a record."""
        seconds = structs.replace(self.base.seconds, total=round(time.monotonic() - self._clock, 3))
        return structs.replace(self.base, outcome=outcome, findings=tuple(findings), seconds=seconds)

    def ended_by(self, error: ReadinessError) -> DrillRecord:
        """The record of a drill that came to no end of its own."""
        trouble = finding(error.code, self.process.name, error.message, error.hint)
        return self.record("failed" if error.code in BAD else "not_tested", [trouble])

    def run(self) -> DrillRecord:
        """List, choose, and drill until one passes or there is no more to try."""
        version = ".".join(map(str, self.tools.repository.version()))
        self.base = structs.replace(self.base, restic=version)
        ahead, listed, listing = self._list_and_begin()
        try:
            fitting = matching(
                listed, process=self.process.name, host=self.task.host, paths=self.process.paths
            )
            vanished = Vanished(self.tools.ledger, self.process.name, self.task.repository, self.task.host)
            restic, (damaged, denied) = self.tools.repository, (listing.unreadable(), listing.denied())
            wrong = vanished.findings(listed, restic, unreadable=damaged, denied=denied)
            changed = any(item.code == "repository-changed" for item in wrong)
            if not changed:
                self._restorer.learn(vanished.adopt(listed, self.tools.ledger, self.tools.clock.now()))
            candidates = chosen(self._ours_first(fitting), self.task.select, time.time_ns())
            if ahead and (changed or not candidates or ahead.snapshot != candidates[0].id):
                self._restorer.give_up(ahead)
                ahead = None
            if changed or not candidates:
                return self.record(*self._nothing_to_drill(wrong))
            self.tools.chosen()
        except BaseException:
            if ahead:
                self._restorer.give_up(ahead)
            raise
        return self._first_that_passes(candidates, ahead, wrong)

    def _ours_first(self, fitting: list[StoredSnapshot]) -> list[StoredSnapshot]:
        """Of those that fit only such as the ledger knows, where it knows any: others may be another's.

        An ID may name any of them, and whoever walks back for a good one is shown the others last.
        """
        if self.task.select not in ("latest", "last-good", "random"):
            return fitting
        ours = [snapshot for snapshot in fitting if self._restorer.record_of(snapshot.id)]
        others = [snapshot for snapshot in fitting if not self._restorer.record_of(snapshot.id)]
        return [*ours, *others] if self.task.select == "last-good" or not ours else ours

    def _list_and_begin(self) -> tuple[Begun | None, list[StoredSnapshot], Listing]:
        """Ask what is there; meanwhile begin to restore what will most likely be chosen."""
        listing = self.tools.repository.start_listing(self.process.name, self.task.host)
        ahead: Begun | None = None
        try:
            ahead = self._restorer.begin_ahead()
            return ahead, listing.result(), listing
        except BaseException:
            listing.stop()
            if ahead:
                self._restorer.give_up(ahead)
            raise

    def _nothing_to_drill(self, wrong: list[Finding]) -> tuple[Outcome, list[Finding]]:
        if wrong:
            return bad_or_untested(wrong), wrong
        asked = "" if self.task.select in ("latest", "last-good", "random") else f" {self.task.select}"
        none = finding(
            "no-snapshot",
            self.process.name,
            f"Repository {self.task.repository} holds no snapshot{asked} of {self.process.name} by host "
            f"{self.task.host} with all its paths.",
            f"Drill the newest: readiness drill {self.process.name}"
            if asked
            else f"Take one: {self.task.renew or f'readiness snapshot {self.process.name}'}",
        )
        return "not_tested", [none]

    def _first_that_passes(
        self, candidates: list[StoredSnapshot], ahead: Begun | None, wrong: list[Finding]
    ) -> DrillRecord:
        """Drill the candidates, newest first; only last-good has more than one."""
        refused: list[RefusedSnapshot] = []
        for snapshot in candidates:
            findings = wrong + self._try(snapshot, ahead)
            outcome = outcome_of(findings, self.base.proofs)
            if outcome != "failed" or snapshot is candidates[-1]:
                break
            reason = next(item.message for item in findings if item.severity == "error")
            refused.append(RefusedSnapshot(snapshot.id, snapshot.time, reason))
            # going on to an older one must not make this failure go away
            with told_anyway(self._what, outcome, tuple(findings)):
                self.tools.ledger.append(self.record(outcome, findings), self.tools.clock.now())
            ahead = None
            self.tools.room.renew()
        self.base = structs.replace(self.base, refused=tuple(refused))
        return self.record(outcome, findings)

    def _try(self, snapshot: StoredSnapshot, ahead: Begun | None) -> list[Finding]:
        """Restore, verify and prove one snapshot; what is wrong with it."""
        record = self._restorer.record_of(snapshot.id)
        taken = min(snapshot.time, record.started) if record else snapshot.time
        self.base = structs.replace(
            self.base,
            snapshot=snapshot.id,
            snapshot_at=snapshot.time,
            repository_id=record.repository_id if record else "",
            paths=record.paths if record else (),
            excluded=record.excluded if record else (),
            copy_of=record.copy_of if record else "",
            recovery_point_age=int((self.started - taken).total_seconds()),
        )
        restored = self._restorer.finish(ahead or self._restorer.begin(snapshot))
        if restored.report.code in COULD_NOT:
            raise ResticError(restored.report.complaint, restored.report.hint, restored.report.code)
        checker = Checker(
            self.task, self.tools, snapshot, record, any_record=any(each.snapshot for each in self._records)
        )
        checked = checker.check(restored, self.started)
        self._note(restored, checked, record)
        result, report = checked.result, restored.report
        nothing = nothing_compared(self.process, result, checked.proofs) if result else []
        aged = age_findings(
            self.process,
            taken,
            self.started,
            must_be_fresh=self.task.select == "latest",
            oldest=self.task.oldest,
            renew=self.task.renew,
        )
        if report.code == DAMAGED:  # the losses say it of this process, the account says it of all
            self._damage = [finding(DAMAGED, self.process.name, report.complaint, report.hint)]
        return [*aged, *checked.findings, *nothing, *_noted_before(record, checked)]

    def _note(self, restored: Restored, checked: Checked, record: SnapshotRecord | None) -> None:
        seconds = DrillSeconds(
            restore=round(restored.seconds, 3),
            verify=round(checked.verify_seconds, 3),
            prove=round(checked.prove_seconds, 3),
        )
        self.base = structs.replace(
            self.base, seconds=seconds, proofs=checked.proofs, isolation=checked.isolation
        )
        if restored.part:
            self.base = structs.replace(self.base, share=restored.part.share, cursor=restored.part.cursor)
        if checked.result:
            behind = os_text(restored.part.first.replace(b"\0", b"/")) if restored.part else ""
            moving = record.vital_moving if record else ()
            vital, left = vital_compared(checked.result.content, checked.result.vital, moving)
            self.base = structs.replace(
                self.base,
                files=checked.result.counts(),
                bytes=checked.result.bytes_read,
                total_files=checked.result.total_files,
                total_bytes=checked.result.total_bytes,
                total_entries=checked.result.total_entries,
                compared=checked.result.content.summary(checked.result.total_bytes, behind),
                vital=() if checked.result.lost else vital,
                vital_uncompared=left,
                statement=statement(checked.result, restored.part),
                rung=rung_of(checked.result, checked.proofs),
            )


def _noted_before(record: SnapshotRecord | None, checked: Checked) -> list[Finding]:
    """What was wrong with the snapshot when it was taken: a restore of it is not good either.

    What was said of the repository then is not about the snapshot.
    """
    if record is None or record.outcome != "failed":
        return []
    known = {(found.code, found.path) for found in checked.findings}
    return [
        found
        for found in record.findings
        if found.severity == "error"
        and found.code not in OF_THE_REPOSITORY
        and (found.code, found.path) not in known
    ]
