"""Verifies and proves what a drill restored."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from agent.core.configuration.exclude import os_bytes
from agent.core.configuration.vital import vital_paths
from agent.core.drill.drilled import (
    complaint_findings,
    found_database_findings,
    loss_findings,
    proof_findings,
    sparse_findings,
)
from agent.core.drill.verification import MovingFiles, RestoredWitness, Verification
from agent.core.model.drills import ProofResult
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord, TableCounts
from agent.core.snapshot.dumps import newest_of_each, restored_dump_findings, unseen_findings
from agent.core.text.plain import count
from agent.operations.drill.restore import Restored
from agent.operations.drill.task import DrillTask, DrillTools

# Without a record of ours the end of a snapshot is not known; nothing that changed later is excused.
LONGEST_SNAPSHOT = timedelta(hours=24)


class Checked(Struct, frozen=True, kw_only=True):
    """What verification and proofs showed; `result` is None when there was no witness to trust."""

    findings: tuple[Finding, ...]
    result: Verification | None = None
    proofs: tuple[ProofResult, ...] = ()
    isolation: tuple[str, ...] = ()
    verify_seconds: float = 0.0
    prove_seconds: float = 0.0


class Checker:
    """Checks one restored snapshot against its witness and the process's proofs."""

    def __init__(
        self,
        task: DrillTask,
        tools: DrillTools,
        snapshot: StoredSnapshot,
        record: SnapshotRecord | None,
        any_record: bool,
    ) -> None:
        """`any_record`: whether snapshots of this process were ever recorded here."""
        self._task = task
        self._process = task.process.name
        self._tools = tools
        self._snapshot = snapshot
        self._record = record
        self._any_record = any_record
        self._carried = [path for path in snapshot.paths if path not in task.process.paths]

    def check(self, restored: Restored, started: datetime) -> Checked:
        """Verify everything that was restored; then, after a full restore without losses, prove it."""
        begun = time.monotonic()
        witness, findings = self._trusted_witness()
        if witness is None:
            return Checked(findings=tuple(findings), verify_seconds=time.monotonic() - begun)
        result = self._verify(witness, restored, started)
        self._tools.room.verify_carried(witness, self._tables(witness), result)
        full = restored.part is None
        if result.lost:  # then a lost witness is a consequence, not a fault of its own
            findings = [item for item in findings if item.code != "witness-missing"]
        lists = self._lists(witness, result) if result.lost and full else ""
        findings += loss_findings(self._process, result, lists)
        findings += sparse_findings(self._process, result)
        findings += complaint_findings(self._process, restored.report, result)
        verified = time.monotonic()
        if full and not result.lost:
            judged = self._tools.room.examine_found(witness, self._tables(witness))
            findings += found_database_findings(self._process, judged)
            findings += self._cut_dumps()
        proofs, isolation = self._prove(witness, result, started) if full else ((), ())
        return Checked(
            findings=(*findings, *([] if result.lost else proof_findings(self._process, proofs))),
            result=result,
            proofs=proofs,
            isolation=isolation,
            verify_seconds=verified - begun,
            prove_seconds=time.monotonic() - verified if proofs else 0.0,
        )

    def _trusted_witness(self) -> tuple[RestoredWitness | None, list[Finding]]:
        """The restored witness when it is the recorded one, else our own copy of that, else none."""
        found = self._tools.room.find_witness(self._carried)
        unknown = self._unknown()
        if found and self._is_trusted(found):
            return found, unknown
        if unknown:
            return None, unknown
        code = "witness-changed" if found else "witness-missing"
        message = "Its witness is not the recorded one." if found else "The snapshot brought no witness back."
        hint = f"Run: readiness snapshot {self._process}, then: readiness drill {self._process}"
        findings = [finding(code, self._process, message, hint)]
        if self._record is None:
            return None, findings
        own = self._tools.room.known_witness(self._process, self._record.witness_sha256)
        return own and structs.replace(own, carried=self._record.paths[-1]), findings

    def _is_trusted(self, found: RestoredWitness) -> bool:
        """By its record; without one (we were killed, it is another's, or the ledger is new) by its word."""
        if self._record:
            return found.sha256 == self._record.witness_sha256
        return found.sha256 == found.described_sha256

    def _unknown(self) -> list[Finding]:
        """A ledger that knows snapshots does not know this one: what comes of it proves nothing of ours."""
        if self._record or not self._any_record:
            return []
        message = (
            f"The ledger knows nothing of snapshot {self._snapshot.id[:8]}: this readiness did not note it."
        )
        hint = (
            f"Run: readiness drill {self._process}. If another readiness writes there as well, give it a "
            "repository, a host or process names of its own."
        )
        return [finding("snapshot-unknown", self._process, message, hint)]

    def _verify(self, witness: RestoredWitness, restored: Restored, started: datetime) -> Verification:
        expected = self._record.bytes if self._record and restored.part is None else None
        self._tools.progress.begin(f"{self._process}: verifying", expected)
        try:
            return self._tools.room.verify(
                witness,
                [path for path in self._snapshot.paths if path != witness.carried],
                self._moving(witness, started),
                restored.part,
                self._tools.progress.advance,
                vital_paths(self._task.process),
            )
        finally:
            self._tools.progress.end()

    def _moving(self, witness: RestoredWitness, started: datetime) -> MovingFiles:
        """By name as recorded; where no record names them all, by the time they came back with."""
        record = self._record
        until = min(self._snapshot.time + LONGEST_SNAPSHOT, started)
        by_time = MovingFiles(since_ns=witness.begun_ns, until_ns=_nanoseconds(until))
        if record is None:
            of_another_day = witness.begun_ns < _nanoseconds(self._snapshot.time - LONGEST_SNAPSHOT)
            return MovingFiles() if of_another_day else by_time
        paths, gone, whole = (
            frozenset(os_bytes(path).strip(b"/") for path in listed)
            for listed in (record.moving_paths, record.gone_paths, record.replaced_paths)
        )
        if record.moving <= len(record.moving_paths):
            return MovingFiles(paths=paths, gone=gone, whole=whole)
        ended = record.started + timedelta(seconds=record.seconds)
        return structs.replace(by_time, paths=paths, gone=gone, whole=whole, until_ns=_nanoseconds(ended))

    def _lists(self, witness: RestoredWitness, result: Verification) -> str:
        name = f"{self._process}-{self._snapshot.id[:8]}"
        return self._tools.room.write_lists(name, witness, result)

    def _prove(
        self, witness: RestoredWitness, result: Verification, started: datetime
    ) -> tuple[tuple[ProofResult, ...], tuple[str, ...]]:
        proofs = self._task.process.proofs
        if result.lost:
            why = "not run, because files were lost"
            skipped = [
                ProofResult(name=proof.name, outcome="not_tested", seconds=0.0, message=why)
                for proof in proofs
            ]
            return tuple(skipped), ()
        tables = self._tables(witness)
        self._tools.room.lay_databases(witness, tables)
        if not proofs:
            return (), ()
        self._tools.progress.begin(f"{self._process}: {count(len(proofs), 'proof')}")
        try:
            return self._tools.prove(
                self._task.process,
                self._tools.room.tree,
                tuple(tables),
                self._snapshot.time,
                self._moving(witness, started),
            )
        finally:
            self._tools.progress.end()

    def _cut_dumps(self) -> list[Finding]:
        """Of each dump the newest as it came back; one that was being written where there is no other."""
        record = self._record
        dumps = newest_of_each(record.dumps, frozenset(record.moving_paths)) if record else []
        cut, unseen = self._tools.room.cut_dumps(dumps)
        findings = restored_dump_findings(self._task.process, [dump.path for dump in cut])
        return findings + unseen_findings(self._process, unseen)

    def _tables(self, witness: RestoredWitness) -> Sequence[TableCounts]:
        return self._record.tables if self._record else witness.tables


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)
