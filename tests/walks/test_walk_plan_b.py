"""Walks of a business after a good day with a proven plan B."""

import pytest

from support.walking.walk import walks


@pytest.mark.parametrize("number", range(3))
def test_every_answer_on_the_way_is_true(number: int) -> None:
    walks("plan b", number)
