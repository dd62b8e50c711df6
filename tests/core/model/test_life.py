"""What shows whether the service lives: nothing is taken for a sign that was not given."""

from math import inf

from agent.core.model.life import Life, Signs


def test_where_nothing_is_known_there_is_no_sign_and_no_turn() -> None:
    assert (Life().signs, Life().turns) == (Signs(), ())
    assert (Signs().alive, Signs().wrote, Signs().trouble) == (None, None, "")


def test_a_time_that_nobody_measured_is_longer_than_any() -> None:
    assert (Signs().awake, Signs().up) == (inf, inf)
