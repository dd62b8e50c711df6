"""The timetable in words."""

from agent.core.evidence.post import reaction_words, reactions
from agent.core.forecast.timetable import Return
from agent.core.report.answer import back_in_time, is_doubtful, window_line, would_be, zone_of
from agent.core.report.views import Forecast, ForecastLine
from agent.core.text.phrases import joined, moment, span
from agent.core.text.plain import printable
from agent.core.verdict.judgement import Assessment

NO_PROBABILITY = "not simulated: these are single measurements and declared times, one after another."

NO_NOTICE = "not measured: set test in [alarm]. The times above begin when somebody begins."


def forecast(assessment: Assessment) -> Forecast:
    """When is each process back, and does that fit?"""
    plan, zone, now = assessment.timetable, zone_of(assessment), assessment.at
    doubtful = [printable(one.process) for one in assessment.judgements if is_doubtful(one)]
    if doubtful:
        answer = f"When everything is back is not known: the measured copy of {joined(doubtful)} is bad now."
    elif plan.fits:
        answer = f"Everything critical {would_be(assessment)} back by {back_in_time(assessment)}."
    elif plan.fits is None:
        answer = "When everything is back is not known, because not everything has been restored in a drill."
    else:
        answer = f"Not everything is back before {moment(plan.window.opens, zone, now, plan.window.closes)}."
    return Forecast(
        answer=answer,
        window=window_line(assessment),
        probability=NO_PROBABILITY,
        notice=reaction_words(reactions(assessment.evidence.post, now)) or NO_NOTICE,
        lines=tuple(_line(assessment, line) for line in plan.returns),
    )


def _line(assessment: Assessment, line: Return) -> ForecastLine:
    zone, now, closes = zone_of(assessment), assessment.at, assessment.window.closes
    judgement = next(one for one in assessment.judgements if one.process == line.process)
    basis, doubtful = judgement.rto.basis, is_doubtful(judgement)
    machine = "unknown" if line.machine_s is None or doubtful else span(line.machine_s)
    return ForecastLine(
        process=printable(line.process),
        back=moment(line.back, zone, now, closes) if line.back and not doubtful else "unknown",
        machine=f"~{machine}" if basis == "extrapolated" and not doubtful else machine,
        people=span(line.steps_s) if line.steps_s else "none",
        promised=moment(line.due, zone, now, closes),
        in_time={True: "yes", False: "no", None: "unknown"}[None if doubtful else line.in_time],
    )
