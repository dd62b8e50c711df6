"""Remove the snapshots of one process that its policy lets go from one repository, if nothing forbids it."""

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.account import DAMAGED, Seen, bad_or_untested
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.records import RetentionRecord
from agent.core.model.repository import StoredSnapshot, matching
from agent.core.model.repository_upkeep import Attempt
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.upkeep.drill_standings import standings_of
from agent.core.upkeep.freeze import frozen_finding
from agent.core.upkeep.obstacles import left_alone, unproven
from agent.core.upkeep.retention import choose
from agent.errors import ResticError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.repository import Repository, Upkeep
from agent.operations.records.freezing import freezes
from agent.operations.records.known import known_and_strange
from agent.operations.records.last_check import frozen_by_damage
from agent.operations.records.sight import note_sight
from agent.operations.records.vanished import Vanished

SNAPSHOTS, DRILLS = 3000, 200  # records of each outcome that are asked what is good, and what is proven


class RetainTask(Struct, frozen=True, kw_only=True):
    """From which repository to remove; `zone` says where days and weeks begin."""

    process: CriticalProcess
    repository: str
    host: str
    zone: ZoneInfo


class RetainTools(Struct, frozen=True, kw_only=True):
    repository: Repository
    upkeep: Upkeep
    ledger: Ledger
    clock: Clock


def retain(task: RetainTask, tools: RetainTools) -> RetentionRecord:
    """Remove what may go and write the record, whatever comes of it."""
    run = _Run(task, tools)
    try:
        record = run.run()
    except ResticError as error:
        outcome: Outcome = "failed" if error.code in TESTED_AND_BAD else "not_tested"
        record = run.record(outcome, [run.finding(error.code, error.message, error.hint)])
    except KeyboardInterrupt:
        tools.ledger.append(run.interrupted("Removing snapshots was stopped."), tools.clock.now())
        raise
    tools.ledger.append(record, tools.clock.now())
    seen = Seen(
        repository=task.repository,
        by="retain",
        at=record.started,
        process=task.process.name,
        met=record.outcome == "passed",
        findings=record.findings,
    )
    note_sight(tools.ledger, seen, tools.clock.now(), tools.repository.repository_id)
    return record


