"""The pictures of all processes with their numbers month by month, ready to be written down."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from agent.core.text.phrases import span
from agent.core.text.plain import printable, size
from agent.core.trends.age_chart import age_picture
from agent.core.trends.charts import drill_picture, recovery_picture, size_picture
from agent.core.trends.history import History
from agent.core.trends.picture import Picture
from agent.core.trends.words import month

NONE = "-"


class MonthLine(Struct, frozen=True, kw_only=True):
    """One month of one process in words; NONE where nothing is known."""

    month: str
    recovery: str  # the longest measured, "~" in front when extrapolated
    size: str  # the newest
    age: str  # the greatest
    over: str  # days on which the newest snapshot was older than it may be
    passed: str
    failed: str
    untested: str


class TrendRow(Struct, frozen=True, kw_only=True):
    """One process: its pictures and its numbers, newest month first."""

    process: str
    pictures: tuple[Picture, ...]
    months: tuple[MonthLine, ...]


class TrendPage(Struct, frozen=True, kw_only=True):
    """`title` says how far back the pictures reach."""

    title: str
    rows: tuple[TrendRow, ...]
    empty: tuple[str, ...]  # processes of which there is no record at all
    signs: frozenset[str]  # that occur and have to be explained


def trend_page(histories: Sequence[History]) -> TrendPage:
    """The pictures of every process of which anything is known."""
    known = [history for history in histories if history.begins is not None]
    rows = tuple(
        TrendRow(process=printable(one.process), pictures=_pictures(one), months=tuple(_lines(one)))
        for one in known
    )
    months = len(histories[0].months.starts) if histories else 0
    title = f"The last {months} months" if months > 1 else "This month"
    empty = tuple(printable(one.process) for one in histories if one.begins is None)
    signs = frozenset(sign for row in rows for picture in row.pictures for sign in _signs(picture))
    return TrendPage(title=title, rows=rows, empty=empty, signs=signs)


def _pictures(history: History) -> tuple[Picture, ...]:
    return recovery_picture(history), size_picture(history), age_picture(history), drill_picture(history)


def _signs(picture: Picture) -> Iterator[str]:
    yield from (mark.shape for mark in picture.marks)
    yield from ("rule" if rule.noted else "assumed" for rule in picture.rules)
    if picture.kind == "age" and picture.bars:
        yield "old"
    if picture.bands:
        yield "band"


def _lines(history: History) -> Iterator[MonthLine]:
    for start in reversed(history.months.starts):
        recoveries = [one for one in history.recoveries if history.months.month_of(one.at) == start]
        sizes = [one for one in history.sizes if history.months.month_of(one.at) == start]
        ages = [one for one in history.ages if one.day.replace(day=1) == start]
        drills = [one.outcome for one in history.drills if history.months.month_of(one.at) == start]
        longest = max(recoveries, key=lambda one: one.seconds, default=None)
        known = history.begins is not None and history.months.month_of(history.begins) <= start
        yield MonthLine(
            month=month(start),
            recovery=("~" if longest.extrapolated else "") + span(longest.seconds) if longest else NONE,
            size=size(sizes[-1].bytes) if sizes else NONE,
            age=span(max(one.seconds for one in ages)) if ages else NONE,
            over=str(sum(one.over for one in ages)) if ages else NONE,
            passed=str(drills.count("passed")) if known else NONE,
            failed=str(drills.count("failed")) if known else NONE,
            untested=str(drills.count("not_tested")) if known else NONE,
        )
