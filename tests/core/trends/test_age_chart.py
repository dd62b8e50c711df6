"""The picture of snapshot age: the worst of each day, and no bad day hidden behind good ones."""

import pytest

from agent.core.trends.picture import BOTTOM, TOP
from support.builders.pages import daily, pictures, points
from support.builders.shop import HOUR, process


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
