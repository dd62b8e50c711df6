"""Where a problem of a config is, as editors and terminals make a link of it."""

from typing import Any

from msgspec.structs import replace

from agent.core.configuration.problem import Noted, Problem, place, sentence

PROBLEM = Problem(
    file="/etc/r.toml", line=7, key="process.orders.rto", message="is missing", hint="Write it."
)


def placed(**changes: Any) -> str:
    return place(replace(PROBLEM, **changes))


def test_a_place_is_file_line_and_key() -> None:
    assert placed() == "/etc/r.toml:7 process.orders.rto"


def test_what_concerns_the_file_as_a_whole_has_no_line() -> None:
    assert placed(line=0, key="") == "/etc/r.toml"
    assert placed(line=0) == "/etc/r.toml process.orders.rto"


def test_a_line_without_a_key_to_blame_is_named_alone() -> None:
    assert placed(key="") == "/etc/r.toml:7"


def test_place_and_message_make_one_sentence() -> None:
    assert sentence(PROBLEM) == "/etc/r.toml:7 process.orders.rto: is missing"


def test_what_is_wrong_refuses_the_config_unless_it_is_called_a_warning() -> None:
    assert PROBLEM.severity == "error"
    assert not Noted(("agent",), "is odd").warning
