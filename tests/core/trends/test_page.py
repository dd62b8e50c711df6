"""The pictures as a browser gets them: whole, inside their box, with gaps as gaps and failures marked."""

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from agent.adapters.rendering.html import html_report
from agent.core.model.records import Body, DrillSeconds
from agent.core.report.report import build
from agent.core.trends.page import TrendPage, trend_page
from agent.core.trends.picture import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Picture, flattened
from agent.core.trends.scale import of_counts, of_durations, of_sizes
from agent.operations.reading.trends import gather_trends
from support.builders import trading_year
from support.builders.pages import HOSTILE, Page
from support.builders.shop import DAY, GIB, HOUR, NOW, ago, assessed, config, drill, process, snapshot
from support.doubles.fakes import FakeLedger

ORDERS = process()
PROCESSES = (trading_year.orders(), trading_year.mail(), trading_year.wiki())


def page_of(*records: Body, of=(ORDERS,), now=NOW) -> TrendPage:
    ledger = FakeLedger(*sorted(records, key=lambda one: one.started))  # type: ignore[union-attr]
    return trend_page(gather_trends(config(*of), ledger, now))


def pictures(*records: Body, of=None, now=NOW) -> dict[str, Picture]:
    (row,) = page_of(*records, of=(of or process(),), now=now).rows
    return {picture.kind: picture for picture in row.pictures}


def written(trends: TrendPage, audience="owner") -> str:
    return html_report(build(assessed(shop=config()), audience), trends)


def drawings(page: str) -> Iterator[ElementTree.Element]:
    """Every picture as XML; one that is not well-formed fails here."""
    for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        yield ElementTree.fromstring(text)


