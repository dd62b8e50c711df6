"""Lengths of time as the config writes them: what is one, and what is none."""

import pytest

from agent.core.text.durations import parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("24h", 86400),
        ("2d", 172800),
        ("1w", 604800),
        ("1h30m", 5400),
        ("1d12h", 129600),
    ],
)
def test_a_duration_is_whole_seconds(written: str, seconds: int) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", " ", "24", "h", "1y", "24 h", "1.5h", "-1h", "+1h", "24H", "1h1h", "30m1h", "0s", "0d0h", "٣h",
     "1h\n", "9999999999s", "3661d", "1h 30m", "24hours"],
)  # fmt: skip
def test_a_duration_that_is_anything_else_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(written)
