"""What an alarm rests on: findings with their paths, the history of the trouble, and what to run."""

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.evidence.evidence import is_full
from agent.core.letters.letter import Block, Command, Sentence, called
from agent.core.letters.words import at_moment
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.report.answer import all_reasons, zone_of
from agent.core.telling.incidents import Incident
from agent.core.text.phrases import joined, percent, shortened
from agent.core.text.plain import count, printable
from agent.core.verdict.judgement import Assessment

SHOWN = 5  # findings
# a command in a hint stands behind a colon, up to a stop or a bracket
COMMAND = re.compile(r": ((?:readiness|systemctl|journalctl|timedatectl) [^,;()]+?)(?=[,;(]|\. |\.?$)")
TALK = re.compile(r" (?:finds|shows|tells)\b.*")  # what a hint goes on to say of it
AGE = re.compile(r", \d[\d. a-z]* ago\b,?")
CONFIRMS = "--accept"  # nobody should run that before having looked


def to_do(incident: Incident, hint: str) -> Iterator[Block]:
    """What the hint says, and what to run: as the hint has it, or else what shows how things stand."""
    words = shortened(printable(hint), 500)
    found = [TALK.sub("", match.strip()) for match in COMMAND.findall(words)]
    commands = list(dict.fromkeys(command for command in found if CONFIRMS not in command))
    if words.rstrip(".") == f"Run: {', then: '.join(commands)}":
        words = "Run this." if len(commands) == 1 else "Run these."
    elif len(commands) == 1:
        words = words.rstrip(".").removesuffix(commands[0]).rstrip()  # it stands below
    elif not commands:
        commands = [_by_default(incident, "exposure" if found else "drill")]
        words = f"{words} {'To look at it' if found else 'Then run'}:".strip()
    yield Sentence(label="TO DO", text=words, strong=True)
    yield from map(Command, commands)


def _by_default(incident: Incident, verb: str) -> str:
    if not incident.processes:
        return "readiness status"
    return f"readiness {verb} {' '.join(shlex.quote(printable(name)) for name in incident.processes)}"


def reason_now(assessment: Assessment, incident: Incident) -> tuple[str, str]:
    """Sentence and hint as they are today; those that were recorded hold ages of that day."""
    same = [
        reason
        for reason in all_reasons(assessment)
        if (reason.code, reason.repository) == (incident.code, incident.repository)
        and (not incident.processes or reason.process in incident.processes)
    ]
    return (same[0].sentence, same[0].hint) if same else (incident.sentence, incident.hint)


def sentence_then(incident: Incident) -> str:
    """What was wrong, without the age that it had when that was written."""
    return shortened(printable(AGE.sub("", incident.sentence)), 500)


def seen_before(incident: Incident, zone: ZoneInfo, now: datetime) -> str:
    """Whether the same happened before, and how long it lasted then."""
    if not incident.before:
        return "No, this is the first time."
    last = incident.before[0]
    number = len(incident.before)
    often = {1: "once", 2: "twice"}.get(number, f"{number:,} times")
    ends = f"{at_moment(last.opened, zone, now)} until {at_moment(last.closed, zone, now)}"
    return f"Yes, {often}: {'' if number == 1 else 'the last time '}from {ends}."


def evidence(assessment: Assessment, incident: Incident) -> Iterator[Block]:
    """The findings on its processes, each in a line with its path."""
    found = [
        finding
        for judgement in assessment.judgements
        for finding in judgement.findings
        if not incident.processes or judgement.process in incident.processes
    ]
    found.sort(key=lambda finding: finding.severity)  # "error" before "warning"
    kinds = list(dict.fromkeys(f"{called(one.process)}: {printable(one.code)}" for one in found))
    if found:
        alike = f", {kinds[0]}" if len(kinds) == 1 else ""
        yield Sentence(label="EVIDENCE", text=f"{count(len(found), 'finding')}{alike}.")
    for one in found[:SHOWN]:
        kind = f"{called(one.process)}: {printable(one.code)}: " if len(kinds) > 1 else ""
        yield Sentence(text=kind + _message(one), item=True)
    if len(found) > SHOWN:
        yield Sentence(text=f"... and {len(found) - SHOWN:,} more: readiness report --for admin", item=True)


def _message(finding: Finding) -> str:
    message, path = printable(finding.message), printable(finding.path or "")
    where = f"{shortened(path, 160)}: " if path and path not in message else ""
    return f"{where}{shortened(message, 240)}"


def proof_words(assessment: Assessment, drills: Sequence[DrillRecord]) -> str:
    """The drills that showed that it is mended."""
    return f"{joined([_drill(one, zone_of(assessment), assessment.at) for one in drills], 3)}."


def _drill(drill: DrillRecord, zone: ZoneInfo, now: datetime) -> str:
    part = "a full drill" if is_full(drill) else f"a drill of {percent(drill.share)}"
    verified = f"{drill.files.verified:,} of {count(drill.files.expected, 'entry', 'entries')} verified"
    where = f"{called(drill.process)} from {called(drill.repository)}"
    return f"{part} of {where}, {at_moment(drill.started, zone, now)} ({verified})"
