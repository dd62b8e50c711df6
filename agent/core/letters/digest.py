"""What could not be sent in time, in one mail: the answer now, and then every message whole."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.core.judgement import Assessment
from agent.core.letters.alarm_words import answer_now
from agent.core.letters.letter import (
    Group,
    Letter,
    Quote,
    Sentence,
    called,
    in_brackets,
    seal_words,
    subject_line,
)
from agent.core.letters.words import TONES, at_moment, short_moment
from agent.core.notices import MessageRecord
from agent.core.phrases import MONTHS, span
from agent.core.report_answer import STATES, zone_of
from agent.core.text import count, printable


def digest_letter(assessment: Assessment, messages: Sequence[MessageRecord], trouble: str = "") -> Letter:
    """All `messages` that could not be sent, the gravest first and of these the newest; nothing is left out.

    `trouble`: why they could not be sent, as the mail server or the network said it.
    """
    zone, now = zone_of(assessment), assessment.at
    first = min((one.started for one in messages), default=now)
    many = count(len(messages), "mail")
    state = STATES[assessment.verdict]
    lead = f"{state} - {many} could not be sent since {short_moment(first, zone, now, clock=True)}"
    name = called(assessment.config.business.name)
    said = printable(trouble)[:300].rstrip(".")
    why = f" Why they could not be sent: {said}." if trouble else ""
    ordered = sorted(messages, key=lambda one: (one.severity, -one.started.timestamp()))
    return Letter(
        subject=subject_line(lead, in_brackets(assessment.config.business.name)),
        business=name,
        state=state,
        tone=TONES[assessment.verdict],
        opening=f"{many} to you could not be sent since {at_moment(first, zone, now)}, "
        f"{span(max(0.0, (now - first).total_seconds()))} ago. Here they all are, the gravest first.{why}",
        groups=(
            Group(blocks=(Sentence(label="ANSWER NOW", text=answer_now(assessment)),)),
            *(_message(number, one, zone, now) for number, one in enumerate(ordered, 1)),
        ),
        closing=(_seal(assessment),),
    )


def _message(number: int, message: MessageRecord, zone: ZoneInfo, now: datetime) -> Group:
    written = at_moment(message.started, zone, now)
    return Group(
        title=f"{number}. {printable(message.subject)}",
        blocks=(
            Sentence(label="WRITTEN", text=f"{written}. As it was then:"),
            Quote("\n".join(printable(line) for line in message.text.splitlines())),
        ),
    )


def _seal(assessment: Assessment) -> Sentence:
    seal = seal_words(assessment.evidence.head) if assessment.evidence.sequence else "none yet"
    return Sentence(text=f"Details: readiness report, on the server. Seal: {seal}")


def bundle_letter(
    assessment: Assessment, file: str, sha256: str, drills: int, period: tuple[datetime, datetime]
) -> Letter:
    """The auditor's bundle is ready. Only its name and its digest are mailed, never what is in it."""
    zone, now = zone_of(assessment), assessment.at
    first, last = (end.astimezone(zone).date() for end in period)
    name = called(assessment.config.business.name)
    head = assessment.evidence.head if assessment.evidence.sequence else "none yet"
    return Letter(
        subject=subject_line(
            f"AUDIT BUNDLE - {count(drills, 'restore rehearsal')}, {first} to {last}",
            in_brackets(assessment.config.business.name),
        ),
        business=name,
        state="AUDIT BUNDLE",
        tone="plain",
        opening=f"The evidence of {name or 'the business'} from {_day(first)} to {_day(last)} is ready for "
        f"the auditor. It holds {count(drills, 'restore rehearsal')}, due or made, those included that "
        "failed or never ran.",
        groups=(
            Group(
                blocks=(
                    Sentence(label="FILE", text=printable(file)),
                    Sentence(label="SHA-256", text=printable(sha256)),
                    Sentence(label="SEAL", text=f"record {assessment.evidence.sequence:,}, {head}"),
                )
            ),
            Group(
                blocks=(
                    Sentence(
                        label="TO CHECK IT",
                        text="Give the file to the auditor, and this mail as well. Where the SHA-256 of the "
                        "file is the one above, it is this file. verify.py in it checks all that it holds, "
                        "and needs nothing but Python.",
                    ),
                )
            ),
        ),
        closing=(Sentence(text=f"Written {at_moment(now, zone, now)}."),),
    )


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
