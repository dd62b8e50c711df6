"""Times and lists as people say them, in the business's own time zone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from agent.core.text.plain import duration

# not strftime: the language must not depend on the machine's locale
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SOON = timedelta(days=6)
LONG_HOURS = 96


def is_near(when: datetime, zone: ZoneInfo, *others: datetime) -> bool:
    """Whether a day of the week tells the day, seen from each of the `others`."""
    local = when.astimezone(zone).date()
    return all(abs(local - other.astimezone(zone).date()) <= SOON for other in others)


def moment(when: datetime, zone: ZoneInfo, now: datetime, since: datetime | None = None) -> str:
    """ "Saturday 17:00"; with the date when that is not within a week, and the year when it is another.

    What is told beside something of `since` must be within a week of that, too: on Saturday the Friday that
    was yesterday and the one that comes are no further away than six days.
    """
    local, today = when.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if is_near(when, zone, now, since or now):
        return f"{WEEKDAYS[local.weekday()]} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year} {clock}"


def day(when: datetime, zone: ZoneInfo, now: datetime) -> str:
    """The same for a narrow column: "Saturday 17:00", beyond a week "14 Nov 2026"."""
    local = when.astimezone(zone)
    if abs(local.date() - now.astimezone(zone).date()) <= SOON:
        return moment(when, zone, now)
    return f"{local.day} {MONTHS[local.month - 1][:3]} {local.year}"


def span(seconds: float) -> str:
    """A length of time, rounded up to whole minutes, in hours up to four days: "24 h", "63 h", "6 d"."""
    if seconds < 60:
        return duration(seconds)
    minutes = ceil(seconds / 60)
    if minutes > LONG_HOURS * 60:
        return duration(minutes * 60)
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def shortened(text: str, limit: int = 300) -> str:
    """At most so many characters; what was left out of the middle is shown as "..."."""
    half = (limit - 3) // 2
    return text if len(text) <= limit else f"{text[:half]}...{text[-half:]}"


def joined(words: Sequence[str], limit: int = 5) -> str:
    """ "a, b and c"; beyond `limit` the rest is counted."""
    if len(words) > limit:
        words = [*words[:limit], f"{len(words) - limit:,} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def percent(share: float) -> str:
    """ "30 %"; never "100 %" for a part, and never "0 %" for something."""
    shown = min(max(round(share * 100), 1 if share > 0 else 0), 100 if share >= 1 else 99)
    return f"{shown} %"
