"""The timetable of a recovery: when is each process back, one after another, and does that fit?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import CriticalProcess
from agent.core.forecast.recovery_time import RecoveryTime
from agent.core.schedule.window import Window


class Return(Struct, frozen=True, kw_only=True):
    """When one process is back. Times are in the business's zone, None when something before is unknown.

    `due` is the moment its recovery time objective ends, counted from the start of the window.
    """

    process: str
    due: datetime
    starts: datetime | None = None
    back: datetime | None = None
    machine_s: int | None = None
    steps_s: int = 0
    in_time: bool | None = None  # by its own objective
    before_opening: bool | None = None


class Timetable(Struct, frozen=True, kw_only=True):
    """The order of a recovery that starts when the business closes, by one pair of hands.

    `fits` says whether everything is back before opening: False when something is not, else None when
    something is not known. `probability` waits for the simulated forecast.
    """

    window: Window
    returns: tuple[Return, ...]
    all_back: datetime | None
    fits: bool | None
    probability: float | None = None


def timetable(
    processes: Sequence[CriticalProcess], recoveries: Mapping[str, RecoveryTime], window: Window
) -> Timetable:
    """The failure happens at closing time; each process takes its machine time plus its declared steps."""
    returns: list[Return] = []
    free: datetime | None = window.closes.astimezone(UTC)
    for process in in_recovery_order(processes):
        line = _return(process, recoveries[process.name], window, free)
        free = line.back.astimezone(UTC) if line.back else None
        returns.append(line)
    verdicts = {line.before_opening for line in returns}
    fits = False if False in verdicts else None if None in verdicts else True
    return Timetable(
        window=window,
        returns=tuple(returns),
        all_back=returns[-1].back if returns else None,
        fits=fits,
    )


def in_recovery_order(processes: Sequence[CriticalProcess]) -> list[CriticalProcess]:
    """What others depend on comes first; then by tier, value per hour and name.

    Dependencies on processes that are not there are ignored; a circle (the config refuses it) comes last.
    """
    by_name = {process.name: process for process in processes}
    waits_for = {p.name: {need for need in p.depends_on if need in by_name} for p in processes}
    ready = [_priority(p) for p in processes if not waits_for[p.name]]
    heapify(ready)
    order: list[CriticalProcess] = []
    while ready:
        name = heappop(ready)[-1]
        order.append(by_name[name])
        for waiting, needs in waits_for.items():
            if name in needs:
                needs.remove(name)
                if not needs:
                    heappush(ready, _priority(by_name[waiting]))
    circle = [p for p in processes if waits_for[p.name]]
    return order + sorted(circle, key=_priority)


def _priority(process: CriticalProcess) -> tuple[int, float, str]:
    return process.tier, -process.value_per_hour, process.name


def _return(
    process: CriticalProcess, recovery: RecoveryTime, window: Window, free: datetime | None
) -> Return:
    """`free` is when the work before is done, in UTC; None when that is not known."""
    zone = window.closes.tzinfo
    due = window.closes.astimezone(UTC) + timedelta(seconds=process.rto)
    line = Return(
        process=process.name,
        due=due.astimezone(zone),
        starts=free.astimezone(zone) if free else None,
        machine_s=recovery.machine_s,
        steps_s=recovery.steps_s,
    )
    if free is None or recovery.actual_s is None:
        return line
    back = free + timedelta(seconds=recovery.actual_s)
    return replace(
        line,
        back=back.astimezone(zone),
        in_time=back <= due,
        before_opening=back <= window.opens.astimezone(UTC),
    )
