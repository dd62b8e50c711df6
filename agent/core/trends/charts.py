"""Three of a process's four pictures: recovery time, data size and drills."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from agent.core.text.phrases import joined, span
from agent.core.text.plain import count
from agent.core.trends.history import History, Recovery, Size
from agent.core.trends.parts import band, highest, outlier_note, rules, silences, unbroken, when
from agent.core.trends.picture import (
    Band,
    Bar,
    Frame,
    Mark,
    Picture,
    Tone,
    area,
    month_limits,
    month_lines,
    path,
    thinned,
)
from agent.core.trends.scale import DAY, of_counts, of_durations, of_sizes
from agent.core.trends.words import drill_words, place, recovery_words, size_words

LONGEST_LINE = 31 * DAY  # no line leads over a month of which nothing is known
SHORTEST_BREAK = 3 * DAY
SPARSE = 3  # times the usual distance: then something is missing
GAP = 2.5  # between two months' columns
WIDEST = 24.0  # of a column
ABOVE = 6.0  # where signs stand that have no place on the scale
APART = 6.0  # of two crosses


def recovery_picture(history: History) -> Picture:
    """Every passed drill as a dot, hollow when it was extrapolated, and the objective as a line."""
    found = history.recoveries
    frame = Frame(
        history.months,
        of_durations(max((one.seconds for one in found), default=0), highest(history.rto)),
    )
    crosses = tuple(_crosses(frame, history))
    return Picture(
        kind="recovery",
        label="Recovery time",
        **recovery_words(history),
        ticks=frame.ticks(),
        months=month_lines(history.months),
        bands=silences(
            frame, [_moment(one) for one in found], LONGEST_LINE, "no data" if found else "not measured"
        ),
        lines=tuple(_recovery_lines(frame, found)),
        rules=tuple(rules(frame, history.rto)),
        marks=(*(_dot(frame, history, one) for one in found), *crosses),
        notes=outlier_note(frame, found, crosses),
    )


def _recovery_lines(frame: Frame, found: Sequence[Recovery]) -> Iterator[str]:
    """From drill to drill of one repository, where both were measured and none is off the scale."""
    full = [one for one in found if not one.extrapolated and not frame.scale.is_beyond(one.seconds)]
    for repository in dict.fromkeys(one.repository for one in full):
        mine = [one for one in full if one.repository == repository]
        for part in unbroken(mine, _moment, LONGEST_LINE):
            if len(part) > 1:
                yield path([(frame.x(_moment(one)), frame.y(one.seconds)) for one in part])


def size_picture(history: History) -> Picture:
    """The size of the data in each good snapshot; broken where snapshots are missing."""
    frame = Frame(history.months, of_sizes(max((one.bytes for one in history.sizes), default=0)))
    steps = [_moment(after) - _moment(before) for before, after in pairwise(history.sizes)]
    longest = min(max(SPARSE * median(steps) if steps else 0.0, SHORTEST_BREAK), LONGEST_LINE)
    parts = unbroken(history.sizes, _moment, longest)
    points = [thinned([(frame.x(_moment(one)), frame.y(one.bytes)) for one in part]) for part in parts]
    return Picture(
        kind="size",
        label="Data size",
        **size_words(history),
        ticks=frame.ticks(),
        months=month_lines(history.months),
        bands=silences(frame, [_moment(one) for one in history.sizes], longest, "no data"),
        areas=tuple(area(part) for part in points if len(part) > 1),
        lines=tuple(path(part) for part in points),
    )


def drill_picture(history: History) -> Picture:
    """How many drills passed, failed and could not be made in each month."""
    limits = month_limits(history.months)
    counts = [_counts(history, *limit) for limit in limits]
    frame = Frame(history.months, of_counts(max(map(sum, counts))))
    columns = [(_sides(frame, *limit), number) for limit, number in zip(limits, counts, strict=True)]
    return Picture(
        kind="drills",
        label="Drills",
        **drill_words(history),
        ticks=frame.ticks(),
        months=month_lines(history.months),
        bands=tuple(_unknown_months(frame, history)),
        bars=tuple(bar for sides, number in columns for bar in _column(frame, *sides, number)),
        marks=tuple(mark for sides, number in columns for mark in _signs(frame, *sides, number)),
    )


def _unknown_months(frame: Frame, history: History) -> Iterator[Band]:
    """Whole months before the first record; all of them when there was no drill in any."""
    if not history.drills:
        yield band(frame, frame.months.begin, frame.months.now.timestamp(), "no drills")
        return
    if history.begins:
        first = history.months.month_of(history.begins)
        number = history.months.starts.index(first)
        if number:
            yield band(frame, frame.months.begin, month_limits(frame.months)[number][0], "no data")


def _counts(history: History, begin: float, end: float) -> tuple[int, int, int]:
    """Passed, not tested, failed."""
    found = [one.outcome for one in history.drills if begin <= one.at.timestamp() < end]
    return found.count("passed"), found.count("not_tested"), found.count("failed")


def _sides(frame: Frame, begin: float, end: float) -> tuple[float, float]:
    left, right = frame.x(begin), frame.x(end)
    half = min(right - left - GAP, WIDEST) / 2
    return round((left + right) / 2 - half, 2), round((left + right) / 2 + half, 2)


def _column(frame: Frame, left: float, right: float, counts: tuple[int, int, int]) -> Iterator[Bar]:
    bottom = 0
    tones: tuple[Tone, ...] = ("usual", "unsure", "bad")
    for number, tone in zip(counts, tones, strict=True):
        top = frame.y(bottom + number)
        if number:
            yield Bar(left, top, round(right - left, 2), round(frame.y(bottom) - top, 2), tone)
        bottom += number


def _signs(frame: Frame, left: float, right: float, counts: tuple[int, int, int]) -> Iterator[Mark]:
    """Above a month's column: what is not only a matter of colour."""
    _, untested, failed = counts
    middle, top = round((left + right) / 2, 2), frame.y(sum(counts)) - 5
    if untested:
        yield Mark(middle, round(top, 2), "untested", f"{untested} not tested")
    if failed:
        yield Mark(middle, round(top - (6 if untested else 0), 2), "failed", f"{failed} failed")


def _moment(one: Recovery | Size) -> float:
    return one.at.timestamp()


def _dot(frame: Frame, history: History, one: Recovery) -> Mark:
    x, y = frame.x(_moment(one)), frame.y(one.seconds)
    said = f"{when(one.at)}: {'~' if one.extrapolated else ''}{span(one.seconds)}{place(history, one)}"
    if frame.scale.is_beyond(one.seconds):
        return Mark(x, y, "beyond", said)
    return Mark(x, y, "late" if one.late else "sample" if one.extrapolated else "full", said)


def _crosses(frame: Frame, history: History) -> Iterator[Mark]:
    """A cross for each failed drill, above the scale: nothing came back. Where they are many, every few."""
    groups: list[tuple[float, list[str]]] = []
    for one in history.drills:
        if one.outcome == "failed":
            x = frame.x(one.at.timestamp())
            if not groups or x - groups[-1][0] >= APART:
                groups.append((x, []))
            groups[-1][1].append(when(one.at))
    for x, days in groups:
        yield Mark(x, ABOVE, "failed", f"{joined(days)}: {count(len(days), 'drill')} failed")
