"""When the owner's mail is due: once a week, and once more before a long weekend."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.configuration.config import Business, Config, Rhythm
from agent.core.schedule.schedule import following
from agent.core.schedule.window import DAY, Window, is_working_day, next_window, regular_seconds

GRACE = timedelta(hours=19)  # after it is due a mail has come, or something is wrong
AHEAD = 3  # working days before the closing of a long weekend
WINDOWS = 3  # that are looked at: a long weekend may come behind an ordinary one
USUAL = Rhythm(cron="0 15 * * *")
LONGER = 12 * 3600  # seconds more than usual make a weekend a long one: a change of the clocks does not


class DueMail(Struct, frozen=True, kw_only=True):
    """An owner's mail that is due now. `holiday`: the long weekend that it announces."""

    due: datetime
    weekly: bool
    holiday: Window | None = None


def due_mails(config: Config, weekly: datetime, written: datetime, now: datetime) -> list[DueMail]:
    """What is due now: two where a long weekend comes behind an ordinary one, since each mail answers for one
    of them. `weekly`: for when the last weekly mail was, `written`: when the last of all was.

    Both are the beginning of the service where there was none. A mail that fell out is sent once.
    """
    zone = ZoneInfo(config.business.time_zone)
    due = _latest(config.settings.report, weekly, now, zone)
    holiday = next((w for at, w in _holidays(config, now) if written < at <= now < w.closes), None)
    alone = [DueMail(due=now, weekly=False, holiday=holiday)] if holiday else []
    if due is None:
        return alone
    if holiday == next_window(config.business, now):
        return [DueMail(due=due, weekly=True, holiday=holiday)]
    return [*alone, DueMail(due=due, weekly=True)]  # whoever is killed in between still owes the weekly one


def next_by(config: Config, now: datetime) -> datetime:
    """By when the next weekly mail has come, if nothing is wrong."""
    zone = ZoneInfo(config.business.time_zone)
    return following(config.settings.report, now, zone) + GRACE


def _latest(rhythm: Rhythm, after: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The last regular moment behind `after` and not behind `now`; what is older fell out."""
    found = None
    moment = following(rhythm, after, zone)
    while moment <= now:
        found, moment = moment, following(rhythm, moment, zone)
    return found


def _holidays(config: Config, now: datetime) -> Iterator[tuple[datetime, Window]]:
    """The long weekends that come next, each with the moment to announce it."""
    usual = regular_seconds(config.business)
    window = next_window(config.business, now)
    for _ in range(WINDOWS):
        if window.seconds > usual + LONGER:
            yield _announced(config, window), window
        window = next_window(config.business, window.opens + timedelta(seconds=1))


def _announced(config: Config, window: Window) -> datetime:
    """At the time of day of the weekly mail, so many working days before the business closes."""
    zone = ZoneInfo(config.business.time_zone)
    day = _working_days_before(config.business, window.closes, AHEAD)
    rhythm = config.settings.report if config.settings.report.cron else USUAL
    clock = following(rhythm, window.closes - timedelta(days=14), zone).astimezone(zone)
    return day.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


def _working_days_before(business: Business, moment: datetime, count: int) -> datetime:
    day = moment
    while count:
        day -= DAY
        count -= is_working_day(business, day.date())
    return day
