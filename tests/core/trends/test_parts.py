"""Parts that several pictures have: stretches of no data, and the objective."""

from agent.core.trends.parts import rounded, unbroken, when
from agent.core.trends.picture import LEFT, TOP
from support.builders.pages import daily, page_of, pictures, points
from support.builders.shop import DAY, HOUR, NOW, drill, process, snapshot


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


def test_the_objective_is_always_on_the_scale() -> None:
    for rto in (HOUR, 30 * DAY):
        shown = pictures(drill(24), of=process(rto=rto))["recovery"]
        assert all(y > TOP for rule in shown.rules for _, y in points(rule.path))


def test_a_day_is_told_with_its_year() -> None:
    assert when(NOW) == "25 Nov 2026"


def test_where_there_is_little_room_a_time_has_one_unit() -> None:
    seconds = (59, 119, 120, 2 * HOUR - 1, 2 * HOUR, 2 * DAY - 1, 14.4 * DAY)
    assert [rounded(int(each)) for each in seconds] == [
        "59 s",
        "119 s",
        "2 min",
        "120 min",
        "2 h",
        "48 h",
        "14 d",
    ]


def test_items_are_apart_where_more_than_the_longest_lies_between_two() -> None:
    assert list(unbroken([1, 2, 4, 7, 8], float, 2)) == [[1, 2, 4], [7, 8]]
    assert list(unbroken([], float, 2)) == []
