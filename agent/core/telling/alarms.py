"""What has to be told now, and to whom: at once, as a reminder, further up, or that it is mended.

People stop reading what comes too often. So one trouble makes one thread; what comes and goes is told once;
and at night only the worst is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agent.core.model.notices import Event, Role, Severity
from agent.core.telling.bundles import TOGETHER, in_mails
from agent.core.telling.concerns import LATER, patience
from agent.core.telling.incidents import A_DAY, Incident, News
from agent.core.telling.situation import ROLES, Heard, Situation, is_quiet, recipients

REMINDERS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
BETWEEN_REMINDERS = timedelta(hours=20)  # where several fell due while the machine was off
ESCALATION: dict[Severity, tuple[tuple[Role, timedelta], ...]] = {
    1: (("deputy", timedelta(hours=2)), ("owner", timedelta(hours=4))),
    2: (("deputy", timedelta(hours=24)), ("owner", timedelta(hours=48))),
    3: (),
}
GRACE = TOGETHER + timedelta(hours=1)  # for a reminder or FIXED to wait for others, and to arrive
FAILED_DRILLS = 2  # after so many in a row the owner hears of it, however short it took


def alarms(situation: Situation) -> tuple[News, ...]:
    """What has to be told now, worst first."""
    found = sorted(
        (each for incident in situation.incidents for each in _of(incident, situation)),
        key=lambda news: (news.incidents[0].severity, ROLES.index(news.role), news.event == "opened"),
    )
    return in_mails(found, situation)


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
    if told and incident.is_worst and incident.worse is not None and incident.worse > told[-1].at:
        return "worse"
    lasted = (now - incident.since).total_seconds()
    is_patient = lasted < patience(incident.code, incident.sentence)
    if not told:
        if is_patient or (lasted < LATER and _is_drilled_anew(incident, situation)):
            return None
        return "flapping" if incident.flaps(now) else "opened"
    if incident.flaps(now) and not flapped:
        return "flapping"
    if is_patient and not incident.restless:  # it has only just come back
        return None
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
    """Since when nobody sees to it: since it was told, or came back after that, or since the day is over for
    which somebody did, and people are awake."""
    first = told[0].at if told else situation.now
    if not incident.restless:
        first = max(first, incident.since)
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
