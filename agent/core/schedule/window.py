"""The window: from the moment the business closes to the moment it promised to be open again."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.configuration.config import Business, WeeklyMoment

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


class Window(Struct, frozen=True, kw_only=True):
    """`closes` and `opens` in the business's time zone; `seconds` as a stopwatch would count them."""

    closes: datetime
    opens: datetime
    seconds: int


def next_window(business: Business, now: datetime) -> Window:
    """The window that `now` lies in, or else the next one.

    A holiday on the closing day moves closing back to the last working day before; a holiday on the
    opening day moves opening on to the next working day. Working days are the days of the week from
    the opening day through the closing day. A week without any opening joins two windows into one.
    """
    zone = ZoneInfo(business.time_zone)
    instant = now.astimezone(UTC)
    today = instant.astimezone(zone).date()
    # one week early: holidays may have pushed the opening of the window before into this week
    day = today - DAY * ((today.weekday() - business.closes.weekday) % 7) - WEEK
    closes, opens = _span(business, day, zone)
    while _span(business, day - WEEK, zone)[1] > closes:
        day -= WEEK
        closes, opens = _span(business, day, zone)
    while True:
        day += WEEK
        next_closes, next_opens = _span(business, day, zone)
        if next_closes >= opens > instant:
            seconds = int((opens - closes).total_seconds())
            return Window(closes=closes.astimezone(zone), opens=opens.astimezone(zone), seconds=seconds)
        closes = closes if next_closes < opens else next_closes
        opens = next_opens


def regular_seconds(business: Business) -> int:
    """How long a window is without holidays and changes of the clocks."""
    closes, opens = business.closes, business.opens
    minutes = (opens.hour - closes.hour) * 60 + opens.minute - closes.minute
    return _days_closed(business) * 86400 + minutes * 60


def is_working_day(business: Business, day: date) -> bool:
    """Whether the business is open at some time of that day."""
    return day not in business.holidays and day.weekday() in _working_days(business)


def _span(business: Business, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Closing and opening, in UTC, of the week whose regular closing day is `day`."""
    closing, opening = day, day + DAY * _days_closed(business)
    while not is_working_day(business, closing):
        closing -= DAY
    while not is_working_day(business, opening):
        opening += DAY
    return _instant(closing, business.closes, zone), _instant(opening, business.opens, zone)


def _days_closed(business: Business) -> int:
    """Calendar days from the regular closing day to the regular opening day, 0 to 7."""
    closes, opens = business.closes, business.opens
    days = (opens.weekday - closes.weekday) % 7
    if days == 0 and (opens.hour, opens.minute) <= (closes.hour, closes.minute):
        return 7
    return days


def _working_days(business: Business) -> frozenset[int]:
    opened_for = 7 - _days_closed(business)
    return frozenset((business.opens.weekday + ahead) % 7 for ahead in range(opened_for + 1))


def _instant(day: date, at: WeeklyMoment, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the clock on the wall shows that time or a later one.

    So a time that the clocks skip is the moment they jump, and one that comes twice is its first coming.
    """
    wall = datetime(day.year, day.month, day.day, at.hour, at.minute)
    regular = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(regular, zone) == wall:
        return regular
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # surely before the jump

    def is_reached(second: int) -> bool:
        return _wall(before + timedelta(seconds=second), zone) >= wall

    gap = range(int((regular - before).total_seconds()) + 1)
    return before + timedelta(seconds=bisect_left(gap, True, key=is_reached))


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
