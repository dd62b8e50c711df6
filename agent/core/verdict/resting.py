"""On which snapshots an answer rests, for whoever looks whether they are still there."""

from collections.abc import Iterator
from datetime import datetime

from agent.core.configuration.config import Config
from agent.core.evidence.account import CHANGED, VANISHED
from agent.core.evidence.evidence import Evidence, standings, taken_at
from agent.core.model.sights import Kept
from agent.core.verdict.reasons_repository import known_troubles, moved

FULL = 64  # characters of an ID


def rests_on(config: Config, evidence: Evidence, now: datetime) -> Iterator[Kept]:
    """The newest of each process in each repository, where it is good and nobody knows yet that it is gone.

    Of older ones nobody can say at once: retention may have removed them.
    """
    elsewhere = moved(config, evidence)
    troubles = known_troubles(evidence, now)
    known: dict[str, set[str]] = {}
    for copy in evidence.copies:
        known.setdefault(copy.repository, set()).update(record.snapshot for record in copy.snapshots)
    for process in config.processes:
        accepted = [r.started for c in evidence.of(process.name) for r in c.snapshots if r.accepted]
        for one in standings(process, evidence.of(process.name), now):
            said = any(each.code in (CHANGED, VANISHED) for each in troubles.get(one.repository, ()))
            taken = [record for record in one.copy.snapshots if len(record.snapshot) == FULL]
            newest = max(taken, key=taken_at, default=None)
            if not newest or newest not in one.good or said or one.repository in elsewhere:
                continue
            if newest.started >= max(accepted, default=newest.started):  # else a person may have let it go
                yield Kept(
                    process=process.name,
                    repository=one.repository,
                    snapshot=newest.snapshot,
                    since=newest.started,
                    known=frozenset(known[one.repository]),
                )
