"""Two names in the config for one repository: one copy, whatever is said of it by either name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from agent.core.configuration.config import Repository
from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.drills import DrillRecord
from agent.core.model.records import CheckRecord, RepositoryRecord, UpkeepRecord
from agent.core.model.sights import Look, SightRecord
from agent.core.model.snapshots import SnapshotRecord

R = TypeVar("R", SnapshotRecord, DrillRecord, CheckRecord, SightRecord, UpkeepRecord, Look)
D = TypeVar("D", SnapshotRecord, DrillRecord)
Twins = Mapping[str, str]  # the name that comes first in the config, by the other


def twins_of(repositories: Sequence[Repository], noted: Iterable[RepositoryRecord]) -> Twins:
    """Repositories that have the identity of one before them."""
    identities = {record.repository: record.repository_id for record in noted if record.repository_id}
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for repository in repositories:
        identity = identities.get(repository.name)
        if identity in first:
            found[repository.name] = first[identity]
        elif identity:
            first[identity] = repository.name
    return found


def united(evidence: Evidence, twins: Twins) -> Evidence:
    """With everything that is known of the other name as of the first."""
    if not twins:
        return evidence
    return replace(
        evidence,
        copies=tuple(_united(evidence.copies, twins)),
        checks=_renamed(evidence.checks, twins),
        upkeep=_renamed(evidence.upkeep, twins),
        sights=tuple(_accounts(evidence.sights, twins)),
        looks=_renamed(evidence.looks, twins),
    )


def _united(copies: Iterable[Copy], twins: Twins) -> Iterable[Copy]:
    found: dict[tuple[str, str], Copy] = {}
    for copy in copies:
        name = twins.get(copy.repository, copy.repository)
        other = found.get((copy.process, name), Copy(process=copy.process, repository=name))
        found[copy.process, name] = replace(
            other,
            snapshots=_newest_first((*other.snapshots, *_renamed(copy.snapshots, twins))),
            drills=_newest_first((*other.drills, *_renamed(copy.drills, twins))),
        )
    return found.values()


def _newest_first(records: Sequence[D]) -> tuple[D, ...]:
    return tuple(sorted(records, key=lambda record: record.started, reverse=True))


def _accounts(sights: Iterable[SightRecord], twins: Twins) -> Iterable[SightRecord]:
    """One account of what is known by both names."""
    found: dict[str, SightRecord] = {}
    for sight in _renamed(tuple(sights), twins):
        other = found.get(sight.repository, sight)
        troubles = tuple(dict.fromkeys((*other.troubles, *sight.troubles)))
        newest = max(other, sight, key=lambda each: each.started)
        outcome = "failed" if troubles else "passed"
        found[sight.repository] = replace(newest, troubles=troubles, outcome=outcome)
    return found.values()


def _renamed(records: Sequence[R], twins: Twins) -> tuple[R, ...]:
    names = [twins.get(record.repository, record.repository) for record in records]
    return tuple(replace(each, repository=name) for each, name in zip(records, names, strict=True))
