"""The report: an assessment put into words for one audience."""

from agent.core.report.answer import (
    STATES,
    answer,
    first_thing,
    process_lines,
    question,
    reason_lines,
    seal,
    window_line,
    zone_of,
)
from agent.core.report.evidence import evidence, findings, methods
from agent.core.report.gaps import gaps, places, plan_b
from agent.core.report.views import Audience, Report
from agent.core.text.phrases import moment
from agent.core.text.plain import printable
from agent.core.verdict.judgement import Assessment


def build(assessment: Assessment, audience: Audience = "admin") -> Report:
    """The report for one audience: the owner reads the answer, the auditor all evidence for it."""
    zone = zone_of(assessment)
    written = assessment.at.astimezone(zone)
    return Report(
        audience=audience,
        business=printable(assessment.config.business.name),
        question=question(assessment),
        state=STATES[assessment.verdict],
        answer=answer(assessment),
        at=f"{moment(written, zone, assessment.at)}, {written:%Y-%m-%d %H:%M %Z}",
        window=window_line(assessment),
        first=first_thing(assessment),
        processes=process_lines(assessment),
        reasons=reason_lines(assessment),
        not_tested=gaps(assessment),
        plan_b=plan_b(assessment),
        places=places(assessment),
        seal=seal(assessment),
        findings=findings(assessment) if audience != "owner" else (),
        methods=methods(assessment) if audience != "owner" else (),
        evidence=evidence(assessment) if audience == "auditor" else (),
    )
