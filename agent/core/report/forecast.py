"""The timetable in words."""

from agent.core.evidence.post import reaction_words, reactions
from agent.core.model.records import Verdict
from agent.core.report.answer import answer, back_in_time, reason_lines, window_line, would_be, zone_of
from agent.core.report.promises import Promise, promises
from agent.core.report.views import Forecast, ForecastLine
from agent.core.text.phrases import moment, span
from agent.core.text.plain import printable
from agent.core.verdict.judgement import Assessment

NO_PROBABILITY = "not simulated: these are single measurements and declared times, one after another."

NO_NOTICE = "not measured: set test in [alarm]. The times above begin when somebody begins."


def forecast(assessment: Assessment) -> Forecast:
    """When is each process back, and does that fit?"""
    return Forecast(
        answer=printable(_answer(assessment)),
        window=window_line(assessment),
        probability=NO_PROBABILITY,
        notice=reaction_words(reactions(assessment.evidence.post, assessment.at)) or NO_NOTICE,
        lines=tuple(_line(assessment, promise) for promise in promises(assessment).processes),
    )


def _answer(assessment: Assessment) -> str:
    """What holds for all of them, as `status` has it."""
    made, zone = promises(assessment), zone_of(assessment)
    if made.fits is False:
        window = assessment.window
        return f"Not everything is back before {moment(window.opens, zone, assessment.at, window.closes)}."
    if made.all_back_at is None:
        return f"When everything is back is not known. {made.why}"
    if assessment.verdict != Verdict.NOT_READY:
        return answer(assessment)
    worst = reason_lines(assessment)[0]
    where = f"{worst.process}: " if worst.process else ""
    back = f"Everything critical {would_be(assessment)} back by {back_in_time(assessment)}"
    return f"{back}, but that is not all that was promised. {where}{worst.sentence}"


def _line(assessment: Assessment, promise: Promise) -> ForecastLine:
    zone, now, closes = zone_of(assessment), assessment.at, assessment.window.closes
    about = "~" if promise.basis == "extrapolated" else ""
    return ForecastLine(
        process=printable(promise.process),
        back=moment(promise.back_at, zone, now, closes) if promise.back_at else "unknown",
        machine="unknown" if promise.machine_s is None else about + span(promise.machine_s),
        people=span(promise.steps_s) if promise.steps_s else "none",
        promised=moment(promise.due_at, zone, now, closes),
        in_time={True: "yes", False: "no", None: "unknown"}[promise.in_time],
    )
