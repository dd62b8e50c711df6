"""Lines of keys in TOML text, however it is written."""

import pytest
import tomli

from agent.config.lines import line_numbers, line_of, written_key
from agent.core.configuration.problem import At

TEXT = '''# a comment with [a.table] and key = 1
top = 1

[process.orders] # trailing
rto = "24h"
paths = [ # inside
  "/srv/a",

  "/srv/b", # ]
]
about = """
[not.a.table]
key = 1 \\""" still ""
"""
raw = \'\'\'
x = "
\'\'\'
dotted . key = 1
inline = { a = 1, "b c" = [1, { d = 2 }] }
"quoted.key" = 2026-01-01 08:00:00
[[process.orders.proof]]
name = "one"
[[process.orders.proof]]
name = "two"
[process.orders.proof.newest_row]
sqlite = "x"
["process".'shop']
escaped = "a \\" b"
last = 1'''

PLACES: list[tuple[At, int]] = [
    (("top",), 2),
    (("process", "orders"), 4),
    (("process", "orders", "rto"), 5),
    (("process", "orders", "paths"), 6),
    (("process", "orders", "paths", 0), 7),
    (("process", "orders", "paths", 1), 9),
    (("process", "orders", "about"), 11),
    (("process", "orders", "raw"), 15),
    (("process", "orders", "dotted", "key"), 18),
    (("process", "orders", "inline", "b c", 1, "d"), 19),
    (("process", "orders", "quoted.key"), 20),
    (("process", "orders", "proof", 0, "name"), 22),
    (("process", "orders", "proof", 1, "name"), 24),
    (("process", "orders", "proof", 1, "newest_row"), 25),
    (("process", "orders", "proof", 1, "newest_row", "sqlite"), 26),
    (("process", "shop"), 27),
    (("process", "shop", "last"), 29),
]


def test_the_text_is_valid_toml() -> None:
    tomli.loads(TEXT)


@pytest.mark.parametrize(("at", "line"), PLACES, ids=[written_key(at) for at, _ in PLACES])
def test_a_key_is_found_on_its_line(at: At, line: int) -> None:
    assert line_of(line_numbers(TEXT), at) == line


def test_a_missing_key_has_the_line_of_its_table() -> None:
    assert line_of(line_numbers(TEXT), ("process", "shop", "paths", 3)) == 27


def test_a_missing_table_has_no_line() -> None:
    assert line_of(line_numbers(TEXT), ("business", "name")) == 0


@pytest.mark.parametrize(
    "text", ["[", "a", "a = ", '"', "[[", "a = [", "a = {", "= 1", "[]\n", "\0", "a = '"]
)
def test_text_that_is_no_toml_is_survived(text: str) -> None:
    assert isinstance(line_numbers(text), dict)


def test_a_key_that_is_not_bare_is_written_in_quotes() -> None:
    assert written_key(("process", "a b", "proof", 2, "x")) == 'process."a b".proof[2].x'
