"""Small words that several mails share: states, windows, times for narrow columns, the worst trouble."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.core.letters.letter import Tone
from agent.core.letters.plain_words import IN_SERVER, ONE_COPY, trouble
from agent.core.model.records import Verdict
from agent.core.report.answer import all_reasons, zone_of
from agent.core.schedule.window import Window
from agent.core.telling.incidents import Incident
from agent.core.text.phrases import MONTHS, WEEKDAYS, is_near, moment
from agent.core.verdict.doubt import is_proven
from agent.core.verdict.judgement import Assessment, Judgement
from agent.core.verdict.reasons_place import ON_THE_DISK, newest_good

TONES: dict[Verdict, Tone] = {
    Verdict.READY: "ready",
    Verdict.AT_RISK: "at-risk",
    Verdict.NOT_READY: "not-ready",
    Verdict.UNKNOWN: "unknown",
}

# what is wrong with one copy says nothing of the others
OF_ONE_COPY = (
    *(ONE_COPY, "drill-not-tested", "repository-damaged", "repository-missing", "repository-changed"),
    *("snapshots-vanished", "paths-not-drilled"),
)


def at_moment(when: datetime, zone: ZoneInfo, now: datetime, since: datetime | None = None) -> str:
    """Within a sentence: "Friday at 17:00"."""
    day, _, clock = moment(when, zone, now, since).rpartition(" ")
    return f"{day} at {clock}"


def code_now(assessment: Assessment, code: str, processes: Sequence[str]) -> str:
    """The code to say: a drill that failed is less of a trouble while another copy is proven, and copies
    may be lost with the machine although they lie on another disk than the data."""
    concerned = [one for one in assessment.judgements if one.process in processes]
    helped = [
        any(s.good and not s.failures and is_proven(one, s, assessment.evidence) for s in one.standings)
        for one in concerned
    ]
    if code == "repository-same-device" and not all(on_the_disk(one) for one in concerned):
        return IN_SERVER
    return ONE_COPY if code == "drill-failed" and helped and all(helped) else code


def on_the_disk(judgement: Judgement) -> bool:
    """Its copies lie on the disk of its data, as far as they lie near it."""
    return all(one.place in ON_THE_DISK for one in newest_good(judgement.standings) if one.same_device)


def trouble_of(assessment: Assessment, incident: Incident, limit: int = 2) -> str:
    """What is wrong, in a few words, with the copy that it is about where there are several.

    No more than `limit` processes are named; 0 is for where there is little room.
    """
    code = code_now(assessment, incident.code, incident.processes)
    one_of_several = limit and len(assessment.config.repositories) > 1 and code in OF_ONE_COPY
    return trouble(code, incident.processes, limit, incident.repository if one_of_several else "")


def short_moment(
    when: datetime, zone: ZoneInfo, now: datetime, clock: bool = False, since: datetime | None = None
) -> str:
    """ "Tue 03:10", beyond a week "14 Nov" and in another year "14 Nov 2025"; with `clock` "1 Dec 09:00".

    As in `moment` that week is one of `since` as well.
    """
    local, today = when.astimezone(zone), now.astimezone(zone)
    if is_near(when, zone, now, since or now):
        return f"{WEEKDAYS[local.weekday()][:3]} {local:%H:%M}"
    date = f"{local.day} {MONTHS[local.month - 1][:3]}"
    if clock and local.year == today.year:
        return f"{date} {local:%H:%M}"
    return date if local.year == today.year else f"{date} {local.year}"


def days_of(assessment: Assessment) -> str:
    """The window's days: "27-30 Nov", "30 Oct-2 Nov"."""
    zone, window = zone_of(assessment), assessment.window
    first, last = (end.astimezone(zone) for end in (window.closes, window.opens))
    months = [MONTHS[day.month - 1][:3] for day in (first, last)]
    start = f"{first.day}" if months[0] == months[1] else f"{first.day} {months[0]}"
    return f"{start}-{last.day} {months[1]}"


def hours_of(window: Window) -> str:
    """How long it is, in whole hours rounded up: "87 h"."""
    return f"{-(-window.seconds // 3600)} h"


def holidays_within(assessment: Assessment) -> list[datetime]:
    """The configured holidays between closing and opening, each as its noon."""
    zone, window = zone_of(assessment), assessment.window
    first, last = (end.astimezone(zone).date() for end in (window.closes, window.opens))
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    holidays = set(assessment.config.business.holidays)
    return [datetime(day.year, day.month, day.day, 12, tzinfo=zone) for day in days if day in holidays]


def worst_trouble(assessment: Assessment, limit: int = 2) -> str:
    """What is worst, of all processes that it concerns: "mail and orders cannot be restored".

    No more than `limit` of them are named.
    """
    reasons = all_reasons(assessment)
    if not reasons or reasons[0].verdict == Verdict.READY:
        return ""
    worst = reasons[0]
    same = [one.process for one in reasons if (one.code, one.verdict) == (worst.code, worst.verdict)]
    concerned = list(dict.fromkeys(name for name in same if name))
    return trouble(code_now(assessment, worst.code, concerned), concerned, limit)
