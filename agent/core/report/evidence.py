"""The parts of a report that only administrators and auditors read: findings, methods and evidence."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.evidence.evidence import Standing, is_full, taken_at
from agent.core.evidence.post import reaction_words, reactions
from agent.core.model.drills import DrillRecord
from agent.core.model.places import place_words
from agent.core.model.snapshots import SnapshotRecord
from agent.core.report.answer import zone_of
from agent.core.report.promises import Promise, promises
from agent.core.report.views import Fact, FindingLine, Proofs
from agent.core.text.phrases import joined, moment, percent, span
from agent.core.text.plain import count, duration, printable, size
from agent.core.verdict.judgement import Assessment, Judgement

RUNGS = {
    "L0": "nothing was restored",
    "L1": "a snapshot is listed",
    "L2": "the repository's structure was checked",
    "L3": "the repository's data was read",
    "L4": "files were restored and are equal to the witness",
    "L5": "files are equal and the application's data is proven",
    "L6": "the service answered on restored data",
    "L7": "the whole group was rebuilt on another machine",
    "L8": "somebody else did it against the clock",
}


def findings(assessment: Assessment) -> tuple[FindingLine, ...]:
    """Everything that is wrong now, errors first."""
    found = [finding for judgement in assessment.judgements for finding in judgement.findings]
    return tuple(
        FindingLine(
            process=printable(finding.process),
            code=printable(finding.code),
            severity=finding.severity,
            message=printable(finding.message),
            hint=printable(finding.hint),
        )
        for finding in sorted(found, key=lambda finding: finding.severity)  # "error" before "warning"
    )


def methods(assessment: Assessment) -> tuple[Fact, ...]:
    """How each number was obtained."""
    zone, now = zone_of(assessment), assessment.at
    facts = []
    for judgement, promise in zip(assessment.judgements, promises(assessment).processes, strict=True):
        name = printable(judgement.process)
        facts.append(Fact(f"{name}: recovers in", printable(_how_long(judgement, promise, zone, now))))
        facts.append(Fact(f"{name}: would lose", printable(_how_much(judgement, promise, zone, now))))
    back = "the failure at closing time, one process after another in the order shown, by one pair of hands."
    noticed = reaction_words(reactions(assessment.evidence.post, now))
    return (*facts, Fact("back by", back), *((Fact("noticed", noticed),) if noticed else ()))


def _how_long(judgement: Judgement, promise: Promise, zone: ZoneInfo, now: datetime) -> str:
    rto = judgement.rto
    if rto.measured_at is None or rto.machine_s is None:
        return "not known: no drill has passed."
    when = moment(rto.measured_at, zone, now)
    if promise.takes_s is None:  # what was measured stays a fact of that day
        took = f" took {span(rto.machine_s)}" if rto.basis == "measured" else " passed"
        return f"not known now: {promise.why} The drill from {rto.repository} on {when}{took}."
    steps = f", plus {span(rto.steps_s)} of steps by people as declared" if rto.steps_s else ""
    if rto.basis == "measured":
        return f"measured in the full drill from {rto.repository} on {when}: {span(rto.machine_s)}{steps}."
    drills = f"{count(rto.drills, 'drill')}, the newest on {when}, from {rto.repository}"
    return (
        f"extrapolated from {drills}: seconds of restoring and verifying times {rto.scale:.2f}, which is how "
        f"many times more bytes or files there are: {span(rto.machine_s)}{steps}."
    )


def _how_much(judgement: Judgement, promise: Promise, zone: ZoneInfo, now: datetime) -> str:
    newest = judgement.last_snapshot_at
    said = {
        "everything": "everything: there is no good snapshot.",
        "new-paths": "what lies in the new paths: no snapshot holds them yet. An older one holds the rest.",
        "unknown": "not known: no snapshot that counts is beyond doubt.",
    }
    if promise.loss == "known" and newest:
        return f"the age of the newest good snapshot, of {moment(newest, zone, now)}."
    return said[promise.loss]


def evidence(assessment: Assessment) -> tuple[Proofs, ...]:
    """What the ledger holds for each process in each repository."""
    zone, now = zone_of(assessment), assessment.at
    return tuple(
        Proofs(
            process=printable(judgement.process),
            repository=printable(one.repository),
            facts=tuple(Fact(fact.label, printable(fact.text)) for fact in _facts(one, zone, now)),
        )
        for judgement in assessment.judgements
        for one in judgement.standings
    )


def _facts(one: Standing, zone: ZoneInfo, now: datetime) -> Iterator[Fact]:
    if one.good:
        yield from _of_snapshot(one.good[0], zone, now)
    else:
        yield Fact("Snapshot", "no good one")
    if not one.proofs:
        yield Fact("Drill", "none has passed")
    full = [drill for drill in one.proofs if is_full(drill)]
    for drill in dict.fromkeys([*one.proofs[:1], *full[:1]]):  # the newest, and the newest full one
        yield from _of_drill(drill, zone, now)
    for failure in one.failures:
        codes = joined(list(dict.fromkeys(finding.code for finding in failure.findings)))
        text = f"of {failure.snapshot[:8] or 'no snapshot'}, {moment(failure.started, zone, now)}: {codes}"
        yield Fact("Failed drill", text)


def _of_snapshot(record: SnapshotRecord, zone: ZoneInfo, now: datetime) -> Iterator[Fact]:
    yield Fact("Snapshot", f"{record.snapshot[:8]}, {moment(taken_at(record), zone, now)}")
    moving = f", {count(record.moving, 'file')} moving" if record.moving else ""
    yield Fact("Holds", f"{count(record.files, 'file')}, {size(record.bytes)}{moving}")
    if record.witness_sha256:
        yield Fact("Witness", f"SHA-256 {record.witness_sha256[:16]}")
    yield Fact("Lies", place_words(record.place, record.place_reason))
    if record.repository_id:
        yield Fact("Repository ID", record.repository_id[:10])


def _of_drill(drill: DrillRecord, zone: ZoneInfo, now: datetime) -> Iterator[Fact]:
    part = "full" if is_full(drill) else f"sample of {percent(drill.share)}"
    yield Fact("Drill", f"{part}, of {drill.snapshot[:8]}, {moment(drill.started, zone, now)}")
    yield Fact("Rung", f"{drill.rung}: {RUNGS.get(drill.rung, 'unknown')}")
    files, took = drill.files, drill.seconds
    verified = f"{files.verified:,} of {count(files.expected, 'entry', 'entries')}"
    yield Fact("Verified", f"{verified}, {size(drill.bytes)}")
    phases = (("restore", took.restore), ("verify", took.verify), ("prove", took.prove), ("all", took.total))
    yield Fact("Took", ", ".join(f"{name} {duration(seconds)}" for name, seconds in phases))
    for proof in drill.proofs:
        why = f": {proof.message}" if proof.message else ""
        yield Fact("Proof", f"{proof.name} - {proof.outcome.replace('_', ' ')}{why}")
    if drill.isolation:
        yield Fact("Walls", ", ".join(drill.isolation))
    if drill.restic:
        yield Fact("restic", drill.restic)
    if drill.statement:
        yield Fact("Supports", drill.statement)