class _Run:
    """One run, with what it knows so far in `base`."""

    def __init__(self, task: RetainTask, tools: RetainTools) -> None:
        self.task = task
        self.tools = tools
        self.name = task.process.name
        self._clock = time.monotonic()
        self.base = RetentionRecord(
            process=self.name,
            repository=task.repository,
            started=tools.clock.now(),
            outcome="not_tested",
            seconds=0.0,
            host=task.host,
        )

    def record(self, outcome: Outcome, findings: Sequence[Finding] = ()) -> RetentionRecord:
        """What is known now, as a record."""
        seconds = round(time.monotonic() - self._clock, 3)
        return structs.replace(self.base, outcome=outcome, findings=tuple(findings), seconds=seconds)

    def finding(self, code: str, message: str, hint: str = "") -> Finding:
        return finding(code, self.name, message, hint)

    def interrupted(self, message: str) -> RetentionRecord:
        """The record of a run that did not come to its end."""
        return self.record("not_tested", [self.finding("interrupted", message, "It will be done again.")])

    def run(self) -> RetentionRecord:
        listing = self.tools.repository.start_listing(self.name, self.task.host)
        listed = self._ours(listing.result())
        vanished = Vanished(self.tools.ledger, self.name, self.task.repository, self.task.host)
        lost = vanished.findings(
            listed, self.tools.repository, unreadable=listing.unreadable(), denied=listing.denied()
        )
        if lost:
            return self.record(bad_or_untested(lost), lost)
        vanished.note(listed, self.tools.ledger, self.tools.clock.now())
        frozen = self._frozen()
        if frozen:
            return self.record("passed", frozen)
        remove, told = self._choose(listed)
        return self._remove(listed, remove, told) if remove else self.record("passed", told)

    def _frozen(self) -> list[Finding]:
        """Findings that only old snapshots may undo; noted in `base`."""
        nothing = f"No snapshot of {self.name} is removed from {self.task.repository}."
        open_now = freezes(self.tools.ledger, self.name)
        damaged = frozen_by_damage(self.tools.ledger, self.task.repository, nothing)
        codes = [*(freeze.code for freeze in open_now), *([DAMAGED] if damaged else [])]
        self.base = structs.replace(self.base, frozen=tuple(codes))
        return [*([frozen_finding(self.name, nothing, open_now)] if open_now else []), *damaged]

    def _choose(self, listed: Sequence[StoredSnapshot]) -> tuple[Sequence[StoredSnapshot], list[Finding]]:
        """What may go, if nothing forbids that; what does, and what is to be said of snapshots of others."""
        snapshots, drills = self._records()
        ours, strange = known_and_strange(self.tools.ledger, self.name, listed, snapshots)
        choice = choose(
            self.task.process,
            self.task.repository,
            ours,
            standings_of(snapshots, drills),
            self.task.zone,
            self.tools.clock.now(),
        )
        obstacles = [*choice.obstacles]
        if choice.remove:
            obstacles += unproven(self.name, self.task.repository, drills)
        left = [left_alone(self.name, self.task.repository, strange)] if strange else []
        return () if obstacles else choice.remove, [*obstacles, *left]

    def _list(self) -> list[StoredSnapshot]:
        return self._ours(self.tools.repository.start_listing(self.name, self.task.host).result())

    def _ours(self, listed: list[StoredSnapshot]) -> list[StoredSnapshot]:
        return matching(listed, process=self.name, host=self.task.host, paths=())

    def _records(self) -> tuple[list[SnapshotRecord], list[DrillRecord]]:
        """The newest of the process in all repositories; drills in the order in which they were made."""
        ledger = self.tools.ledger
        drills = [
            entry
            for outcome in ("passed", "failed")
            for entry in ledger.newest_entries(DrillRecord, process=self.name, outcome=outcome, limit=DRILLS)
        ]
        drills.sort(key=lambda entry: entry.sequence)
        snapshots = [
            record
            for outcome in ("passed", "failed", "not_tested")
            for record in ledger.newest(SnapshotRecord, process=self.name, outcome=outcome, limit=SNAPSHOTS)
        ]
        return snapshots, [entry.body for entry in drills if isinstance(entry.body, DrillRecord)]

    def _remove(
        self, before: Sequence[StoredSnapshot], remove: Sequence[StoredSnapshot], told: Sequence[Finding]
    ) -> RetentionRecord:
        """Remove and judge by what is there afterwards.

        What is meant to go is on record before it goes: if we are killed in between, it is not missed later.
        """
        meant = _ids(remove)
        self.base = structs.replace(self.base, removed=meant)
        begun = self.interrupted(f"Removing {len(meant):,} snapshots was begun.")
        self.tools.ledger.append(begun, self.tools.clock.now())
        attempt = self.tools.upkeep.forget(meant)
        after = self._list()
        there = set(_ids(after))
        removed = tuple(name for name in meant if name not in there)
        self.base = structs.replace(self.base, removed=removed, kept=_ids(after) if removed else ())
        others = [s for s in before if s.id not in there and s.id not in meant]
        if others:
            return self.record("failed", [self._also_gone(others)])
        if len(removed) < len(meant):
            return self._not_all(attempt, len(meant) - len(removed))
        return self.record("passed", told)

    def _not_all(self, attempt: Attempt, left: int) -> RetentionRecord:
        if attempt.code == "retention-refused":
            message = (
                f"{self.task.repository} does not let readiness remove snapshots of {self.name} "
                f"({left:,} would go): {attempt.complaint}"
            )
            return self.record("passed", [self.finding(attempt.code, message, attempt.hint)])
        complaint = attempt.complaint or "restic did not remove them, and does not say why."
        message = f"{left:,} snapshots of {self.name} are still in {self.task.repository}: {complaint}"
        code = attempt.code or "restic-failed"
        return self.record("not_tested", [self.finding(code, message, attempt.hint)])

    def _also_gone(self, others: Sequence[StoredSnapshot]) -> Finding:
        names = ", ".join(snapshot.id[:8] for snapshot in others[:3])
        return self.finding(
            "snapshots-vanished",
            f"While snapshots of {self.name} were removed from {self.task.repository}, others went that were "
            f"to stay ({len(others):,}: {names}).",
            "Find out who removed them, and do not prune before. "
            f"If this is meant: readiness snapshot --accept {self.name}",
        )


def _ids(snapshots: Sequence[StoredSnapshot]) -> tuple[str, ...]:
    return tuple(snapshot.id for snapshot in snapshots)
