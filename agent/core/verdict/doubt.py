"""Which reasons put what was measured in doubt, so that nothing may be promised from it.

Whatever is NOT READY or UNKNOWN does, but for the few that are named here: a reason that nobody thought of
must never leave a promise standing. docs/reference/promises.md says the same to people.
"""

from collections.abc import Sequence

from agent.core.evidence.account import DAMAGED
from agent.core.evidence.evidence import Evidence, Standing, taken_at
from agent.core.evidence.rotation import is_damaged
from agent.core.model.records import Verdict
from agent.core.verdict.judgement import Judgement, Reason
from agent.core.verdict.reasons_repository import came_back_since

# measured, and worse than promised: the figures themselves stand
ONLY_LATE = frozenset({"rto-missed", "snapshot-stale", "data-stale"})
# of restores alone: how old the newest good snapshot is, is known all the same
UNPROVEN = frozenset({"never-proven", "proof-expired"})


def restore_doubt(judgement: Judgement, evidence: Evidence) -> Reason | None:
    """Why the measured recovery time may not be promised now; None where it may."""
    return _first(judgement.reasons, judgement.rto.repository, judgement, evidence)


def loss_doubt(judgement: Judgement, evidence: Evidence) -> Reason | None:
    """Why the age of the newest good snapshot may not be called all that would be lost.

    Copies with an equally new snapshot help each other; the copy that recovery was measured with is the one
    that would be restored from, so what is tested and bad there counts as well.
    """
    reasons = [one for one in judgement.reasons if one.code not in UNPROVEN]
    tested = [one for one in reasons if one.verdict == Verdict.NOT_READY]
    found = _first(tested, judgement.rto.repository, judgement, evidence)
    if found:
        return found
    holders = [_first(reasons, one, judgement, evidence) for one in _holders(judgement.standings)]
    return holders[0] if holders and all(holders) else None


def is_proven(judgement: Judgement, standing: Standing, evidence: Evidence) -> bool:
    """This copy was restored in a drill that counts, and nothing is known that speaks against it."""
    found = _first(judgement.reasons, standing.repository, judgement, evidence)
    return bool(standing.current) and found is None and not standing.doubted


def first_without_time(judgements: Sequence[Judgement], evidence: Evidence) -> int:
    """How many processes, in the order of recovery, can be given a time: whatever comes after one that
    cannot begins nobody knows when."""
    for index, one in enumerate(judgements):
        if one.rto.actual_s is None or restore_doubt(one, evidence):
            return index
    return len(judgements)


def _first(
    reasons: Sequence[Reason], repository: str, judgement: Judgement, evidence: Evidence
) -> Reason | None:
    """The first of `reasons` that puts the copy in `repository` in doubt."""
    return next((one for one in reasons if _shakes(one, repository, judgement, evidence)), None)


def _shakes(reason: Reason, repository: str, judgement: Judgement, evidence: Evidence) -> bool:
    """Whether the copy in `repository` may not be relied on while the reason holds."""
    if reason.verdict == Verdict.UNKNOWN:
        return True
    if reason.repository not in ("", repository):
        return False
    if reason.verdict == Verdict.NOT_READY:
        return reason.code not in ONLY_LATE
    return reason.code == "repository-damaged" and not _came_back(repository, judgement, evidence)


def _came_back(repository: str, judgement: Judgement, evidence: Evidence) -> bool:
    """The whole process was restored from there after whatever found damage."""
    checked = [one.started for one in evidence.checks if one.repository == repository and is_damaged(one)]
    met = [
        trouble.since
        for sight in evidence.sights
        for trouble in sight.troubles
        if sight.repository == repository and trouble.code == DAMAGED
    ]
    here = [one for one in judgement.standings if one.repository == repository]
    return all(came_back_since(one, since) for one in here for since in (*checked, *met))


def _holders(standings: Sequence[Standing]) -> list[str]:
    """The repositories that hold the newest good snapshot."""
    newest = max((taken_at(one.good[0]) for one in standings if one.good), default=None)
    return [one.repository for one in standings if one.good and taken_at(one.good[0]) == newest]
