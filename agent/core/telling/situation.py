"""What decides who is told what: what is wrong, who heard of it, who is who, and whether it is night."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.configuration.config import Alarm, Mail, QuietHours
from agent.core.model.notices import AcknowledgementRecord, Event, MessageRecord, Role
from agent.core.model.records import Entry
from agent.core.telling.incidents import Incident

ROLES: tuple[Role, ...] = ("admin", "deputy", "owner")  # in the order in which they hear of it


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


def is_quiet(hours: QuietHours | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether people sleep."""
    if hours is None:
        return False
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if hours.start <= hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end
