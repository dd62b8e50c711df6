"""Scales of the pictures: from zero, with two or three round ticks, and what to do with an outlier."""

from collections.abc import Callable, Iterator
from itertools import chain, count

from msgspec import Struct

from agent.core.text.plain import size

MINUTE, HOUR, DAY = 60, 3600, 86400
DURATIONS = (
    *(1, 2, 5, 10, 20, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 30 * DAY),
)
UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))
MOST_TICKS = 3
HEADROOM = 1.08
FAR = 4  # times the objective: what lies beyond is an arrow, or the objective itself could not be seen


class Tick(Struct, frozen=True):
    """A value on a scale, and its round label."""

    value: float
    label: str


class Scale(Struct, frozen=True):
    """From zero to `top`; what is more does not fit and is shown to go beyond."""

    top: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """How high a value stands: 0 at the bottom, 1 at the top and beyond."""
        return min(max(value / self.top, 0.0), 1.0)

    def is_beyond(self, value: float) -> bool:
        """The value does not fit."""
        return value > self.top


def of_durations(most: float, objective: int) -> Scale:
    """A scale that always shows the objective, and what is measured up to `FAR` times as much."""
    top = max(min(most, FAR * objective), objective, 1) * HEADROOM
    step = _step(top, _durations())
    unit, length = next(unit for unit in UNITS if step % unit[1] == 0)
    return _scale(top, step, lambda value: f"{value / length:,.0f} {unit}")


def of_sizes(most: int) -> Scale:
    """A scale of bytes."""
    top = max(most, 1) * HEADROOM
    return _scale(top, _step(top, _sizes()), lambda value: size(int(value)).replace(".0 ", " "))


def of_counts(most: int) -> Scale:
    """A scale of whole numbers."""
    top = max(most, 1) * HEADROOM
    return _scale(top, _step(top, _ones()), lambda value: f"{value:,.0f}")


def _step(top: float, steps: Iterator[float]) -> float:
    return next(step for step in steps if top / step < MOST_TICKS + 1)


def _scale(top: float, step: float, label: Callable[[float], str]) -> Scale:
    values = [step * number for number in range(1, int(top / step) + 1)]
    return Scale(top, tuple(Tick(value, label(value)) for value in values))


def _durations() -> Iterator[float]:
    return chain(DURATIONS, (DAY * step for step in _ones() if step > 30))


def _sizes() -> Iterator[float]:
    """1, 2, 5, 10 ... of each unit, and half of the next: 1024 of one are one of the next."""
    for unit in count():
        yield from (factor * 1024.0**unit for factor in (1, 2, 5, 10, 20, 50, 100, 200, 512))


def _ones() -> Iterator[float]:
    for power in count():
        yield from (factor * 10.0**power for factor in (1, 2, 5))
