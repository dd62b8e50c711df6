"""Walks of a business fresh, nothing taken yet."""

import pytest

from support.walking.walk import walks


@pytest.mark.parametrize("number", range(2))
def test_every_answer_on_the_way_is_true(number: int) -> None:
    walks("new", number)
