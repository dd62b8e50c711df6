"""The time axis that all pictures of a report share: whole months of the business's own calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

MOST = 12


class Months(Struct, frozen=True):
    """`days` are the beginnings of all days, as POSIX seconds, and at last the end of the last one."""

    now: datetime
    zone: ZoneInfo
    starts: tuple[date, ...]  # the first day of each month
    days: tuple[float, ...]

    @property
    def begin(self) -> float:
        """When the first month begins."""
        return self.days[0]

    @property
    def end(self) -> float:
        """When the month that `now` lies in ends."""
        return self.days[-1]

    def share(self, at: float) -> float:
        """Where a moment lies between begin (0) and end (1)."""
        return (at - self.begin) / (self.end - self.begin)

    def month_of(self, at: datetime) -> date:
        """The first day of the month that a moment lies in."""
        return at.astimezone(self.zone).date().replace(day=1)


def last_months(now: datetime, zone: ZoneInfo, first: datetime | None) -> Months:
    """The month of `now` and the eleven before it; fewer when the first record ever is younger."""
    this = now.astimezone(zone).date().replace(day=1)
    year = later(this, 1 - MOST)
    begin = max(year, first.astimezone(zone).date().replace(day=1)) if first and first <= now else this
    count = (this.year - begin.year) * 12 + this.month - begin.month + 1
    length = (later(this, 1) - begin).days
    days = tuple(midnight(begin + timedelta(days=number), zone) for number in range(length + 1))
    return Months(now.astimezone(zone), zone, tuple(later(begin, n) for n in range(count)), days)


def later(month: date, months: int) -> date:
    """The first day of the month that comes so many months later."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> float:
    """When a day begins on the wall clock, as POSIX seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
