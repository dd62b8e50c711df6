"""How long a process takes to come back: measured where a full drill exists, otherwise extrapolated."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Literal

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.drill.sampling import weight
from agent.core.evidence.evidence import Standing, is_full
from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord

Basis = Literal["measured", "extrapolated", "none"]

OUTGROWN = 1.1  # a full drill of data that has grown beyond this no longer counts as measured


class RecoveryTime(Struct, frozen=True, kw_only=True):
    """Objective and actual in seconds; `machine_s` from drills, `steps_s` as declared for people.

    `actual_s` is their sum, None when no drill has passed. `scale` is what the drilled time was multiplied
    with, `drills` how many drills it rests on.
    """

    objective_s: int
    actual_s: int | None = None
    met: bool | None = None
    basis: Basis = "none"
    machine_s: int | None = None
    steps_s: int = 0
    repository: str = ""
    measured_at: datetime | None = None
    scale: float = 1.0
    drills: int = 0


def recovery_time(process: CriticalProcess, standings: Sequence[Standing]) -> RecoveryTime:
    """The recovery time from the first repository with the best evidence.

    A full drill counts as it was measured. When the data has outgrown it, or when only samples were
    drilled, the seconds of restoring and verifying are multiplied with how many times more the newest good
    snapshot weighs, in bytes and entries as samples are cut; proofs and start-up are not.
    """
    steps = 60 * sum(step.minutes for step in process.steps)
    unknown = RecoveryTime(objective_s=process.rto, steps_s=steps)
    drilled = _drilled(standings)
    if drilled is None:
        return unknown
    standing, drills = drilled
    scale = _scale(drills, standing.good[0] if standing.good else None)
    if scale is None:
        return unknown
    is_measured = is_full(drills[0]) and scale <= OUTGROWN
    machine = ceil(_machine_seconds(drills, 1.0 if is_measured else scale))
    return RecoveryTime(
        objective_s=process.rto,
        actual_s=machine + steps,
        met=machine + steps <= process.rto,
        basis="measured" if is_measured else "extrapolated",
        machine_s=machine,
        steps_s=steps,
        repository=standing.repository,
        measured_at=drills[0].started,
        scale=1.0 if is_measured else scale,
        drills=len(drills),
    )


def of_one_drill(drill: DrillRecord) -> tuple[int, Basis]:
    """The machine's seconds that one passed drill stands for, as the verdict counted them then."""
    scale = 1.0 if is_full(drill) else _scale((drill,), None)
    if scale is None:
        return 0, "none"
    return ceil(_machine_seconds((drill,), scale)), "measured" if is_full(drill) else "extrapolated"


def _drilled(standings: Sequence[Standing]) -> tuple[Standing, tuple[DrillRecord, ...]] | None:
    """The drills to go by: current ones rather than old ones, then a full one rather than samples."""
    choices: list[tuple[Standing, tuple[DrillRecord, ...]]] = []
    choices += [(one, _newest_full(one.current)) for one in standings]
    choices += [(one, one.current) for one in standings]
    choices += [(one, _newest_full(one.proofs)) for one in standings]
    choices += [(one, one.proofs[:1]) for one in standings]
    return next((choice for choice in choices if choice[1]), None)


def _newest_full(drills: Sequence[DrillRecord]) -> tuple[DrillRecord, ...]:
    return next(((drill,) for drill in drills if is_full(drill)), ())


def _scale(drills: Sequence[DrillRecord], snapshot: SnapshotRecord | None) -> float | None:
    """How many times more than was drilled there is to restore; None when that cannot be known."""
    drilled = sum(map(_drilled_weight, drills))
    if drilled <= 0:
        return 1.0 if is_full(drills[0]) else None
    newest = drills[0]
    files, size = newest.total_files, newest.total_bytes
    if snapshot:
        files, size = snapshot.files, snapshot.bytes
    return weight(size, files + max(0, newest.total_entries - newest.total_files)) / drilled


def _drilled_weight(drill: DrillRecord) -> float:
    """Of what came back; old records do not say of how many entries there were, only which share of them."""
    entries = drill.total_entries or drill.total_files
    if is_full(drill):
        return weight(drill.total_bytes, entries)
    return weight(drill.bytes, drill.files.expected if drill.total_entries else drill.share * entries)


def _machine_seconds(drills: Sequence[DrillRecord], scale: float) -> float:
    """What was drilled, scaled to the whole, and once what does not grow with it."""
    moving = [drill.seconds.restore + drill.seconds.verify for drill in drills]
    fixed = [max(drill.seconds.total - moved, 0.0) for drill, moved in zip(drills, moving, strict=True)]
    return sum(moving) * scale + max(fixed)
