"""The pictures as columns of table cells, one for each month: what mail programs can show."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from agent.core.phrases import MONTHS
from agent.core.text import printable
from agent.core.trend_words import Words, age_words, drill_words, month, recovery_words, size_words
from agent.core.trends import Age, History, Level, Recovery, in_force

HIGH = 36  # pixels below the promise, or of the whole where nothing is promised
BEYOND = 12  # pixels above it, whatever the excess
LOW = 2  # the least that can be seen

Kind = Literal["recovery", "size", "age", "drills"]
Tone = Literal["usual", "bad", "unsure"]
NO_DATA = "-"


class Segment(Struct, frozen=True):
    """A part of a column, `height` in pixels."""

    height: int
    tone: Tone


class Column(Struct, frozen=True, kw_only=True):
    """One month: segments from the bottom up, the height above the promise, and a sign below."""

    month: str  # one letter
    segments: tuple[Segment, ...] = ()
    above: int = 0
    sign: str = ""  # NO_DATA, or what is wrong


class CellChart(Struct, frozen=True, kw_only=True):
    """A picture for a mail. `caption` and `sentence` are plain text; the sentence says what it shows."""

    kind: Kind
    caption: str  # "orders: recovery time 1 h 8 min of 2 h"
    sentence: str
    columns: tuple[Column, ...]
    has_promise: bool = False  # the line between `segments` and `above` is what was promised
    key: str = ""  # what the line and the signs below mean


def cell_charts(history: History, kinds: Sequence[Kind] = ("recovery", "drills")) -> tuple[CellChart, ...]:
    """The wanted pictures of one process; none when nothing is known of it."""
    made: dict[Kind, Callable[[History], CellChart]] = {
        "recovery": _recovery,
        "size": _size,
        "age": _age,
        "drills": _drills,
    }
    return tuple(made[kind](history) for kind in kinds) if history.begins is not None else ()


def _recovery(history: History) -> CellChart:
    def column(start: date) -> Column:
        found = [one for one in history.recoveries if history.months.month_of(one.at) == start]
        late = sum(one.late for one in found)
        worst = max(found, key=lambda one: one.seconds, default=None)
        return _against(start, worst, history.rto, str(late) if late else "", bool(late))

    return _chart(history, "recovery", "recovery time", recovery_words(history), column, "drills too long")


def _age(history: History) -> CellChart:
    def column(start: date) -> Column:
        found = [one for one in history.ages if one.day.replace(day=1) == start]
        over = sum(one.over for one in found)
        worst = max(found, key=lambda one: one.seconds / one.objective, default=None)
        return _against(start, worst, history.rpo, str(over) if over else "", bool(over))

    return _chart(history, "age", "worst snapshot age", age_words(history), column, "days too old")


def _against(
    start: date, worst: Recovery | Age | None, levels: Sequence[Level], sign: str, bad: bool
) -> Column:
    """The worst of a month as a share of what was promised then."""
    if worst is None:
        return Column(month=_letter(start), sign=NO_DATA)
    objective = worst.objective if isinstance(worst, Age) else in_force(levels, worst.at)
    share = worst.seconds / objective
    height = max(LOW, min(HIGH, round(share * HIGH)))
    above = min(BEYOND, max(LOW, round((share - 1) * BEYOND))) if share > 1 else 0
    tone: Tone = "bad" if bad and not above else "usual"
    return Column(
        month=_letter(start),
        segments=(Segment(height, tone),),
        above=above,
        sign=sign,
    )


def _size(history: History) -> CellChart:
    largest = max((one.bytes for one in history.sizes), default=1) or 1

    def column(start: date) -> Column:
        found = [one.bytes for one in history.sizes if history.months.month_of(one.at) == start]
        if not found:
            return Column(month=_letter(start), sign=NO_DATA)
        height = max(LOW, round(max(found) / largest * HIGH))
        return Column(month=_letter(start), segments=(Segment(height, "usual"),))

    return _chart(history, "size", "data size", size_words(history), column, "")


def _drills(history: History) -> CellChart:
    months = {
        start: [one.outcome for one in history.drills if history.months.month_of(one.at) == start]
        for start in history.months.starts
    }
    most = max((len(found) for found in months.values()), default=1) or 1
    first = history.months.month_of(history.begins) if history.begins else history.months.starts[-1]

    def column(start: date) -> Column:
        found = months[start]
        tones: tuple[tuple[Tone, int], ...] = (
            ("usual", found.count("passed")),
            ("unsure", found.count("not_tested")),
            ("bad", found.count("failed")),
        )
        segments = tuple(
            Segment(max(LOW, round(number / most * HIGH)), tone) for tone, number in tones if number
        )
        failed = found.count("failed")
        sign = NO_DATA if start < first else f"{failed}" if failed else "" if found else "0"
        return Column(month=_letter(start), segments=segments, sign=sign)

    return _chart(history, "drills", "drills", drill_words(history), column, "failed")


def _chart(
    history: History, kind: Kind, label: str, words: Words, column: Callable[[date], Column], counted: str
) -> CellChart:
    columns = tuple(column(start) for start in history.months.starts)
    bad = any(one.sign not in ("", NO_DATA, "0") for one in columns)
    unknown = any(one.sign == NO_DATA for one in columns)
    signs = ["line: what is promised"] if kind in ("recovery", "age") else []
    signs += [f"numbers: {counted}"] if bad else []
    signs += [f"{NO_DATA}: no data"] if unknown else []
    signs += ["0: no drill"] if any(one.sign == "0" for one in columns) else []
    said = " ".join(part for part in (label, words["value"], words["rest"]) if part)
    name = printable(history.process)
    last = history.months.starts
    return CellChart(
        kind=kind,
        caption=f"{name}: {said}" + (f", {words['bad']}" if words["bad"] else ""),
        sentence=f"{name}, {label}, {month(last[0])} to {month(last[-1])}: {words['sentence']}",
        columns=columns,
        has_promise=kind in ("recovery", "age"),
        key="; ".join(signs),
    )


def _letter(start: date) -> str:
    return MONTHS[start.month - 1][0]
