"""How a message of the config speaks of what is wrong in it: short, and safe whatever it is."""

from typing import Any

import pytest

from agent.config.wrong import Wrong, did_you_mean, shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        ("Fri", '"Fri"'),
        ("\x1b[2J", '"\\x1b[2J"'),
        ("x" * 61, '"' + "x" * 57 + '..."'),
        ("x" * 60, '"' + "x" * 60 + '"'),
        (10**15, "a huge number"),
        (-(10**5000), "a huge number"),
        ([1, 2], "a list"),
        ({"a": 1}, "a table"),
    ],
    ids=["yes", "number", "fraction", "text", "control", "long", "fitting", "huge", "below", "list", "table"],
)
def test_a_value_is_named_in_few_safe_words(value: Any, words: str) -> None:
    assert shown(value) == words


def test_the_nearest_known_name_is_asked_for() -> None:
    assert did_you_mean("rtoo", ["rpo", "rto", "paths"]) == 'Did you mean "rto"?'


def test_nothing_is_asked_where_no_known_name_is_near() -> None:
    assert did_you_mean("colour", ["rpo", "rto", "paths"]) == ""


def test_what_is_wrong_carries_its_hint() -> None:
    wrong = Wrong("is empty", "Write a name.")

    assert (str(wrong), wrong.message, wrong.hint) == ("is empty", "is empty", "Write a name.")
