"""What a proof found bad in one copy may be just as bad in another that was fed by itself, or earlier."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime

from agent.core.configuration.config import CriticalProcess
from agent.core.drill.fingerprint import fingerprint
from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord

Asked = tuple[str, str]  # the name of a proof and the fingerprint of its definition


def doubted(
    process: CriticalProcess,
    refutations: Iterable[tuple[str, DrillRecord]],
    records: Sequence[SnapshotRecord],
    passes: Sequence[DrillRecord],
) -> frozenset[str]:
    """IDs among `records`, of plan B, that nobody asked what a drill of another copy failed.

    Of the first repository another rule says what was never asked there.
    `passes` are full drills from everywhere. One of the same content answers for it; so does one that tells
    that the data was not bad yet when it was taken, or no more.
    """
    today = {(proof.name, fingerprint(proof)) for proof in process.proofs}
    found: set[str] = set()
    here = {record.repository for record in records}
    for failure in (each for _, each in refutations if each.repository not in here):
        failed = {each for each in asked(failure, "failed") if each in today}
        telling = [one for one in passes if failed and failed <= asked(one, "passed")]
        bad = _of(failure)
        found |= {
            record.snapshot
            for record in records
            if failed and not any(_answers_for(record, one, bad) for one in telling)
        }
    return frozenset(found)


def asked(drill: DrillRecord, outcome: str) -> Set[Asked]:
    """The questions of a drill that came to this."""
    return {(proof.name, proof.fingerprint) for proof in drill.proofs if proof.outcome == outcome}


def _answers_for(record: SnapshotRecord, passed: DrillRecord, bad: datetime) -> bool:
    taken = record.snapshot_at or record.started
    same = record.origin in (passed.snapshot, passed.copy_of)
    return same or bad < _of(passed) <= taken or taken <= _of(passed) < bad


def _of(drill: DrillRecord) -> datetime:
    """The moment whose data it looked at."""
    return drill.snapshot_at or drill.started
