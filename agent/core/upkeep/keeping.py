"""Which snapshots a retention policy keeps: the same as `restic forget --keep-...` would.

A prediction: restic is then told the IDs that we chose. Days, weeks and so on are those of the business's
time zone. Like restic since 0.15 the oldest snapshot is kept as long as a rule has room left for it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Keep
from agent.core.model.repository import StoredSnapshot

# the period that a moment of local time lies in
Period = Callable[[datetime], tuple[int, ...]]
PERIODS: dict[str, Period] = {
    "hourly": lambda local: (local.year, local.month, local.day, local.hour),
    "daily": lambda local: (local.year, local.month, local.day),
    "weekly": lambda local: tuple(local.isocalendar()[:2]),
    "monthly": lambda local: (local.year, local.month),
    "yearly": lambda local: (local.year,),
}


def newest_first(snapshots: Sequence[StoredSnapshot]) -> list[StoredSnapshot]:
    """In the order that all rules go through them."""
    return sorted(snapshots, key=lambda snapshot: (snapshot.time, snapshot.id), reverse=True)


def kept_by_policy(
    snapshots: Sequence[StoredSnapshot], keep: Keep, zone: ZoneInfo
) -> dict[str, tuple[str, ...]]:
    """The IDs that the policy keeps, each with the names of the rules that do."""
    ordered = newest_first(snapshots)
    by_rule = {"last": [snapshot.id for snapshot in ordered[: keep.last]]}
    by_rule["within"] = _within(ordered, keep.within)
    for rule, period in PERIODS.items():
        by_rule[rule] = _newest_of_each(ordered, getattr(keep, rule), period, zone)
    kept: dict[str, tuple[str, ...]] = {}
    for rule, ids in by_rule.items():
        for name in ids:
            kept[name] = (*kept.get(name, ()), rule)
    return kept


def _within(ordered: Sequence[StoredSnapshot], seconds: int) -> list[str]:
    if not ordered or not seconds:
        return []
    since = ordered[0].time - timedelta(seconds=seconds)
    return [snapshot.id for snapshot in ordered if snapshot.time > since]


def _newest_of_each(
    ordered: Sequence[StoredSnapshot], wanted: int, period: Period, zone: ZoneInfo
) -> list[str]:
    """The newest of each of the last `wanted` periods that have one."""
    kept: list[str] = []
    last: tuple[int, ...] = ()
    for snapshot in ordered:
        if len(kept) == wanted:
            break
        mine = period(snapshot.time.astimezone(zone))
        if mine != last or snapshot is ordered[-1]:
            kept.append(snapshot.id)
            last = mine
    return kept
