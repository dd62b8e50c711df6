"""What could not be sent in time, in one mail: the answer now, and then every message whole."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from agent.core.letters.alarm_words import answer_now
from agent.core.letters.letter import (
    Command,
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
from agent.core.model.notices import MessageRecord
from agent.core.report.answer import STATES, zone_of
from agent.core.text.phrases import MONTHS, span
from agent.core.text.plain import count, printable
from agent.core.verdict.judgement import Assessment

# Gmail cuts off a page beyond 102 kB: what is quoted whole, with what stands around each, has to stay below
ROOM = 60_000  # bytes
AROUND = 1_000
NAMED = 30  # of those without room; the others are counted


def digest_letter(assessment: Assessment, messages: Sequence[MessageRecord], trouble: str = "") -> Letter:
    """`messages` that could not be sent, the gravest first and of these the newest; whole while they fit.

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
    whole, named = _divided(sorted(messages, key=lambda one: (one.severity, -one.started.timestamp())))
    shown = f"Here are {len(whole):,} of them" if named else "Here they all are"
    return Letter(
        subject=subject_line(lead, in_brackets(assessment.config.business.name)),
        business=name,
        state=state,
        tone=TONES[assessment.verdict],
        opening=f"{many} to you could not be sent since {at_moment(first, zone, now)}, "
        f"{span(max(0.0, (now - first).total_seconds()))} ago. {shown}, the gravest first.{why}",
        groups=(
            Group(blocks=(Sentence(label="ANSWER NOW", text=answer_now(assessment)),)),
            *(_message(number, one, zone, now) for number, one in enumerate(whole, 1)),
            *_left_out(named),
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


def _divided(messages: Sequence[MessageRecord]) -> tuple[list[MessageRecord], list[MessageRecord]]:
    """Those that are quoted whole, and those for which there is no room."""
    whole: list[MessageRecord] = []
    named: list[MessageRecord] = []
    left = ROOM
    for one in messages:
        size = AROUND + len(escape(one.text).encode("utf-8", "backslashreplace"))
        (whole if size <= left else named).append(one)
        left -= size if size <= left else 0
    return whole, named


def _left_out(messages: Sequence[MessageRecord]) -> Iterator[Group]:
    """Each in a line, and where they are kept whole."""
    if not messages:
        return
    are = "is" if len(messages) == 1 else "are"
    title = f"{len(messages):,} more {are} kept on the server, as a longer mail would be cut off"
    lines = [Sentence(text=printable(one.subject), item=True) for one in messages[:NAMED]]
    if len(messages) > NAMED:
        lines.append(Sentence(text=f"... and {len(messages) - NAMED:,} more", item=True))
    yield Group(title=title, blocks=(*lines, Command("readiness ledger export")))


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
