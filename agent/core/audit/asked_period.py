"""The period that was asked for, refused in one sentence when there can be no evidence of it."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.core.audit.records import Period, period_of
from agent.core.text.plain import printable
from agent.errors import UsageError

EARLIEST = date(1970, 1, 1)


def asked_period(first: str, last: str, zone: str, now: datetime) -> Period:
    """From day `first` through day `last` ("2026-07-01"). Raises UsageError."""
    begin, end = _day("--from", first), _day("--to", last)
    today = now.astimezone(ZoneInfo(zone)).date()
    if end < begin:
        raise UsageError(f"--to {end} lies before --from {begin}.", "Both days belong to the period.")
    if end > today:
        hint = f"Today, {today}, is the last day that anything can be said of."
        raise UsageError(f"--to {end} lies in the future, by the clock in {zone}.", hint)
    return period_of(begin, end, zone)


def _day(option: str, text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise ValueError
        found = date.fromisoformat(text)
    except ValueError:
        hint = "Write it as year, month and day, such as 2026-07-01."
        raise UsageError(f"{option} {printable(text)} is not a day.", hint) from None
    if found < EARLIEST:
        raise UsageError(f"{option} {text} lies before anything that readiness could have recorded.")
    return found
