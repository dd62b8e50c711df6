"""`readiness.status/1`: the answer as scripts and monitoring read it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import to_builtins

from agent.core.evidence.evidence import Standing
from agent.core.evidence.post import reactions
from agent.core.model.records import Verdict
from agent.core.report.promises import Promise, promises
from agent.core.snapshot.exposed import Exposure, exposure_row
from agent.core.verdict.judgement import Assessment, Judgement, Reason
from agent.core.verdict.plan_b_lag import lags
from agent.errors import Exit

EXITS = {
    Verdict.READY: Exit.GOOD,
    Verdict.AT_RISK: Exit.AT_RISK,
    Verdict.NOT_READY: Exit.BAD,
    Verdict.UNKNOWN: Exit.NOT_TESTED,
}


def status_result(assessment: Assessment, exposures: Mapping[str, Exposure] | None = None) -> dict[str, Any]:
    """Times with offset in the business's zone, durations in seconds, None for what may not be promised."""
    window, made = assessment.window, promises(assessment)
    return {
        "verdict": assessment.verdict.value,
        "deadline": _rfc3339(window.opens),
        "probability": made.probability,
        "window": {
            "closes": _rfc3339(window.closes),
            "opens": _rfc3339(window.opens),
            "seconds": window.seconds,
        },
        "all_back_at": _rfc3339(made.all_back_at),
        "reasons": [_reason(reason) for reason in assessment.reasons],
        "processes": [
            {
                **_process(judgement, promise, assessment),
                "exposure": exposure_row(
                    (exposures or {}).get(judgement.process), judgement.last_snapshot_at, assessment.at
                ),
            }
            for judgement, promise in zip(assessment.judgements, made.processes, strict=True)
        ],
        "ledger": {"sequence": assessment.evidence.sequence, "head": assessment.evidence.head},
    }


def forecast_result(assessment: Assessment) -> dict[str, Any]:
    """`readiness.forecast/1`: the timetable, in the order of recovery."""
    made, window = promises(assessment), assessment.window
    return {
        "closes": _rfc3339(window.closes),
        "deadline": _rfc3339(window.opens),
        "fits": made.fits,
        "probability": made.probability,
        "all_back_at": _rfc3339(made.all_back_at),
        "notice": _notice(assessment),
        "processes": [
            {
                "process": one.process,
                "starts_at": _rfc3339(one.starts_at),
                "back_at": _rfc3339(one.back_at),
                "machine_s": one.machine_s,
                "steps_s": one.steps_s,
                "due_at": _rfc3339(one.due_at),
                "in_time": one.in_time,
                "before_opening": one.before_opening,
            }
            for one in made.processes
        ],
    }


def _notice(assessment: Assessment) -> dict[str, Any]:
    """How long it takes until a person sees an alarm, as alarm tests measured it."""
    found = reactions(assessment.evidence.post, assessment.at)
    return {"tests": len(found.seen) + found.unseen, "unseen": found.unseen, "median_s": found.median}


def _process(judgement: Judgement, promise: Promise, assessment: Assessment) -> dict[str, Any]:
    rpo, rto, zone = judgement.rpo, judgement.rto, assessment.window.opens.tzinfo

    def local(moment: datetime | None) -> str | None:
        return _rfc3339(moment.astimezone(zone) if moment else None)

    return {
        "process": judgement.process,
        "verdict": judgement.verdict.value,
        "reasons": [_reason(reason) for reason in judgement.reasons],
        "rpo": {"objective_s": rpo.objective_s, "actual_s": promise.loses_s, "met": promise.loses_met},
        "rto": {
            "objective_s": rto.objective_s,
            "actual_s": promise.takes_s,
            "met": promise.takes_met,
            "basis": promise.basis,
            "machine_s": promise.machine_s,
            "steps_s": promise.steps_s,
        },
        "back_at": _rfc3339(promise.back_at),
        "last_snapshot_at": local(judgement.last_snapshot_at),
        "last_proven_at": local(judgement.last_proven_at),
        "plan_b": [{"repository": lag.repository, "lag_s": lag.seconds} for lag in lags(judgement.standings)],
        "copies": [_where(one) for one in judgement.standings],
        "findings": to_builtins(judgement.findings),
    }


def _where(one: Standing) -> dict[str, Any]:
    """Where a copy lies; None where it holds no good snapshot."""
    good = one.good[0] if one.good else None
    return {
        "repository": one.repository,
        "place": (good.place or "not-known") if good else None,
        "place_reason": good.place_reason if good else "",
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "verdict": reason.verdict.value,
        "repository": reason.repository or None,
        "message": reason.sentence,
        "hint": reason.hint,
    }


def _rfc3339(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
