"""Digits in names that look like a date: they are one when files were written on the days that they name.

A customer may have any number, such as 20110401 or 1401234567.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

DAY = 86400.0
NEAR = 8 * DAY  # a job may name its week
TOGETHER = 3600.0  # seconds in which a job writes all of its files
APART = 600.0  # seconds between two files, for them to be written in turn
FEWEST = 6  # digits; years alone are no dates
EPOCHS = (10, 13, 16)  # digits of seconds, milliseconds, microseconds

Days = tuple[tuple[float, float], ...]  # from when to when, as seconds


def days_of(text: str) -> Days:
    """Which days the digits may mean that a date begins with; none where signs say that it is one."""
    found = re.match(r"\d*", text)
    digits = found[0] if found else ""
    return tuple(_days_of(digits)) if len(digits) >= FEWEST else ()


def _days_of(digits: str) -> Iterator[tuple[float, float]]:
    length = len(digits)
    first, second, third, fourth = (digits[at : at + 2] for at in (0, 2, 4, 6))
    orders: list[tuple[str, str, str]] = []
    if length >= 8:
        orders.append((first + second, third, fourth))
    if length == 8:
        orders += [(third + fourth, second, first), (third + fourth, first, second)]
    if length in (6, 10, 12):
        orders.append((f"20{first}", second, third))
    if length == 6:
        orders.append((f"20{third}", second, first))
    for year, month, day in orders:
        if begin := _day(year, month, day):
            yield begin.timestamp(), begin.timestamp() + DAY
    if length == 6 and (begin := _day(first + second, third, "1")):
        yield begin.timestamp(), (begin + timedelta(31)).timestamp()
    if length in EPOCHS:
        yield float(digits[:10]), float(digits[:10])


def _day(year: str, month: str, day: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None


def tells_when(named: Sequence[Days], written: Sequence[float]) -> bool:
    """Whether names say when files were written: the newest, or most, on about the day that each names; or
    all in the order, and about as far apart, as their names say.

    Older ones may have been copied without their times, and one be put back.
    """
    files = list(zip(named, written, strict=True))
    near = [any(begin - NEAR <= at <= end + NEAR for begin, end in days) for days, at in files]
    last = max(written)
    newest = [is_near for is_near, at in zip(near, written, strict=True) if last - at <= TOGETHER]
    if all(newest) or 2 * sum(near) > len(near):
        return True
    both = sorted(
        (min((begin for begin, _ in days), key=lambda day: abs(day - at)), at) for days, at in files
    )
    in_turn = all(later[1] - earlier[1] > APART for earlier, later in pairwise(both))
    return len(both) > 1 and in_turn and 2 * (both[-1][1] - both[0][1]) >= both[-1][0] - both[0][0]
