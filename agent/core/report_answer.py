"""The top of a report: the answer, why, what to do first, and one line for each process."""

from datetime import UTC
from zoneinfo import ZoneInfo

from agent.core.judgement import Assessment, Judgement, Reason, badness
from agent.core.model import CriticalProcess, Verdict
from agent.core.phrases import day, moment
from agent.core.text import duration, printable
from agent.core.views import ProcessLine, ReasonLine

STATES = {
    Verdict.READY: "READY",
    Verdict.AT_RISK: "AT RISK",
    Verdict.NOT_READY: "NOT READY",
    Verdict.UNKNOWN: "UNKNOWN",
}
WELL_BEFORE = 0.25  # of the window left


def question(assessment: Assessment) -> str:
    """The one question that everything else is for."""
    name = printable(assessment.config.business.name)
    return f"Could {name} recover its daily operations over the weekend if it lost this server today?"


def answer(assessment: Assessment) -> str:
    """The answer behind the state word, in one or two sentences."""
    reasons = all_reasons(assessment)
    top = _with_process(reasons[0]) if reasons else ""
    back = back_in_time(assessment)
    if assessment.verdict == Verdict.READY:
        return f"Everything critical would be back by {back}."
    if assessment.verdict == Verdict.AT_RISK:
        return f"Everything critical would be back by {back}, but it is slipping. {top}"
    if assessment.verdict == Verdict.UNKNOWN:
        return f"Nobody can say. {top}"
    return top


def back_in_time(assessment: Assessment) -> str:
    """When all are back, and how that compares: "Saturday 02:40, well before Monday 08:00"."""
    zone, window, back = zone_of(assessment), assessment.window, assessment.timetable.all_back
    if back is None:
        return "nobody knows when"
    left = (window.opens.astimezone(UTC) - back.astimezone(UTC)).total_seconds()
    well = "well " if left > WELL_BEFORE * window.seconds else ""
    return f"{moment(back, zone, assessment.at)}, {well}before {moment(window.opens, zone, assessment.at)}"


def window_line(assessment: Assessment) -> str:
    """From when to when, and how long that is."""
    zone, window = zone_of(assessment), assessment.window
    closes, opens = (moment(end, zone, assessment.at) for end in (window.closes, window.opens))
    hours, minutes = divmod(window.seconds // 60, 60)
    return f"{closes} to {opens}, {hours} h{f' {minutes} min' if minutes else ''}"


def first_thing(assessment: Assessment) -> str:
    """The one thing to do first."""
    return next((_with_process(r, r.hint) for r in all_reasons(assessment) if r.hint), "")


def all_reasons(assessment: Assessment) -> list[Reason]:
    """The reasons of all processes and of the business, worst first, in the order of recovery."""
    found = [reason for judgement in assessment.judgements for reason in judgement.reasons]
    return sorted([*found, *assessment.reasons], key=lambda reason: -badness(reason.verdict))


def reason_lines(assessment: Assessment) -> tuple[ReasonLine, ...]:
    return tuple(
        ReasonLine(
            process=printable(reason.process),
            state=STATES[reason.verdict],
            code=reason.code,
            sentence=printable(reason.sentence),
            hint=printable(reason.hint),
        )
        for reason in all_reasons(assessment)
    )


def process_lines(assessment: Assessment) -> tuple[ProcessLine, ...]:
    """One line a process, in the order of recovery."""
    processes = {process.name: process for process in assessment.config.processes}
    return tuple(_line(assessment, one, processes[one.process]) for one in assessment.judgements)


def _line(assessment: Assessment, judgement: Judgement, process: CriticalProcess) -> ProcessLine:
    zone, rto, rpo = zone_of(assessment), judgement.rto, judgement.rpo
    planned = next(line for line in assessment.timetable.returns if line.process == process.name)
    about = "~" if rto.basis == "extrapolated" else ""
    proven = judgement.last_proven_at
    return ProcessLine(
        process=printable(process.name),
        state=STATES[judgement.verdict],
        promise=printable(process.promise),
        owner=printable(process.owner),
        proven=day(proven, zone, assessment.at) if proven else "never",
        takes="unknown" if rto.actual_s is None else about + duration(rto.actual_s),
        takes_promised=duration(rto.objective_s),
        loses="everything" if rpo.actual_s is None else duration(rpo.actual_s),
        loses_promised=duration(rpo.objective_s),
        back=moment(planned.back, zone, assessment.at) if planned.back else "unknown",
    )


def zone_of(assessment: Assessment) -> ZoneInfo:
    return ZoneInfo(assessment.config.business.time_zone)


def seal(assessment: Assessment) -> str:
    """The ledger's head, so that whoever keeps the report is a witness of the ledger."""
    number, head = assessment.evidence.sequence, assessment.evidence.head
    return f"record {number:,}, {head[:16]}" if number else "no record yet"


def _with_process(reason: Reason, text: str | None = None) -> str:
    words = printable(reason.sentence if text is None else text)
    return f"{printable(reason.process)}: {words}" if reason.process else words
