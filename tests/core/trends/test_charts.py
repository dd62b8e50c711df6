"""The pictures of recovery time, data size and drills: gaps stay gaps, and what is bad is seen."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from agent.core.model.drills import DrillSeconds
from agent.core.trends.picture import BOTTOM, LEFT, TOP
from support.builders.pages import daily, outlier, pictures, points
from support.builders.shop import GIB, HOUR, drill, process, snapshot


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


def test_an_extrapolated_time_is_hollow_and_joined_by_no_line() -> None:
    shown = pictures(*(drill(24.0 * days, share=0.2, bytes=GIB // 5) for days in (9, 6, 3)))["recovery"]
    assert [mark.shape for mark in shown.marks] == ["sample"] * 3
    assert shown.lines == ()
    assert shown.value.startswith("~")


def test_drills_from_several_repositories_are_told_apart_and_joined_by_no_line() -> None:
    slow = DrillSeconds(restore=3 * HOUR, total=3 * HOUR)
    away = [drill(24.0 * days, repository="away", seconds=slow) for days in (8, 4)]
    shown = pictures(*away, drill(24 * 10), drill(24 * 6))["recovery"]
    assert [len({y for _, y in points(line)}) for line in shown.lines] == [1, 1]
    assert shown.rest == "of 24 h from away"
    assert "the longest of 4 passed drills took 3 h from away" in shown.sentence
    assert [mark.title.split(" from ")[1] for mark in shown.marks] == ["primary", "away", "primary", "away"]


def test_what_passed_failed_and_was_not_made_stands_on_top_of_each_other() -> None:
    month = [drill(30), drill(29), drill(28), drill(27, "not_tested"), drill(26, "failed")]
    bars = [bar for bar in pictures(*month)["drills"].bars if bar.x == pictures(*month)["drills"].bars[0].x]
    assert [bar.tone for bar in bars] == ["usual", "unsure", "bad"]
    assert [round(bar.height / bars[1].height) for bar in bars] == [3, 1, 1]
    assert [round(low.y - high.y - high.height, 2) for low, high in pairwise(bars)] == [0, 0]
    assert round(bars[0].y + bars[0].height, 2) == BOTTOM
