"""Whether data that keeps growing will make a recovery longer than promised."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations
from math import log, sqrt

from agent.core.evidence.evidence import Standing, taken_at
from agent.core.forecast.recovery_time import RecoveryTime

HORIZON = 30.0  # days that are looked ahead
FEW_SIZES = 3
SHORTEST = 1.0  # days that a trend must have been seen for
REACH = 10.0  # a trend is carried on for at most so many times as long as it was seen
DAY = 86400.0

Sizes = list[tuple[float, int]]  # (day, size), in any order


def days_until_too_long(recovery: RecoveryTime, standings: Iterable[Standing]) -> float | None:
    """In how many days growth makes the recovery longer than its objective; None: not within 30.

    The trend is log-linear over the newest snapshots (or drills, where those reach further back), in bytes
    or files, whichever grows faster.
    """
    if recovery.machine_s is None or not recovery.met or recovery.steps_s >= recovery.objective_s:
        return None
    times_longer = (recovery.objective_s - recovery.steps_s) / max(recovery.machine_s, 1)
    found = [_days_until(times_longer, sizes) for one in standings for sizes in _histories(one)]
    return min((days for days in found if days is not None), default=None)


def _days_until(times: float, sizes: Sizes) -> float | None:
    """In how many days the sizes have grown to `times` what they are; None: not as far as can be seen."""
    rate = growth_rate(sizes)
    if rate is None or rate <= 0:
        return None
    days = log(times) / rate
    return days if days <= min(HORIZON, REACH * _span(sizes)) else None


def growth_rate(sizes: Sizes) -> float | None:
    """The growth in e-folds a day that is beyond doubt; None with fewer than three sizes or less than a day.

    The lesser of two robust readings of the log-linear trend: two standard errors below the fitted slope,
    which noise fails, and the median slope between any two sizes, which a single big import fails.
    """
    points = [(day, log(size)) for day, size in sorted(sizes) if size > 0]
    count = len(points)
    if count < FEW_SIZES or _span(sizes) < SHORTEST:
        return None
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    if spread == 0:
        return None
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    misfit = sum((y - middle_y - slope * (x - middle_x)) ** 2 for x, y in points)
    return min(slope - 2 * sqrt(misfit / (count - 2) / spread), _median_slope(points))


def _median_slope(points: list[tuple[float, float]]) -> float:
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1)
    return slopes[(len(slopes) - 1) // 2]


def _span(sizes: Sizes) -> float:
    days = [day for day, _ in sizes]
    return max(days) - min(days) if days else 0.0


def _histories(standing: Standing) -> Sequence[Sizes]:
    """The history of bytes and that of files."""
    snapshots = {taken_at(s): (s.bytes, s.files) for s in standing.good}
    drills = {d.snapshot_at or d.started: (d.total_bytes, d.total_files) for d in standing.proofs}
    return [max(_history(snapshots, n), _history(drills, n), key=_span) for n in (0, 1)]


def _history(sizes: dict[datetime, tuple[int, int]], which: int) -> Sizes:
    return [(moment.timestamp() / DAY, both[which]) for moment, both in sizes.items()]
