"""What a picture consists of, in the units of its own box: a renderer only writes it down."""

from typing import Literal

from msgspec import Struct

from agent.core.text.phrases import MONTHS
from agent.core.trends.axis import Months, later, midnight
from agent.core.trends.scale import Scale

WIDTH, HEIGHT = 206.0, 98.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 204.0, 15.0, 80.0
CLOSE = 1.2
ROOM = 44.0  # that the words "no data" need

Tone = Literal["usual", "bad", "unsure"]
Shape = Literal["full", "sample", "late", "failed", "untested", "beyond"]


class Line(Struct, frozen=True):
    """A horizontal line of the scale, or a place on the time axis, with its label."""

    at: float
    label: str


class Band(Struct, frozen=True):
    """A stretch of time of which nothing is known; its words where there is room for them."""

    x: float
    width: float
    label: str


class Bar(Struct, frozen=True):
    x: float
    y: float
    width: float
    height: float
    tone: Tone


class Mark(Struct, frozen=True):
    """A sign at one place, and what it says to whoever points at it."""

    x: float
    y: float
    shape: Shape
    title: str


class Rule(Struct, frozen=True):
    """The objective as a path; not `noted`: taken to have been what was noted later."""

    path: str
    noted: bool


class Note(Struct, frozen=True):
    """A few words in the picture, right of `x` or left of it."""

    x: float
    y: float
    anchor: Literal["start", "end"]
    text: str


class Picture(Struct, frozen=True, kw_only=True):
    """One chart. `label`, `value` and `rest` are its caption, `sentence` says what it shows."""

    kind: str
    label: str
    value: str
    rest: str
    bad: str  # what is wrong, in words; empty when nothing is
    sentence: str
    ticks: tuple[Line, ...] = ()
    months: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    areas: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    rules: tuple[Rule, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[Note, ...] = ()


class Frame(Struct, frozen=True):
    """Where moments and values lie in the box."""

    months: Months
    scale: Scale

    def x(self, at: float) -> float:
        """Of a moment in POSIX seconds; what is outside lies on the edge."""
        share = min(max(self.months.share(at), 0.0), 1.0)
        return round(LEFT + share * (RIGHT - LEFT), 2)

    def y(self, value: float) -> float:
        """Of a value; zero is at the bottom."""
        return round(BOTTOM - self.scale.share(value) * (BOTTOM - TOP), 2)

    def ticks(self) -> tuple[Line, ...]:
        """The lines of the scale, zero last."""
        return (*(Line(self.y(tick.value), tick.label) for tick in self.scale.ticks), Line(BOTTOM, "0"))


def flattened(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without the points in the midst of a horizontal line."""
    kept = points[:1]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if not before[1] == here[1] == after[1]:
            kept.append(here)
    return kept + points[1:][-1:]


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without the points that lie so close to the one before that nobody could see it; the last one stays."""
    kept = points[:1]
    for x, y in points[1:-1]:
        if x - kept[-1][0] > CLOSE or abs(y - kept[-1][1]) > CLOSE / 3:
            kept.append((x, y))
    return kept + points[1:][-1:]


def path(points: list[tuple[float, float]]) -> str:
    """ "M1 2L3 4"; a single point gives a line of no length, which a round cap makes a dot."""
    parts = [f"{number(x)} {number(y)}" for x, y in points]
    return "M" + "L".join(parts if len(parts) > 1 else parts * 2)


def area(points: list[tuple[float, float]]) -> str:
    """The same, filled down to zero."""
    first, last = points[0][0], points[-1][0]
    return path([(first, BOTTOM), *points, (last, BOTTOM)]) + "Z"


def number(value: float) -> str:
    """As short as it can be written."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def month_lines(months: Months) -> tuple[Line, ...]:
    """Every month, with as many labels as there is room for; days where there is but one month."""
    frame = Frame(months, Scale(1, ()))
    if len(months.starts) == 1:
        name = MONTHS[months.starts[0].month - 1][:3]
        return tuple(
            Line(frame.x(months.days[day]), f"{day + 1} {name}" if day == 0 else str(day + 1))
            for day in (0, 7, 14, 21, 28)
            if day < len(months.days) - 1
        )
    sparse = len(months.starts) > 6
    return tuple(
        Line(
            frame.x(midnight(start, months.zone)),
            "" if sparse and start.month % 3 != 1 else _name(start.month, start.year),
        )
        for start in months.starts
    )


def _name(month: int, year: int) -> str:
    return str(year) if month == 1 else MONTHS[month - 1][:3]


def month_limits(months: Months) -> list[tuple[float, float]]:
    """Beginning and end of every month in POSIX seconds."""
    return [(midnight(one, months.zone), midnight(later(one, 1), months.zone)) for one in months.starts]
