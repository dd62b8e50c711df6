"""The names of weekdays and months are words of their own, in whatever case."""

import pytest

from agent.core.kinds.day_names import day_or_number


@pytest.mark.parametrize(
    "name", ["shop-Mon.sql", "MONTAG.sql", "shop_lundi", "shopMon.sql", "wo", "März.gz", "7"]
)
def test_a_day_a_month_and_a_number_are_found(name: str) -> None:
    assert day_or_number().search(name)


@pytest.mark.parametrize(
    "name", ["monitor.sql", "money", "friend.sql", "almost.sql", "Satan.sql", "summer", "shop"]
)
def test_words_that_only_begin_or_end_like_a_day_are_none(name: str) -> None:
    assert not day_or_number().search(name)
