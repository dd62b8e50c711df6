"""What an alarm rests on: findings with their paths, the history of the trouble, and what to run."""

import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.evidence import WHOLE
from agent.core.incidents import Incident
from agent.core.judgement import Assessment
from agent.core.letter import called
from agent.core.letter_words import at_moment
from agent.core.model import DrillRecord, Finding
from agent.core.phrases import joined, percent, shortened
from agent.core.report_answer import zone_of
from agent.core.text import count, printable

SHOWN = 5  # findings
# a command in a hint stands behind a colon, up to a stop or a bracket
COMMAND = re.compile(r": ((?:readiness|systemctl|journalctl|timedatectl) [^,;()]+?)(?=[,;(]|\. |\.?$)")
TALK = re.compile(r" (?:finds|shows|tells)\b.*")  # what a hint goes on to say of it
CONFIRMS = "--accept"  # nobody should run that before having looked


def commands(incident: Incident) -> tuple[str, ...]:
    """What to run, as the hint has it; else what shows how things stand."""
    found = [TALK.sub("", match.strip()) for match in COMMAND.findall(printable(incident.hint))]
    sure = tuple(dict.fromkeys(command for command in found if CONFIRMS not in command))
    if sure:
        return sure
    if not incident.processes:
        return ("readiness status",)
    verb = "exposure" if found else "drill"
    return (f"readiness {verb} {' '.join(shlex.quote(printable(name)) for name in incident.processes)}",)


def seen_before(incident: Incident, zone: ZoneInfo, now: datetime) -> str:
    """Whether the same happened before, and how long it lasted then."""
    if not incident.before:
        return "No, this is the first time."
    last = incident.before[0]
    often = count(len(incident.before), "time")
    ends = f"{at_moment(last.opened, zone, now)} until {at_moment(last.closed, zone, now)}"
    return f"Yes, {often}; last from {ends}."


def evidence(assessment: Assessment, incident: Incident) -> Iterator[str]:
    """The findings on its processes, each in a line with its path."""
    found = [
        finding
        for judgement in assessment.judgements
        for finding in judgement.findings
        if not incident.processes or judgement.process in incident.processes
    ]
    found.sort(key=lambda finding: finding.severity)  # "error" before "warning"
    yield from (_line(finding) for finding in found[:SHOWN])
    if len(found) > SHOWN:
        yield f"... and {len(found) - SHOWN:,} more: readiness report --for admin"


def _line(finding: Finding) -> str:
    message, path = printable(finding.message), printable(finding.path or "")
    where = f"{shortened(path, 160)}: " if path and path not in message else ""
    return f"{called(finding.process)}: {printable(finding.code)}: {where}{shortened(message, 240)}"


def proof_since(assessment: Assessment, incident: Incident) -> str:
    """The drills that showed that it is mended."""
    zone, now = zone_of(assessment), assessment.at
    drills = [
        next((d for one in j.standings for d in one.proofs if d.started >= incident.opened), None)
        for j in assessment.judgements
        if not incident.processes or j.process in incident.processes
    ]
    words = [_drill(drill, zone, now) for drill in drills if drill]
    return f"{joined(words, 3)}." if words else "nothing of it is wrong any more."


def _drill(drill: DrillRecord, zone: ZoneInfo, now: datetime) -> str:
    part = "a full drill" if drill.share >= WHOLE else f"a drill of {percent(drill.share)}"
    verified = f"{drill.files.verified:,} of {count(drill.files.expected, 'entry', 'entries')} verified"
    where = f"{called(drill.process)} from {called(drill.repository)}"
    return f"{part} of {where}, {at_moment(drill.started, zone, now)} ({verified})"
