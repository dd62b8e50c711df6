"""The rules that make a process UNKNOWN or NOT READY: what is not proven, and what is proven to be bad."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from agent.core.evidence.evidence import CLOCK_TOLERANCE, is_future, taken_at, uncovered
from agent.core.evidence.mild import errors_of, is_of_the_repository, is_only_stale, spares_the_data
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.records import CopyRecord, Verdict
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.phrases import joined, shortened, span
from agent.core.text.plain import shown_path
from agent.core.verdict.judgement import Case, Reason
from agent.core.verdict.ways_out import way_out

LEAST_TOLERANCE = timedelta(minutes=1)  # of a clock that is set right now and then

Rule = Callable[[Case], Iterator[Reason]]


def clock_went_back(case: Case) -> Iterator[Reason]:
    """Records from the future: how old anything is cannot be said, and whether that keeps the objective."""
    tolerance = min(CLOCK_TOLERANCE, max(LEAST_TOLERANCE, timedelta(seconds=case.process.rpo) / 4))
    newest = [record.started for one in case.standings for record in one.copy.newest]
    ahead = [started for started in newest if is_future(started, case.now, tolerance)]
    if ahead:
        lead = span((max(ahead) - case.now).total_seconds())
        yield case.reason(
            "clock-went-back",
            Verdict.UNKNOWN,
            f"The newest record lies {lead} in the future, so a clock is wrong and no age can be trusted.",
            f"Set the clock (timedatectl status), then run: readiness drill {case.process.name}",
        )


def no_good_snapshot(case: Case) -> Iterator[Reason]:
    """Nothing to recover from, or nothing that is known of it."""
    if any(one.good for one in case.standings):
        return
    name = case.process.name
    attempts = [record for one in case.standings for record in one.copy.snapshots]
    passed = [record for record in attempts if record.outcome == "passed"]
    failed = next((record for record in attempts if record.outcome == "failed"), None)
    hint = f"Run: readiness snapshot {name}"
    present = [record for record in passed if not is_future(taken_at(record), case.now)]
    newest = max(present, key=taken_at, default=None)
    if newest and uncovered(newest, case.process):
        sentence = f"No snapshot holds {joined(uncovered(newest, case.process))} yet."
        yield case.reason("paths-not-covered", Verdict.UNKNOWN, sentence, snapshot_hint(case))
    elif any(not spares_the_data(failure) for one in case.standings for failure in one.failures):
        sentence = "There is no good snapshot: drills refused those that were taken."
        if attempts and attempts[0].outcome != "passed":
            sentence = f"{sentence} And no new one can be taken: {cause(attempts[0])}"
        yield case.reason("no-good-snapshot", Verdict.NOT_READY, sentence, snapshot_hint(case))
    elif newest:
        sentence = "No snapshot that counts is left: drills refused the newest ones."
        yield case.reason("no-snapshot", Verdict.UNKNOWN, sentence, hint)
    elif passed:
        sentence = "No snapshot that counts is left: those that were taken are dated in the future."
        yield case.reason("no-snapshot", Verdict.UNKNOWN, sentence, hint)
    elif failed:
        sentence = f"There is no good snapshot: {cause(failed)}"
        yield case.reason("no-good-snapshot", Verdict.NOT_READY, sentence, remedy(failed) or hint)
    else:
        why = f": {cause(attempts[0])}" if attempts else "."
        hint = (remedy(attempts[0]) if attempts else "") or hint
        yield case.reason("no-snapshot", Verdict.UNKNOWN, f"No snapshot has been taken yet{why}", hint)


def snapshot_stale(case: Case) -> Iterator[Reason]:
    """More would be lost than was promised."""
    if case.rpo.met is not False or case.rpo.dump:
        return
    newest = max(taken_at(one.good[0]) for one in case.standings if one.good)
    yield case.reason(
        "snapshot-stale",
        Verdict.NOT_READY,
        f"The newest good snapshot is from {case.when(newest)}; the promise is to lose at most "
        f"{span(case.rpo.objective_s)}.",
        snapshot_hint(case),
    )


def snapshot_hint(case: Case) -> str:
    """How to get a new snapshot: where the newest run was refused, by what it asked for."""
    newest = next((one.copy.snapshots[0] for one in case.standings if one.copy.snapshots), None)
    refused = remedy(newest) if newest and newest.outcome != "passed" else ""
    return refused or f"Run: readiness snapshot {case.process.name}"


def data_stale(case: Case) -> Iterator[Reason]:
    """The snapshot is young, and the dump in it is not: more would be lost than was promised."""
    if case.rpo.dump:
        yield case.reason(
            "data-stale",
            Verdict.NOT_READY,
            f"The newest data in {shown_path(case.rpo.dump.path)} is from {case.when(case.rpo.dump.at)}; the "
            f"promise is to lose at most {span(case.rpo.objective_s)}.",
            f"Dump more often, or promise less: rpo in [process.{case.process.name}].",
        )


def not_proven(case: Case) -> Iterator[Reason]:
    """No drill has passed within the maximum age of a proof."""
    if any(one.current for one in case.standings):
        return
    hint = f"Run: readiness drill {case.process.name}"
    limit = span(case.process.max_proof_age)
    proofs = [drill for one in case.standings for drill in one.proofs]
    if not proofs:
        yield case.reason("never-proven", Verdict.UNKNOWN, "No restore has been proven yet.", hint)
        return
    newest = max(proofs, key=lambda drill: drill.started)
    when = case.when(newest.started)
    if (case.now - newest.started).total_seconds() > case.process.max_proof_age:
        sentence = f"The last restore was proven on {when}; a proof counts for {limit}."
    else:
        sentence = f"The restore of {when}, was of a snapshot older than {limit}, which proves only the past."
    yield case.reason("proof-expired", Verdict.UNKNOWN, sentence, hint)


def drill_failed(case: Case) -> Iterator[Reason]:
    """A rehearsed restore went wrong, and none since has gone right."""
    for one in case.standings:
        for drill in one.failures[:1]:
            stale = is_only_stale(drill)
            if stale and case.rpo.met is False and not case.rpo.dump:
                continue  # one fault, one reason: the rule on the snapshot's age says it
            known = {trouble.code for trouble in case.troubles.get(one.repository, ())}
            if is_of_the_repository(drill) and errors_of(drill) & known:
                continue  # and so does the rule on what the account of the repository knows
            yield case.reason(
                "snapshot-stale" if stale else "drill-failed",
                Verdict.NOT_READY,
                f"The drill from {one.repository} on {case.when(drill.started)}, failed: {cause(drill)}",
                way_out(case, one, drill, remedy(drill)),
                one.repository,
            )


def rto_missed(case: Case) -> Iterator[Reason]:
    """Recovery takes longer than was promised."""
    rto = case.rto
    if rto.met is not False or rto.actual_s is None:
        return
    steps = f" with {span(rto.steps_s)} of steps by people" if rto.steps_s else ""
    yield case.reason(
        "rto-missed",
        Verdict.NOT_READY,
        f"Recovery takes {span(rto.actual_s)}{steps} ({rto.basis}), longer than the promised "
        f"{span(rto.objective_s)}.",
        "Make the copy quicker to reach, split the process, shorten its steps, or promise less (rto).",
        rto.repository,
    )


# The order is the order in which reasons of the same weight are shown.
GRAVE_RULES: tuple[Rule, ...] = (
    drill_failed,
    no_good_snapshot,
    snapshot_stale,
    data_stale,
    rto_missed,
    clock_went_back,
    not_proven,
)


def cause(record: SnapshotRecord | DrillRecord | CopyRecord) -> str:
    """Why a record is not a passed one, in one sentence."""
    finding = gravest(record.findings)
    if finding is None:
        return "the record does not say why."
    others = max(len([one for one in record.findings if one.severity != "info"]), _lost(record)) - 1
    more = f" ({others:,} more)" if others > 0 else ""
    return shortened(finding.message.rstrip(".")) + more + "."


def _lost(record: SnapshotRecord | DrillRecord | CopyRecord) -> int:
    """How many entries a drill did not bring back as they were: findings name only the first of them."""
    return record.files.missing + record.files.damaged if isinstance(record, DrillRecord) else 0


def remedy(record: SnapshotRecord | DrillRecord | CopyRecord) -> str:
    """What the gravest finding of a record says to do."""
    finding = gravest(record.findings)
    return finding.hint if finding else ""


def gravest(findings: Sequence[Finding]) -> Finding | None:
    """The first error, else the first warning; findings that only inform are none."""
    for severity in ("error", "warning"):
        for finding in findings:
            if finding.severity == severity:
                return finding
    return None
