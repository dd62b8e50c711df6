"""Mail at once: what went wrong, what to do and what to run; and that it is mended."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.letters.alarm_evidence import (
    evidence,
    proof_words,
    reason_now,
    seen_before,
    sentence_then,
    to_do,
)
from agent.core.letters.alarm_plain import plain_groups
from agent.core.letters.alarm_words import (
    answer_now,
    confirmed_by,
    headline,
    opening,
    proofs_of,
    state_of,
    subject_of,
)
from agent.core.letters.letter import (
    Block,
    Command,
    Group,
    Letter,
    Sentence,
    Tone,
    called,
    capital,
    in_brackets,
    seal_words,
    subject_line,
)
from agent.core.letters.words import TONES, at_moment
from agent.core.model.records import Verdict
from agent.core.report.answer import zone_of
from agent.core.telling.incidents import Incident, News
from agent.core.text.phrases import shortened, span
from agent.core.text.plain import printable
from agent.core.verdict.judgement import Assessment

IN_FULL = 5  # incidents; more are named in a line each
NAMED = 30  # and still more are only counted: Gmail cuts off a page beyond 102 kB
ACKNOWLEDGING = "This stops reminders and escalation for a day. It closes nothing:"


def alarm_letter(assessment: Assessment, news: News) -> Letter:
    """News of one or several incidents; the deputy and the owner read it in plain words."""
    if news.role == "admin":
        groups = (*_of_incidents(assessment, news), *_what_next(assessment, news))
    else:
        groups = plain_groups(assessment, news)
    worst, state = news.incidents[0], state_of(assessment, news)
    return Letter(
        subject=subject_of(assessment, news),
        business=called(assessment.config.business.name),
        state=state,
        tone="ready" if state == "FIXED" else "plain" if state == "CLOSED" else _tone(worst),
        opening=capital(opening(assessment, news)),
        groups=groups,
        closing=_closing(assessment, news),
    )


def alarm_test_letter(business: str, name: str, now: datetime, zone: ZoneInfo, contact: str = "") -> Letter:
    """A test of whether alarms reach somebody, who then acknowledges `name`, such as "T-20261201"."""
    asked = (
        f"Please run this on the server: the time from {at_moment(now, zone, now)} until then is measured."
    )
    who = f" If you cannot, call {called(contact, 90)}." if contact else ""
    return Letter(
        subject=subject_line(f"ALARM TEST - please run: readiness ack {name}", in_brackets(business)),
        business=called(business),
        state="ALARM TEST",
        tone="plain",
        opening="Nothing is wrong. This mail finds out how long it takes until an alarm is seen.",
        groups=(
            Group(
                blocks=(
                    Sentence(label="DO ONE THING", text=f"{asked}{who}", strong=True),
                    Command(f"readiness ack {printable(name)}"),
                )
            ),
        ),
        closing=(Sentence(text=f"An alarm test of {called(business, 40) or 'the business'}."),),
    )


def _tone(incident: Incident) -> Tone:
    return "plain" if incident.verdict == Verdict.READY else TONES[incident.verdict]


def _of_incidents(assessment: Assessment, news: News) -> Iterator[Group]:
    several = len(news.incidents) > 1
    for incident in news.incidents[:IN_FULL]:
        title = f"{incident.name}: {headline(assessment, incident)}" if several else ""
        make = _mended if news.event == "fixed" else _open
        yield Group(blocks=tuple(make(assessment, incident)), title=title)
    rest = news.incidents[IN_FULL:NAMED]
    if rest:
        lines = [Sentence(label=one.name, text=f"{headline(assessment, one)}.") for one in rest]
        more = len(news.incidents) - NAMED
        if more > 0:
            lines.append(Sentence(text=f"... and {more:,} more: readiness report --for admin", item=True))
        yield Group(blocks=tuple(lines), title="And besides")


def _open(assessment: Assessment, incident: Incident) -> Iterator[Block]:
    zone, now = zone_of(assessment), assessment.at
    seconds = (now - incident.opened).total_seconds()
    age = f"{span(seconds)} ago" if seconds >= 60 else "just now"
    where = f", copy {called(incident.repository)}" if incident.repository else ""
    said, hint = reason_now(assessment, incident)
    yield Sentence(label="WHAT", text=shortened(printable(said), 500))
    yield Sentence(
        label="SINCE",
        text=f"{at_moment(incident.opened, zone, now)}, {age} ({incident.name}, severity "
        f"{incident.severity}, {printable(incident.code)}{where}).",
    )
    yield Sentence(label="SEEN BEFORE", text=seen_before(incident, zone, now))
    yield from to_do(incident, hint)
    yield from evidence(assessment, incident)


def _mended(assessment: Assessment, incident: Incident) -> Iterator[Block]:
    drills = proofs_of(assessment, incident) if incident.needs_a_drill else []
    if drills:
        yield Sentence(label="PROVEN BY", text=proof_words(assessment, drills))
    yield Sentence(label="IT WAS", text=sentence_then(incident))
    yield Sentence(label="SEEN BEFORE", text=seen_before(incident, zone_of(assessment), assessment.at))


def _what_next(assessment: Assessment, news: News) -> Iterator[Group]:
    """Who hears of it when, the next drill, how to acknowledge, and whether there were too many mails."""
    zone, now = zone_of(assessment), assessment.at
    next_lines = []
    if news.drills:
        next_lines.append(f"The next drill is due {at_moment(news.drills, zone, now)}.")
    if news.escalates and news.event != "fixed":
        role, when = news.escalates
        next_lines.append(f"The {role} hears of it {at_moment(when, zone, now)}, if nobody acknowledges it.")
    blocks: list[Block] = [Sentence(label="ANSWER NOW", text=answer_now(assessment))]
    blocks += [Sentence(label="NEXT", text=" ".join(next_lines))] if next_lines else []
    if news.over_budget:
        text = f"This is mail {news.over_budget + 1:,} within a day, 1 is meant. Too many are not read."
        blocks.append(Sentence(label="TOO MANY MAILS", text=text))
    yield Group(blocks=tuple(blocks))
    if news.event != "fixed":
        yield Group(blocks=tuple(_acknowledging(news.incidents)))


def _acknowledging(incidents: Sequence[Incident]) -> Iterator[Block]:
    drilled = any(one.needs_a_drill for one in incidents)
    ends = "only a drill that passes does" if drilled else "that comes when it is over"
    yield Sentence(label="TO ACKNOWLEDGE", text=f"{ACKNOWLEDGING} {ends}.")
    yield from (Command(f"readiness ack {incident.name}") for incident in incidents[:NAMED])


def _closing(assessment: Assessment, news: News) -> tuple[Sentence, ...]:
    which = "readiness report --for admin" if news.role == "admin" else "readiness report"
    seal = seal_words(assessment.evidence.head) if assessment.evidence.sequence else "none yet"
    written = at_moment(assessment.at, zone_of(assessment), assessment.at)
    name = called(assessment.config.business.name, 40) or "the business"
    by = at_moment(news.again_by, zone_of(assessment), assessment.at) if news.again_by else ""
    silence = (
        f"If by {by} nobody acknowledged it, and neither FIXED nor a reminder came, no mail gets"
        " through, or it is gone and waits for a drill"
    )
    return (
        *confirmed_by(news),
        *((Sentence(text=f"{silence}: run readiness status."),) if by else ()),
        Sentence(text=f"Written {written} for {name}. Details: {which}. Seal: {seal}"),
    )
