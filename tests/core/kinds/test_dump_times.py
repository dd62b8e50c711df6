"""A dump that is dated ahead hides none that came after it."""

import pytest

from agent.core.kinds.dump_times import ahead_last
from agent.core.kinds.kinds import Dump

DAY = 86400 * 10**9
NOW = 20_000 * DAY


@pytest.mark.parametrize("ahead", [300, 1.5])
def test_one_that_is_dated_ahead_is_the_oldest_of_its_generations(ahead: float) -> None:
    shop = [
        Dump(b"srv/shop-2026-11-29.sql", 9, NOW - DAY),
        Dump(b"srv/shop-2026-11-30.sql", 9, int(NOW + ahead * DAY)),
        Dump(b"srv/shop-2026-12-01.sql", 9, NOW),
    ]
    times = [dump.mtime_ns for dump in ahead_last(shop, {b"srv": NOW})]
    assert times == [NOW - DAY, 0, NOW]


def test_one_that_has_no_other_generation_keeps_its_time() -> None:
    only = [Dump(b"srv/shop.sql", 9, NOW + 9 * DAY), Dump(b"srv/crm.sql", 9, NOW)]
    assert ahead_last(only, {b"srv": NOW}) == only
    assert ahead_last(only[:1], {b"srv": 0}) == only[:1]
    assert ahead_last(only[:1], {}) == only[:1], "it is a path of the process by itself"
