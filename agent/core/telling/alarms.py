"""What has to be told now, and to whom: at once, as a reminder, further up, or that it is mended.

People stop reading what comes too often. So one trouble makes one thread; what comes and goes is told once;
at night only the worst is; and what goes beyond a mail a day is counted and said.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration import Alarm, Mail, QuietHours
from agent.core.model import Entry
from agent.core.notices import AcknowledgementRecord, Event, MessageRecord, Role, Severity
from agent.core.telling.concerns import LATER, patience
from agent.core.telling.incidents import A_DAY, Incident, News

REMINDERS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
BETWEEN_REMINDERS = timedelta(hours=20)  # where several fell due while the machine was off
ESCALATION: dict[Severity, tuple[tuple[Role, timedelta], ...]] = {
    1: (("deputy", timedelta(hours=2)), ("owner", timedelta(hours=4))),
    2: (("deputy", timedelta(hours=24)), ("owner", timedelta(hours=48))),
    3: (),
}
GRACE = timedelta(hours=2)  # for a reminder to be written and to arrive
FAILED_DRILLS = 2  # after so many in a row the owner hears of it, however short it took
BUDGET = 1  # mails a day to the administrator that are not of the worst kind
BUNDLED = 4  # so many of one kind at once make one mail, whatever they are about
ROLES: tuple[Role, ...] = ("admin", "deputy", "owner")


class Heard(Struct, frozen=True):
    """That a role was told of an incident."""

    event: Event
    role: Role
    at: datetime
    message: str  # its name


class Situation(Struct, frozen=True, kw_only=True):
    """Everything that decides who is told what."""

    incidents: tuple[Incident, ...]
    heard: Mapping[int, tuple[Heard, ...]]  # by incident, oldest first
    acknowledged: Mapping[str, datetime]  # by name, the last time
    failed_drills: Mapping[str, int]  # of each process, in a row
    refused: frozenset[str] = frozenset()  # addresses that took no mail the last time
    mail: Mail
    alarm: Alarm
    zone: ZoneInfo
    now: datetime


def heard_of(messages: Sequence[MessageRecord]) -> dict[int, tuple[Heard, ...]]:
    """What was told of each incident; `messages` oldest first."""
    found: dict[int, tuple[Heard, ...]] = {}
    for message in messages:
        for told in message.told:
            heard = Heard(told.event, message.role, message.started, message.message)
            found[told.incident] = (*found.get(told.incident, ()), heard)
    return found


def acknowledgements(entries: Sequence[Entry]) -> dict[str, datetime]:
    """When each name was acknowledged last; `entries` oldest first."""
    records = [entry.body for entry in entries]
    return {one.name: one.started for one in records if isinstance(one, AcknowledgementRecord)}


def recipients(mail: Mail, role: Role) -> tuple[str, ...]:
    """The addresses of a role; where there is no administrator or no owner, the other is both."""
    if role == "admin":
        return mail.admin or mail.owner
    return mail.deputy if role == "deputy" else mail.owner or mail.admin


def alarms(situation: Situation) -> tuple[News, ...]:
    """What has to be told now, worst first."""
    found = sorted(
        (each for incident in situation.incidents for each in _of(incident, situation)),
        key=lambda news: (news.incidents[0].severity, ROLES.index(news.role), news.event == "opened"),
    )
    return _within_budget(_bundled(found, situation), situation)


def is_quiet(hours: QuietHours | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether people sleep."""
    if hours is None:
        return False
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if hours.start <= hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end


def _of(incident: Incident, situation: Situation) -> Iterator[News]:
    """At most one thing for each role."""
    told = situation.heard.get(incident.number, ())
    for role in ROLES:
        event = _event(incident, role, told, situation)
        if event and _may_be_told(incident, event, role, situation):
            yield News(
                event=event,
                role=role,
                incidents=(incident,),
                days=(situation.now - told[0].at).days if event == "reminder" else 0,
                changes=incident.changes(situation.now),
                escalates=_next_up(incident, told, situation) if role == "admin" else None,
                again_by=_again_by(incident, event, told, situation) if role == "admin" else None,
            )


def _event(incident: Incident, role: Role, told: Sequence[Heard], situation: Situation) -> Event | None:
    here = [heard for heard in told if heard.role == role]
    if incident.closed is not None:
        return "fixed" if here and here[-1].event != "fixed" else None
    if incident.gone is not None or incident.severity == 3:
        return None
    if role == "admin":
        return _news(incident, here, situation)
    if incident.code == "mail-blocked":  # the second channel has it, nobody else can
        return None
    return "escalated" if not here and _is_due_for(role, incident, told, situation) else None


def _news(incident: Incident, told: Sequence[Heard], situation: Situation) -> Event | None:
    now = situation.now
    flapped = any(heard.event == "flapping" for heard in told)
    if told and incident.worse is not None and incident.worse > told[-1].at:
        return "worse"
    if not told:
        lasted = (now - incident.since).total_seconds()
        if lasted < patience(incident.code, incident.sentence):
            return None
        if lasted < LATER and _is_drilled_anew(incident, situation):
            return None
        return "flapping" if incident.flaps(now) else "opened"
    if incident.flaps(now) and not flapped:
        return "flapping"
    return "reminder" if _reminder_is_due(incident, told, situation) else None


def _is_drilled_anew(incident: Incident, situation: Situation) -> bool:
    """A failed drill of a repository that was gone, is back, and has to be proven anyway."""
    return incident.topic == "drill" and any(
        other.topic == "repository"
        and other.repository == incident.repository
        and other.gone is not None
        and other.closed is None
        for other in situation.incidents
    )


