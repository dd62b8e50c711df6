"""Parts that several pictures have: stretches of no data, the objective, the outlier's label."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import TypeVar

from agent.core.text.phrases import MONTHS
from agent.core.trends.axis import midnight
from agent.core.trends.history import Age, History, Level, Recovery
from agent.core.trends.picture import LEFT, RIGHT, ROOM, TOP, Band, Frame, Mark, Note, Rule, path
from agent.core.trends.scale import DAY, HOUR, MINUTE

T = TypeVar("T")

NOTE_ROOM = 36.0  # that the label of an outlier may need


def when(at: datetime | date) -> str:
    """ "14 Nov 2026"."""
    return f"{at.day} {MONTHS[at.month - 1][:3]} {at.year}"


def rounded(seconds: int) -> str:
    """A length of time in one unit, rounded, for where there is little room: "14 d"."""
    length, unit = next(
        ((s, u) for s, u in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")) if seconds >= 2 * s), (1, "s")
    )
    return f"{round(seconds / length):,} {unit}"


def highest(levels: Sequence[Level]) -> int:
    """The longest of the objectives in force within a picture."""
    return max(level.seconds for level in levels)


def begin_of(history: History, day: date) -> float:
    """When a day begins, as POSIX seconds."""
    return midnight(day, history.months.zone)


def unbroken(items: Sequence[T], moment: Callable[[T], float], longest: float) -> Iterator[list[T]]:
    """The items in order, apart wherever more than `longest` seconds lie between two."""
    part: list[T] = []
    for one in items:
        if part and moment(one) - moment(part[-1]) > longest:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def band(frame: Frame, begin: float, end: float, label: str) -> Band:
    """The time from `begin` to `end` as one of which nothing is known, with a label where that fits."""
    left, right = frame.x(begin), frame.x(end)
    return Band(left, round(right - left, 2), label if right - left >= ROOM else "")


def silences(frame: Frame, moments: Sequence[float], longest: float, label: str) -> tuple[Band, ...]:
    """Bands before the first of `moments`, and wherever more than `longest` seconds passed without one."""
    now = frame.months.now.timestamp()
    if not moments:
        return (band(frame, frame.months.begin, now, label),)
    found = [(frame.months.begin, moments[0])]
    found += [(before, after) for before, after in pairwise([*moments, now]) if after - before > longest]
    return tuple(one for one in (band(frame, *gap, label) for gap in found) if one.width > 0.5)


def rules(frame: Frame, levels: Sequence[Level]) -> Iterator[Rule]:
    """The objective from level to level; the step between two belongs to the first."""
    ends = [*(level.since.timestamp() for level in levels[1:]), frame.months.now.timestamp()]
    for level, end, after in zip(levels, ends, [*levels[1:], None], strict=True):
        y = frame.y(level.seconds)
        points = [(frame.x(level.since.timestamp()), y), (frame.x(end), y)]
        if after is not None and after.seconds != level.seconds:
            points.append((frame.x(end), frame.y(after.seconds)))
        if points[0] != points[1]:
            yield Rule(path(points), level.noted)


def outlier_note(
    frame: Frame, values: Sequence[Recovery] | Sequence[Age], others: Iterable[Mark] = ()
) -> tuple[Note, ...]:
    """How much the worst of what lies beyond the scale really is, on the side where no mark stands."""
    worst = max(values, key=lambda one: one.seconds, default=None)
    if worst is None or not frame.scale.is_beyond(worst.seconds):
        return ()
    at = worst.at.timestamp() if isinstance(worst, Recovery) else midnight(worst.day, frame.months.zone)
    x = frame.x(at)
    places = [one.x for one in others]
    left = sum(x - NOTE_ROOM < place < x for place in places) + 9 * (x - NOTE_ROOM < LEFT)
    right = sum(x < place < x + NOTE_ROOM for place in places) + 9 * (x + NOTE_ROOM > RIGHT)
    if right < left:
        return (Note(round(x + 6, 2), TOP - 5, "start", rounded(worst.seconds)),)
    return (Note(round(x - 5, 2), TOP - 5, "end", rounded(worst.seconds)),)
