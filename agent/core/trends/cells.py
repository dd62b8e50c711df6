"""The pictures as columns of table cells, one for each month: what mail programs can show.

They stand in the owner's mail, so they speak of rehearsals and not of drills.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from agent.core.text.phrases import MONTHS, span
from agent.core.text.plain import printable
from agent.core.trends.history import History, in_force

HIGH = 36  # pixels below the promise, or of the whole where nothing is promised
BEYOND = 12  # pixels above it, whatever the excess
LOW = 2  # the least that can be seen

Tone = Literal["usual", "bad", "unsure"]
NO_DATA, NONE, UNSURE = "-", "0", "?"


class Segment(Struct, frozen=True):
    """A part of a column, `height` in pixels."""

    height: int
    tone: Tone


class Column(Struct, frozen=True, kw_only=True):
    """One month: segments from the bottom up, the height above the promise, and a sign below."""

    month: str  # one letter
    segments: tuple[Segment, ...] = ()
    above: int = 0
    sign: str = ""  # NO_DATA, NONE, or how many went wrong: "2", and with "?" could not be made: "2 1?"


class CellChart(Struct, frozen=True, kw_only=True):
    """A picture for a mail. Its caption says in plain text what it shows."""

    process: str
    caption: str  # "time to restore: 1 h 8 min, promised 2 h"
    columns: tuple[Column, ...]
    has_promise: bool = False  # the line between `segments` and `above` is what was promised


def cell_charts(history: History) -> tuple[CellChart, ...]:
    """The pictures of one process; none when nothing is known of it."""
    return (_times(history), _rehearsals(history)) if history.begins is not None else ()


def key(charts: Sequence[CellChart]) -> str:
    """What the line and the signs below the pictures mean, of those that occur."""
    signs = {sign for chart in charts for column in chart.columns for sign in column.sign.split()}
    told = ["Line: what is promised."] if any(chart.has_promise for chart in charts) else []
    told += ["Numbers: how many failed or took too long."] if any(map(str.isdigit, signs - {NONE})) else []
    told += [f"With {UNSURE}: how many could not be made."] if any(UNSURE in sign for sign in signs) else []
    told += [f"{NONE}: no rehearsal."] if NONE in signs else []
    told += [f"{NO_DATA}: nothing known."] if NO_DATA in signs else []
    return " ".join(told)


def _times(history: History) -> CellChart:
    """The longest of each month as a share of what was promised then."""

    def column(start: date) -> Column:
        found = [one for one in history.recoveries if history.months.month_of(one.at) == start]
        if not found:
            return Column(month=_letter(start), sign=NO_DATA)
        worst, late = max(found, key=lambda one: one.seconds), sum(one.late for one in found)
        share = worst.seconds / in_force(history.rto, worst.at)
        above = min(BEYOND, max(LOW, round((share - 1) * BEYOND))) if share > 1 else 0
        height = max(LOW, min(HIGH, round(share * HIGH)))
        return Column(
            month=_letter(start),
            segments=(Segment(height, "bad" if late and not above else "usual"),),
            above=above,
            sign=f"{late:,}" if late else "",
        )

    return _chart(history, f"time to restore: {_time_words(history)}", column, has_promise=True)


def _time_words(history: History) -> str:
    promised = f"promised {span(history.rto[-1].seconds)}"
    if not history.recoveries:
        return f"not measured, {promised}"
    newest, late = history.recoveries[-1], sum(one.late for one in history.recoveries)
    about = "about " if newest.extrapolated else ""
    too_long = f"; {late:,} of {len(history.recoveries):,} took too long" if late else ""
    return f"{about}{span(newest.seconds)}, {promised}{too_long}"


def _rehearsals(history: History) -> CellChart:
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
        sign = NO_DATA if start < first else _sign(found) if found else NONE
        return Column(month=_letter(start), segments=segments, sign=sign)

    return _chart(history, f"rehearsals: {_rehearsal_words(history)}", column)


def _sign(outcomes: Sequence[str]) -> str:
    failed, untested = outcomes.count("failed"), outcomes.count("not_tested")
    words = [f"{failed:,}"] if failed else []
    return " ".join([*words, f"{untested:,}{UNSURE}"] if untested else words)


def _rehearsal_words(history: History) -> str:
    outcomes = [one.outcome for one in history.drills]
    passed, failed, untested = (outcomes.count(one) for one in ("passed", "failed", "not_tested"))
    if not outcomes:
        return "none"
    said = f"{passed:,} good" + (f", {failed:,} failed" if failed else "")
    return said + (f", {untested:,} not made" if untested else "")


def _chart(
    history: History, caption: str, column: Callable[[date], Column], has_promise: bool = False
) -> CellChart:
    return CellChart(
        process=printable(history.process),
        caption=caption,
        columns=tuple(column(start) for start in history.months.starts),
        has_promise=has_promise,
    )


def _letter(start: date) -> str:
    return MONTHS[start.month - 1][0]
