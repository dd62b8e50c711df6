"""What may be promised today: the one source of every time, loss and chance that leaves the program.

An assessment holds what was measured, also in better days. Text, JSON, HTML, mails and metrics take what
they say of the future from here alone, so that none of them says more than another:
tests/core/report/test_promises.py holds that, and docs/reference/promises.md tells people the rules.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from agent.core.evidence.evidence import is_whole
from agent.core.forecast.recovery_time import Basis
from agent.core.forecast.timetable import Return
from agent.core.model.records import Verdict
from agent.core.verdict.doubt import ONLY_LATE, UNPROVEN, first_without_time, loss_doubt, restore_doubt
from agent.core.verdict.judgement import Assessment, Judgement

Loss = Literal["known", "new-paths", "everything", "unknown"]


class Promise(Struct, frozen=True, kw_only=True):
    """What may be said of one process; None for what may not, whatever was measured once.

    `why` says why there is no time, in one sentence; it is empty where there is one.
    """

    process: str
    due_at: datetime
    steps_s: int  # as declared for people
    machine_s: int | None = None
    takes_s: int | None = None  # of the machine and of people
    basis: Basis = "none"
    takes_met: bool | None = None  # within the recovery time objective
    starts_at: datetime | None = None
    back_at: datetime | None = None
    in_time: bool | None = None
    before_opening: bool | None = None
    loss: Loss = "unknown"
    loses_s: int | None = None  # only where the loss is known
    loses_met: bool | None = None  # within the recovery point objective
    why: str = ""


class Promises(Struct, frozen=True, kw_only=True):
    """Of the whole business, and of each process in the order of recovery.

    `fits`: whether all are back before the business opens. `why` as in Promise.
    """

    processes: tuple[Promise, ...]
    all_back_at: datetime | None = None
    fits: bool | None = None
    probability: float | None = None
    why: str = ""


def promises(assessment: Assessment) -> Promises:
    """What may be promised from an assessment, and no more."""
    known = first_without_time(assessment.judgements, assessment.evidence)
    lines = {line.process: line for line in assessment.timetable.returns}
    made: list[Promise] = []
    for place, judgement in enumerate(assessment.judgements):
        before = assessment.judgements[known].process if place > known else ""
        made.append(_promise(assessment, judgement, lines[judgement.process], before))
    return _of_all(assessment, tuple(made))


def _of_all(assessment: Assessment, made: tuple[Promise, ...]) -> Promises:
    """Together they have a time when all have one, and nothing makes the whole answer unknown."""
    blind = next((one.sentence for one in assessment.reasons if one.verdict == Verdict.UNKNOWN), "")
    lacking = next((f"{one.process}: {one.why}" for one in made if one.back_at is None), "")
    plan = assessment.timetable
    if lacking or blind or not made:  # that it does not fit is no promise
        fits = False if plan.fits is False else None
        return Promises(processes=made, fits=fits, why=lacking or blind)
    return Promises(
        processes=made,
        all_back_at=max(one.back_at for one in made if one.back_at),
        fits=plan.fits,
        probability=plan.probability,
    )


def _promise(assessment: Assessment, judgement: Judgement, line: Return, before: str) -> Promise:
    """`before` is a process that has to be back first and has no time itself; empty where there is none."""
    rto, rpo = judgement.rto, judgement.rpo
    doubt = restore_doubt(judgement, assessment.evidence)
    loss = _loss(assessment, judgement)
    measured = rto.actual_s is not None and doubt is None
    timed = measured and not before
    why = doubt.sentence if doubt else "No restore of it was measured."
    return Promise(
        process=judgement.process,
        due_at=line.due,
        steps_s=rto.steps_s,
        machine_s=rto.machine_s if measured else None,
        takes_s=rto.actual_s if measured else None,
        basis=rto.basis if measured else "none",
        takes_met=rto.met if measured else None,
        starts_at=None if before else line.starts,
        back_at=line.back if timed else None,
        in_time=line.in_time if timed else None,
        before_opening=line.before_opening if timed else None,
        loss=loss,
        loses_s=rpo.actual_s if loss == "known" else None,
        loses_met=rpo.met if loss == "known" else None,
        why="" if timed else why if not measured else f"It comes after {before}, which has no time.",
    )


def _loss(assessment: Assessment, judgement: Judgement) -> Loss:
    """How much would be lost now: "everything" only where no snapshot of it was ever whole."""
    if judgement.rpo.actual_s is not None:
        return "unknown" if loss_doubt(judgement, assessment.evidence) else "known"
    grave = {one.code for one in judgement.reasons if one.verdict in (Verdict.NOT_READY, Verdict.UNKNOWN)}
    if "paths-not-covered" in grave:  # what it had before is in an older snapshot
        return "unknown" if grave - UNPROVEN - ONLY_LATE - {"paths-not-covered"} else "new-paths"
    taken = [record for one in judgement.standings for record in one.copy.snapshots if is_whole(record)]
    return "unknown" if taken or any(one.proofs for one in judgement.standings) else "everything"
