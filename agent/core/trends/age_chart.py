"""The picture of snapshot age: of every day the worst, so that no bad day hides behind good ones."""

from collections.abc import Iterator
from datetime import timedelta

from agent.core.text.phrases import span
from agent.core.trends.history import Age, History
from agent.core.trends.parts import begin_of, highest, outlier_note, rules, silences, unbroken, when
from agent.core.trends.picture import (
    BOTTOM,
    RIGHT,
    TOP,
    Bar,
    Frame,
    Mark,
    Picture,
    area,
    flattened,
    month_lines,
)
from agent.core.trends.scale import DAY, of_durations
from agent.core.trends.words import age_words

NARROWEST = 2.0  # a single bad day can still be seen
NEXT_DAY = 1.5 * DAY  # days are 23 to 25 hours long


def age_picture(history: History) -> Picture:
    """Days within the objective as an area, days beyond it as bars of their own."""
    ages = history.ages
    worst = max((one.seconds for one in ages), default=0)
    frame = Frame(history.months, of_durations(worst, highest(history.rpo)))
    return Picture(
        kind="age",
        label="Worst snapshot age",
        **age_words(history),
        ticks=frame.ticks(),
        months=month_lines(history.months),
        bands=silences(frame, [begin_of(history, one.day) for one in ages[:1]], float("inf"), "no data"),
        areas=tuple(_areas(frame, history)),
        bars=tuple(_bar(frame, history, one) for one in ages if one.over),
        rules=tuple(rules(frame, history.rpo)),
        marks=tuple(_arrows(frame, history)),
        notes=outlier_note(frame, ages),
    )


def _sides(frame: Frame, history: History, one: Age) -> tuple[float, float]:
    """Where a day begins and ends; today ends now."""
    end = min(begin_of(history, one.day + timedelta(days=1)), history.months.now.timestamp())
    return frame.x(begin_of(history, one.day)), frame.x(end)


def _areas(frame: Frame, history: History) -> Iterator[str]:
    """Steps over each run of days without a bad one in it."""
    good = [one for one in history.ages if not one.over]
    for run in unbroken(good, lambda one: begin_of(history, one.day), NEXT_DAY):
        steps = [(x, frame.y(one.seconds)) for one in run for x in _sides(frame, history, one)]
        yield area(flattened(steps))


def _bar(frame: Frame, history: History, one: Age) -> Bar:
    left, right = _sides(frame, history, one)
    if right - left < NARROWEST:
        left = min(left, RIGHT - NARROWEST)
        right = left + NARROWEST
    top = frame.y(one.seconds)
    return Bar(round(left, 2), top, round(right - left, 2), round(BOTTOM - top, 2), "bad")


def _arrows(frame: Frame, history: History) -> Iterator[Mark]:
    """One for each run of days beyond the scale, over the worst of them."""
    beyond = [one for one in history.ages if frame.scale.is_beyond(one.seconds)]
    for run in unbroken(beyond, lambda one: begin_of(history, one.day), NEXT_DAY):
        worst = max(run, key=_seconds)
        x = round(sum(_sides(frame, history, worst)) / 2, 2)
        yield Mark(x, TOP, "beyond", f"{when(worst.day)}: {span(worst.seconds)}")


def _seconds(one: Age) -> int:
    return one.seconds