def points(path: str) -> list[tuple[float, float]]:
    """The points of a path that only has absolute moves and lines."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def daily(first: int, last: int, **changes) -> list[Body]:
    return [snapshot(24 * days, seconds=0, **changes) for days in range(first, last - 1, -1)]


def outlier() -> list[Body]:
    records: list[Body] = [*daily(300, 0), *(drill(24.0 * days) for days in range(290, 0, -7))]
    records[150] = replace(records[150], bytes=50 * GIB)
    slow = DrillSeconds(restore=30_000, total=30_000)
    return [*records, drill(24 * 100 + 5, seconds=slow)]


CASES = {
    "a year": (trading_year.year(), PROCESSES),
    "a week": ([r for r in trading_year.year() if r.started > ago(24 * 7)], PROCESSES),
    "an hour": ([snapshot(1), drill(0.5)], (process(),)),
    "an outlier": (outlier(), (process(),)),
    "no drill": (daily(300, 0), (process(),)),
    "only drills": ([drill(24.0 * days) for days in range(90, 0, -7)], (process(),)),
    "only failures": ([drill(24.0 * days, "failed") for days in range(90, 0, -1)], (process(),)),
    "twelve processes": (
        [replace(r, process=f"p{n}") for n in range(12) for r in (*daily(40, 0), drill(30))],
        tuple(process(f"p{n}") for n in range(12)),
    ),
    "hostile names": (
        [replace(record, process=HOSTILE) for record in (snapshot(2), drill(1))],
        (process(HOSTILE),),
    ),
    "nothing": ([], (process(),)),
    "empty data": (daily(40, 0, bytes=0), (process(),)),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> TrendPage:
    records, processes = CASES[request.param]
    return page_of(*records, of=processes)


# ---- whatever there is to show --------------------------------------------------------------


def test_every_picture_is_whole_and_says_what_it_shows(case: TrendPage) -> None:
    shown = [one for one in drawings(written(case)) if one.get("role") == "img"]
    assert len(shown) == 4 * len(case.rows)
    for one in shown:
        names = (one.get("aria-labelledby") or "").split()
        said = {part.get("id"): part.text for part in one if part.tag in ("title", "desc")}
        assert [bool(said[name]) for name in names] == [True, True]


def test_no_two_pictures_share_a_name(case: TrendPage) -> None:
    found = re.findall(r' id="([^"]+)"', written(case))
    assert len(found) == len(set(found))


def test_every_number_is_one_and_every_point_lies_in_the_box(case: TrendPage) -> None:
    values = " ".join(re.findall(r' (?:d|x|y|cx|cy|width|height|viewBox)="([^"]*)"', written(case)))
    assert re.findall(r"[^-\d. MLHVZhvlmz]|\d\.\d{3}", values.replace("device-width", "")) == []
    for row in case.rows:
        for picture in row.pictures:
            for path in (*picture.lines, *picture.areas, *(rule.path for rule in picture.rules)):
                assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in points(path)), path
            for one in picture.bars:
                assert LEFT <= one.x < one.x + one.width <= RIGHT + 0.01
                assert TOP <= one.y <= one.y + one.height <= BOTTOM + 0.01
            assert all(0 <= mark.x <= WIDTH and 0 <= mark.y <= HEIGHT for mark in picture.marks)
            assert all(0 <= tick.at <= HEIGHT for tick in picture.ticks)
            assert all(band.x >= LEFT and band.x + band.width <= RIGHT + 0.01 for band in picture.bands)


def test_the_page_loads_nothing_and_no_name_becomes_a_tag(case: TrendPage) -> None:
    text = written(case)
    page = Page(text)
    assert page.loads == []
    assert not {"script", "img", "image", "use", "foreignobject", "link"} & set(page.tags)
    assert "url(" not in text
    text.encode("utf-8")


def test_all_pictures_have_the_same_time_axis(case: TrendPage) -> None:
    assert len({picture.months for row in case.rows for picture in row.pictures}) <= 1


def test_every_sign_that_occurs_is_explained_and_no_other(case: TrendPage) -> None:
    words = Page(written(case)).words
    for sign, said in (("failed", "a drill that failed"), ("sample", "extrapolated from a sample")):
        assert (said in words) == (sign in case.signs)


# ---- gaps -----------------------------------------------------------------------------------


def holes(paths: tuple[str, ...], begin: float, end: float) -> bool:
    """No line crosses the stretch from `begin` to `end`."""
    steps = [step for path in paths for step in pairwise(points(path))]
    return not any(x1 <= begin and x2 >= end for (x1, _), (x2, _) in steps)


def test_the_size_has_a_gap_and_a_band_where_snapshots_are_missing() -> None:
    shown = pictures(*daily(200, 120), *daily(80, 0))["size"]
    begin, end = points(shown.lines[0])[-1][0], points(shown.lines[1])[0][0]
    assert len(shown.lines) == len(shown.areas) == 2
    assert holes(shown.lines, begin, end)
    assert any(band.x == begin and band.x + band.width == pytest.approx(end) for band in shown.bands)


def test_no_line_leads_over_a_month_without_a_drill() -> None:
    shown = pictures(*(drill(24.0 * days) for days in (200, 193, 120, 113)))["recovery"]
    assert [len(points(line)) for line in shown.lines] == [2, 2]
    assert len([band for band in shown.bands if band.x > LEFT]) == 2  # between them, and until today


def test_a_single_snapshot_is_a_dot_and_not_nothing() -> None:
    (line,) = pictures(snapshot(24))["size"].lines
    assert len(points(line)) == 2
    assert len(set(points(line))) == 1


def test_before_the_first_record_there_is_no_data_and_no_zero() -> None:
    young = [
        snapshot(24 * 40, seconds=0, process="young"),
        *(drill(24.0 * d, process="young") for d in (39, 20)),
    ]
    records = [*daily(300, 0), *young]
    trends = page_of(*records, of=(process(), process("young")))
    shown = {picture.kind: picture for picture in trends.rows[1].pictures}
    for kind in ("recovery", "size", "age", "drills"):
        assert shown[kind].bands[0].x == LEFT
        assert shown[kind].bands[0].label == "no data"
    assert [line.passed for line in trends.rows[1].months[-3:]] == ["-", "-", "-"]


def test_a_process_without_any_record_is_named() -> None:
    trends = page_of(*daily(9, 0), of=(process(), process("new")))
    assert trends.empty == ("new",)
    assert "new: no data yet." in " ".join(Page(written(trends)).words.split())


# ---- what is bad is seen --------------------------------------------------------------------


def test_a_failed_drill_always_has_its_cross_in_both_pictures() -> None:
    for number in (1, 30):
        records = [drill(48.0 + hour / 10, "failed" if hour == 3 else "passed") for hour in range(number + 3)]
        shown = pictures(*records)
        for kind in ("recovery", "drills"):
            assert [mark.shape for mark in shown[kind].marks].count("failed") == 1
        assert "1 failed" in (shown["drills"].bad)
        assert [bar.tone for bar in shown["drills"].bars].count("bad") == 1


def test_crosses_that_would_cover_each_other_become_one_that_counts_them() -> None:
    shown = pictures(*daily(300, 0), *(drill(24.0 * 30 + hour, "failed") for hour in range(5)))["recovery"]
    (mark,) = [mark for mark in shown.marks if mark.shape == "failed"]
    assert mark.title.endswith("5 drills failed")


def test_a_drill_that_could_not_be_made_is_neither_passed_nor_failed() -> None:
    shown = pictures(drill(48, "not_tested"), drill(24))["drills"]
    assert [bar.tone for bar in shown.bars] == ["usual", "unsure"]
    assert [mark.shape for mark in shown.marks] == ["untested"]


def test_one_bad_day_in_a_year_is_a_bar_wide_enough_to_see_that_rises_above_the_line() -> None:
    shown = pictures(*daily(300, 101), *daily(99, 0), of=process(rpo=25 * HOUR))["age"]
    (line,) = {y for rule in shown.rules for _, y in points(rule.path)}
    assert len(shown.bars) in (1, 2)  # the gap of 48 hours may touch two days
    assert all(bar.width >= 2 and bar.y < line for bar in shown.bars)
    assert "too old on" in shown.bad


def test_an_age_far_beyond_the_objective_is_an_arrow_with_its_length_in_words() -> None:
    shown = pictures(*daily(300, 100), *daily(40, 0), of=process(rpo=25 * HOUR))["age"]
    (arrow,) = [mark for mark in shown.marks if mark.shape == "beyond"]
    assert arrow.title.endswith("60 d")
    assert [note.text for note in shown.notes] == ["60 d"]
    highest = [bar for bar in shown.bars if bar.y == TOP]
    assert any(bar.x <= arrow.x <= bar.x + bar.width for bar in highest)
    assert max(bar.height for bar in shown.bars) == pytest.approx(BOTTOM - TOP)


def test_a_size_fifty_times_the_rest_stands_out_and_leaves_the_rest_above_zero() -> None:
    heights = [BOTTOM - y for line in pictures(*outlier())["size"].lines for _, y in points(line)]
    assert max(heights) / sorted(heights)[len(heights) // 2] == pytest.approx(50, rel=0.05)
    assert min(heights) > 1


@pytest.mark.parametrize("place", [500, 530, 560, 590, 620])
def test_thinning_out_keeps_an_outlier_of_one_hour(place: int) -> None:
    records = [snapshot(hours, seconds=0) for hours in range(24 * 200)]
    records[place] = replace(records[place], bytes=3 * GIB)
    (line,) = pictures(*records)["size"].lines
    assert len(points(line)) < 250
    assert min(y for _, y in points(line)) == pytest.approx(BOTTOM - (BOTTOM - TOP) / 1.08, abs=0.1)


def test_a_recovery_that_took_longer_than_promised_has_another_shape_and_a_word() -> None:
    slow = drill(24, seconds=DrillSeconds(restore=3 * HOUR, total=3 * HOUR))
    shown = pictures(drill(48), slow, of=process(rto=2 * HOUR))["recovery"]
    assert [mark.shape for mark in shown.marks] == ["full", "late"]
    assert shown.bad == "1 too long"


def test_without_any_drill_nothing_looks_like_none_having_failed() -> None:
    shown = pictures(*daily(40, 0))
    assert (shown["recovery"].value, shown["drills"].value) == ("not measured", "none")
    assert [band.label for band in (*shown["recovery"].bands, *shown["drills"].bands)] == [
        "not measured",
        "no drills",
    ]
    assert shown["drills"].sentence.endswith("none at all in Oct 2026 and Nov 2026.")


def test_an_extrapolated_time_is_hollow_and_joined_by_no_line() -> None:
    shown = pictures(*(drill(24.0 * days, share=0.2, bytes=GIB // 5) for days in (9, 6, 3)))["recovery"]
    assert [mark.shape for mark in shown.marks] == ["sample"] * 3
    assert shown.lines == ()
    assert shown.value.startswith("~")


def test_the_objective_is_always_on_the_scale() -> None:
    for rto in (HOUR, 30 * DAY):
        shown = pictures(drill(24), of=process(rto=rto))["recovery"]
        assert all(y > TOP for rule in shown.rules for _, y in points(rule.path))


# ---- words and numbers ----------------------------------------------------------------------


def test_the_sentence_says_what_the_picture_shows() -> None:
    shown = {kind: picture.sentence for kind, picture in pictures(*outlier(), drill(30, "failed")).items()}
    assert "the longest of 43 passed drills took 8 h 20 min on 17 Aug 2026" in shown["recovery"]
    assert "at most 50.0 GiB" in shown["size"]
    assert "older on 301 of 301 days" in shown["age"]
    assert shown["drills"].startswith("43 passed; 1 failed (Nov 2026); 0 could not be made")


def test_drills_from_several_repositories_are_told_apart_and_joined_by_no_line() -> None:
    slow = DrillSeconds(restore=3 * HOUR, total=3 * HOUR)
    away = [drill(24.0 * days, repository="away", seconds=slow) for days in (8, 4)]
    shown = pictures(*away, drill(24 * 10), drill(24 * 6))["recovery"]
    assert [len({y for _, y in points(line)}) for line in shown.lines] == [1, 1]
    assert shown.rest == "of 24 h from away"
    assert "the longest of 4 passed drills took 3 h from away" in shown.sentence
    assert [mark.title.split(" from ")[1] for mark in shown.marks] == ["primary", "away", "primary", "away"]


def test_the_numbers_of_every_month_can_be_read() -> None:
    (row,) = page_of(*outlier(), drill(30, "failed")).rows
    newest = row.months[0]
    assert (newest.month, newest.size, newest.failed) == ("Nov 2026", "1.0 GiB", "1")
    assert len(row.months) == 11
    assert 'scope="row">Nov 2026<' in written(page_of(*outlier()))


def test_a_month_of_numbers_counts_what_happened_in_it() -> None:
    slow = DrillSeconds(restore=7200, total=7200)
    sampled = drill(40, seconds=slow, share=0.2, bytes=GIB // 5)
    records = [snapshot(72), drill(60), sampled, drill(30, "failed"), drill(20, "not_tested")]
    (row,) = page_of(*records, of=(process(rpo=DAY),)).rows
    (month,) = row.months
    assert month.recovery.startswith("~")
    assert (month.passed, month.failed, month.untested) == ("2", "1", "1")
    assert (month.size, month.age, month.over) == ("1.0 GiB", "72 h", "3")


def test_the_auditor_has_the_numbers_open() -> None:
    trends = page_of(*daily(9, 0))
    assert "<details open>" in written(trends, "auditor")
    assert "<details>" in written(trends, "owner")


def test_what_passed_failed_and_was_not_made_stands_on_top_of_each_other() -> None:
    month = [drill(30), drill(29), drill(28), drill(27, "not_tested"), drill(26, "failed")]
    bars = [bar for bar in pictures(*month)["drills"].bars if bar.x == pictures(*month)["drills"].bars[0].x]
    assert [bar.tone for bar in bars] == ["usual", "unsure", "bad"]
    assert [round(bar.height / bars[1].height) for bar in bars] == [3, 1, 1]
    assert [round(low.y - high.y - high.height, 2) for low, high in pairwise(bars)] == [0, 0]
    assert round(bars[0].y + bars[0].height, 2) == BOTTOM


def test_where_there_is_one_month_its_days_are_numbered() -> None:
    labels = [line.label for line in pictures(drill(1))["drills"].months]
    assert labels == ["1 Nov", "8", "15", "22", "29"]


def test_the_straight_part_of_a_line_is_its_two_ends() -> None:
    level: list[tuple[float, float]] = [(0, 1), (1, 1), (2, 1), (3, 1), (4, 5), (5, 5)]
    assert flattened(level) == [(0, 1), (3, 1), (4, 5), (5, 5)]
    assert flattened(level[:1]) == level[:1]


# ---- scales ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (of_durations(600, 2 * HOUR), ["1 h", "2 h"]),
        (of_durations(600, 24 * HOUR), ["12 h", "24 h"]),
        (of_durations(600, HOUR), ["20 min", "40 min", "60 min"]),
        (of_durations(600, 7 * DAY), ["2 d", "4 d", "6 d"]),
        (of_durations(600, 400 * DAY), ["200 d", "400 d"]),
        (of_sizes(9 * GIB), ["5 GiB"]),
        (of_sizes(95 * GIB), ["50 GiB", "100 GiB"]),
        (of_sizes(3 << 29), ["512 MiB", "1 GiB", "1.5 GiB"]),
        (of_sizes(0), ["1 B"]),
        (of_counts(9), ["5"]),
        (of_counts(0), ["1"]),
        (of_counts(31), ["10", "20", "30"]),
    ],
)
def test_ticks_are_few_and_round(scale, labels: list[str]) -> None:
    assert [tick.label for tick in scale.ticks] == labels
