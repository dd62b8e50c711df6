"""The top of a report: the answer, why, what to do first, and one line for each process."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from agent.core.configuration.config import CriticalProcess
from agent.core.model.records import Verdict
from agent.core.report.promises import Loss, Promise, promises
from agent.core.report.views import ProcessLine, ReasonLine
from agent.core.text.phrases import day, joined, moment, span
from agent.core.text.plain import printable
from agent.core.verdict.judgement import Assessment, Judgement, Reason, badness

STATES = {
    Verdict.READY: "READY",
    Verdict.AT_RISK: "AT RISK",
    Verdict.NOT_READY: "NOT READY",
    Verdict.UNKNOWN: "UNKNOWN",
}
NOTE = "NOTE"  # the state of a reason that changes no verdict
WELL_BEFORE = 0.25  # of the window left
# what would be lost now, where that is no length of time
LOSSES: dict[Loss, str] = {
    "everything": "everything",
    "new-paths": "the new paths",
    "unknown": "unknown",
}


def question(assessment: Assessment) -> str:
    """The one question that everything else is for."""
    name = printable(assessment.config.business.name).strip() or "the business"
    return f"Could {name} recover its daily operations over the weekend if it lost this server today?"


def answer(assessment: Assessment) -> str:
    """The answer behind the state word, in one or two sentences."""
    reasons = reason_lines(assessment)
    top = _headline(reasons[0]) if reasons else ""
    back = back_in_time(assessment)
    if assessment.verdict == Verdict.READY:
        return f"Everything critical {would_be(assessment)} back by {back}."
    if assessment.verdict == Verdict.AT_RISK and back:
        return f"Everything critical {would_be(assessment)} back by {back}, but it is slipping. {top}"
    if assessment.verdict == Verdict.AT_RISK:
        return f"It is slipping, and when everything is back is not known. {top}"
    if assessment.verdict == Verdict.UNKNOWN:
        return f"Nobody can say. {top}"
    return top


def would_be(assessment: Assessment) -> str:
    """A window that has begun is spoken of as one that was lost when it began."""
    return "would have been" if assessment.window.closes <= assessment.at else "would be"


def back_in_time(assessment: Assessment) -> str:
    """When all are back, and how that compares: "Saturday 02:40, well before Monday 08:00".

    Empty where that cannot be promised.
    """
    zone, window, back = zone_of(assessment), assessment.window, promises(assessment).all_back_at
    if back is None:
        return ""
    left = (window.opens.astimezone(UTC) - back.astimezone(UTC)).total_seconds()
    well = "well " if left > WELL_BEFORE * window.seconds else ""
    ends = (moment(end, zone, assessment.at, window.closes) for end in (back, window.opens))
    return f", {well}before ".join(ends)


def window_line(assessment: Assessment) -> str:
    """From when to when, and how long that is."""
    zone, window = zone_of(assessment), assessment.window
    closes, opens = (moment(end, zone, assessment.at, window.closes) for end in (window.closes, window.opens))
    hours, minutes = divmod(window.seconds // 60, 60)
    return f"{closes} to {opens}, {hours} h{f' {minutes} min' if minutes else ''}"


def first_thing(assessment: Assessment) -> str:
    """The one thing to do first."""
    worst = next((line for line in reason_lines(assessment) if line.hint), None)
    if worst is None:
        return ""
    return f"{worst.process}: {worst.hint}" if worst.process else worst.hint


def all_reasons(assessment: Assessment) -> list[Reason]:
    """The reasons of all processes and of the business, worst first, in the order of recovery."""
    found = [reason for judgement in assessment.judgements for reason in judgement.reasons]
    return sorted([*found, *assessment.reasons], key=lambda reason: -badness(reason.verdict))


def reason_lines(assessment: Assessment) -> tuple[ReasonLine, ...]:
    """The reasons worst first; what several processes have in common is said once."""
    alike: dict[tuple[str, str, str], list[Reason]] = {}
    for reason in all_reasons(assessment):
        alike.setdefault((reason.code, reason.verdict, reason.sentence), []).append(reason)
    return tuple(
        ReasonLine(
            process=printable(joined([reason.process for reason in reasons])),
            state=NOTE if reasons[0].verdict == Verdict.READY else STATES[reasons[0].verdict],
            code=reasons[0].code,
            sentence=printable(reasons[0].sentence),
            hint=printable(_common_hint(reasons)),
        )
        for reasons in alike.values()
    )


def _common_hint(reasons: Sequence[Reason]) -> str:
    """One hint for all; "Run: readiness drill a" and "... drill b" become "Run: readiness drill a b"."""
    first = reasons[0]
    stem = first.hint.removesuffix(first.process)
    if stem != first.hint and all(reason.hint == stem + reason.process for reason in reasons):
        return stem + " ".join(reason.process for reason in reasons)
    return first.hint


def process_lines(assessment: Assessment) -> tuple[ProcessLine, ...]:
    """One line a process, in the order of recovery."""
    processes = {process.name: process for process in assessment.config.processes}
    both = zip(assessment.judgements, promises(assessment).processes, strict=True)
    return tuple(_line(assessment, one, processes[one.process], promise) for one, promise in both)


def _line(
    assessment: Assessment, judgement: Judgement, process: CriticalProcess, promise: Promise
) -> ProcessLine:
    zone, back, proven = zone_of(assessment), promise.back_at, judgement.last_proven_at
    about = "~" if promise.basis == "extrapolated" else ""
    return ProcessLine(
        process=printable(process.name),
        state=STATES[judgement.verdict],
        promise=printable(process.promise),
        owner=printable(process.owner),
        proven=day(proven, zone, assessment.at) if proven else "never",
        takes="unknown" if promise.takes_s is None else about + span(promise.takes_s),
        takes_promised=span(process.rto),
        loses=LOSSES[promise.loss] if promise.loses_s is None else span(promise.loses_s),
        loses_promised=span(process.rpo),
        back=moment(back, zone, assessment.at, assessment.window.closes) if back else "unknown",
    )


def zone_of(assessment: Assessment) -> ZoneInfo:
    """The time zone in which the report tells times."""
    return ZoneInfo(assessment.config.business.time_zone)


def seal(assessment: Assessment) -> str:
    """The ledger's head, so that whoever keeps the report is a witness of the ledger."""
    number, head = assessment.evidence.sequence, assessment.evidence.head
    return f"record {number:,}, {head[:16]}" if number else "no record yet"


def _headline(line: ReasonLine) -> str:
    return f"{line.process}: {line.sentence}" if line.process else line.sentence