def _reminder_is_due(incident: Incident, told: Sequence[Heard], situation: Situation) -> bool:
    if _is_acknowledged(incident, situation):
        return False
    due = [after for after in REMINDERS if situation.now - told[0].at >= after]
    sent = [heard for heard in told if heard.event == "reminder"]
    return len(sent) < len(due) and situation.now - told[-1].at >= BETWEEN_REMINDERS


def _again_by(
    incident: Incident, event: Event, told: Sequence[Heard], situation: Situation
) -> datetime | None:
    """When the next reminder has come, unless somebody sees to it; None when there is none to come, or when
    it may be gone for a while by then."""
    sent = len([heard for heard in told if heard.event == "reminder"]) + (event == "reminder")
    if event not in ("opened", "worse", "reminder") or sent >= len(REMINDERS) or incident.restless:
        return None
    first = told[0].at if told else situation.now
    due = _awake(max(first + REMINDERS[sent], situation.now + BETWEEN_REMINDERS), situation)
    return (due + GRACE).replace(minute=0, second=0, microsecond=0)


def _awake(moment: datetime, situation: Situation) -> datetime:
    """That moment, or up to an hour after the quiet hours that it falls into."""
    for _ in range(24):
        if not is_quiet(situation.alarm.quiet, moment, situation.zone):
            break
        moment += timedelta(hours=1)
    return moment


def _is_acknowledged(incident: Incident, situation: Situation) -> bool:
    at = situation.acknowledged.get(incident.name)
    return at is not None and situation.now - at < A_DAY


def _is_due_for(role: Role, incident: Incident, told: Sequence[Heard], situation: Situation) -> bool:
    """Nobody has seen to it for so long that the next one has to hear of it."""
    if not told or _is_acknowledged(incident, situation):
        return False
    if role == "owner" and _keeps_failing(incident, situation):
        return True
    before = {who for other in ROLES[: ROLES.index(role)] for who in recipients(situation.mail, other)}
    if before <= situation.refused:  # nobody before could hear of it
        return True
    after = dict(ESCALATION[incident.severity]).get(role)
    return after is not None and situation.now - _waits_since(incident, told, situation) >= after


def _waits_since(incident: Incident, told: Sequence[Heard], situation: Situation) -> datetime:
    """Since when nobody sees to it: since it was told, or since the day is over for which somebody did, and
    people are awake."""
    first = told[0].at if told else situation.now
    seen = situation.acknowledged.get(incident.name)
    return max(first, _awake(seen + A_DAY, situation)) if seen else first


def _keeps_failing(incident: Incident, situation: Situation) -> bool:
    failed = max((situation.failed_drills.get(name, 0) for name in incident.processes), default=0)
    return incident.code == "drill-failed" and failed >= FAILED_DRILLS


def _next_up(incident: Incident, told: Sequence[Heard], situation: Situation) -> tuple[Role, datetime] | None:
    """Who hears of it next if nobody sees to it, after those who hear of it now."""
    since = _waits_since(incident, told, situation)
    roles = {heard.role for heard in told}
    reached = {address for role in (*roles, "admin") for address in recipients(situation.mail, role)}
    for role, after in ESCALATION[incident.severity]:
        due = since + after
        if role not in roles and due > situation.now and set(recipients(situation.mail, role)) - reached:
            return role, due
    return None


def _may_be_told(incident: Incident, event: Event, role: Role, situation: Situation) -> bool:
    """At night only the worst, once; and nobody gets the same twice because he has two roles."""
    seen = event == "escalated" and incident.name in situation.acknowledged  # somebody knows of it
    if is_quiet(situation.alarm.quiet, situation.now, situation.zone) and (
        incident.severity > 1 or event == "reminder" or seen
    ):
        return False
    others = ROLES if event == "escalated" else ROLES[: ROLES.index(role)]
    heard = [other for other in others if _heard(other, incident, situation)]
    reached = {who for other in heard for who in recipients(situation.mail, other)}
    return bool(set(recipients(situation.mail, role)) - reached)


def _heard(role: Role, incident: Incident, situation: Situation) -> bool:
    return any(heard.role == role for heard in situation.heard.get(incident.number, ()))


def _bundled(news: Sequence[News], situation: Situation) -> list[News]:
    """What is told at once and belongs together makes one mail for one role, in the place of the first."""
    left, found = list(news), []
    while left:
        first = left[0]
        alike = [each for each in left if (each.event, each.role) == (first.event, first.role)]
        if len(alike) < BUNDLED:
            alike = [first, *(each for each in left[1:] if _belong_together(first, each, situation))]
        found.append(replace(first, incidents=tuple(each.incidents[0] for each in alike)))
        left = [each for each in left if each not in alike]
    return found


def _belong_together(one: News, other: News, situation: Situation) -> bool:
    """The other is new, and about the same process or copy; or they were told in one mail from the
    beginning."""
    first, second = one.incidents[0], other.incidents[0]
    told, told_too = (situation.heard.get(each.number, ()) for each in (first, second))
    alike = one.event == other.event or (one.event, other.event) == ("worse", "opened")
    if one.role != other.role or not alike:
        return False
    if told_too:
        return bool(told) and told[0].message == told_too[0].message
    return bool({*first.processes} & {*second.processes}) or first.repository == second.repository != ""


def _within_budget(news: Sequence[News], situation: Situation) -> tuple[News, ...]:
    """Count what goes beyond the budget; it is told all the same."""
    today = {
        heard.message
        for incident in situation.incidents
        if incident.severity > 1
        for heard in situation.heard.get(incident.number, ())
        if situation.now - heard.at < A_DAY and heard.role == "admin"
    }
    sent, found = len(today), []
    for each in news:
        if each.role == "admin" and each.incidents[0].severity > 1:
            sent += 1
            found.append(replace(each, over_budget=max(0, sent - BUDGET)))
        else:
            found.append(each)
    return tuple(found)
