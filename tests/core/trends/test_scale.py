"""Scales from zero with few and round ticks."""

import pytest

from agent.core.trends.scale import of_counts, of_durations, of_sizes
from support.builders.shop import DAY, GIB, HOUR


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (of_durations(600, 2 * HOUR), ["1 h", "2 h"]),
        (of_durations(600, 24 * HOUR), ["12 h", "24 h"]),
        (of_durations(600, HOUR), ["20 min", "40 min", "60 min"]),
        (of_durations(600, 7 * DAY), ["2 d", "4 d", "6 d"]),
        (of_durations(600, 400 * DAY), ["200 d", "400 d"]),
        (of_sizes(9 * GIB), ["5 GiB"]),
        (of_sizes(95 * GIB), ["50 GiB", "100 GiB"]),
        (of_sizes(3 << 29), ["512 MiB", "1 GiB", "1.5 GiB"]),
        (of_sizes(0), ["1 B"]),
        (of_counts(9), ["5"]),
        (of_counts(0), ["1"]),
        (of_counts(31), ["10", "20", "30"]),
    ],
)
def test_ticks_are_few_and_round(scale, labels: list[str]) -> None:
    assert [tick.label for tick in scale.ticks] == labels
