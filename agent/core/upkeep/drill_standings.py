"""Which snapshots records call good, bad and proven, for whoever must decide what may be removed."""

from collections.abc import Iterable

from agent.core.evidence.evidence import is_full, is_whole
from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.upkeep.obstacles import says_something_of_the_data
from agent.core.upkeep.retention import Standings


def standings_of(snapshots: Iterable[SnapshotRecord], drills: Iterable[DrillRecord]) -> Standings:
    """`drills` that passed or failed, oldest first; the newest of each snapshot counts."""
    newest = {drill.snapshot: drill for drill in drills if drill.snapshot}
    passed = {name: drill for name, drill in newest.items() if drill.outcome == "passed"}
    refuted = {
        name
        for name, drill in newest.items()
        if drill.outcome == "failed" and says_something_of_the_data(drill)
    }
    refuted |= {refused.snapshot for drill in newest.values() for refused in drill.refused} - set(passed)
    taken = {record.snapshot: record for record in snapshots if record.snapshot}
    bad = {name for name, record in taken.items() if not is_whole(record)} | refuted
    return Standings(
        good=frozenset(set(taken) - bad),
        bad=frozenset(bad),
        proven=frozenset(name for name, drill in passed.items() if is_full(drill)),
        sampled=frozenset(passed),
        copied_from={name: record.copy_of for name, record in taken.items() if record.copy_of},
    )
