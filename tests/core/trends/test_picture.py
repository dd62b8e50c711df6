"""What a picture consists of: lines thinned to what can be seen, days where there is one month."""

from agent.core.trends.picture import BOTTOM, area, flattened, number, path, thinned
from support.builders.pages import pictures
from support.builders.shop import drill


def test_where_there_is_one_month_its_days_are_numbered() -> None:
    labels = [line.label for line in pictures(drill(1))["drills"].months]
    assert labels == ["1 Nov", "8", "15", "22", "29"]


def test_the_straight_part_of_a_line_is_its_two_ends() -> None:
    level: list[tuple[float, float]] = [(0, 1), (1, 1), (2, 1), (3, 1), (4, 5), (5, 5)]
    assert flattened(level) == [(0, 1), (3, 1), (4, 5), (5, 5)]
    assert flattened(level[:1]) == level[:1]


def test_points_too_close_to_be_told_apart_are_left_out_but_for_the_last() -> None:
    points: list[tuple[float, float]] = [(0, 0), (1, 0), (1.1, 0.3), (3, 0), (3.1, 5), (3.2, 5)]

    assert thinned(points) == [(0, 0), (3, 0), (3.1, 5), (3.2, 5)]
    assert thinned(points[:1]) == points[:1]


def test_a_single_point_is_a_line_of_no_length() -> None:
    assert path([(1, 2)]) == "M1 2L1 2"
    assert path([(1, 2), (3.5, 4)]) == "M1 2L3.5 4"


def test_an_area_goes_down_to_zero_on_both_sides() -> None:
    assert area([(1, 2), (3, 4)]) == f"M1 {number(BOTTOM)}L1 2L3 4L3 {number(BOTTOM)}Z"


def test_numbers_are_written_as_short_as_they_can_be() -> None:
    assert [number(value) for value in (80.0, 1.5, 0.126, 0.0)] == ["80", "1.5", "0.13", "0"]
