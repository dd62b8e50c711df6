"""Failures of drills that refute no data: a stale snapshot, or a repository robbed, swapped or gone."""

from collections.abc import Iterable
from datetime import datetime

from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord

STALE, ROBBED = {"snapshot-stale"}, {"snapshots-vanished"}
OF_THE_REPOSITORY = ROBBED | {"repository-changed", "repository-missing"}


def errors_of(drill: DrillRecord) -> set[str]:
    """The codes of all that is wrong."""
    return {found.code for found in drill.findings if found.severity == "error"}


def is_only_stale(failure: DrillRecord) -> bool:
    """The drill found nothing wrong but the age of the newest snapshot in the repository."""
    return errors_of(failure) == STALE


def is_of_the_repository(failure: DrillRecord) -> bool:
    """It found nothing wrong with what it restored, or restored nothing."""
    wrong = errors_of(failure)
    return bool(wrong) and wrong <= OF_THE_REPOSITORY


def spares_the_data(failure: DrillRecord) -> bool:
    """What was restored came back as it was, and no proof refuted it."""
    wrong = errors_of(failure)
    return bool(wrong) and wrong <= OF_THE_REPOSITORY | STALE


def is_over(
    failure: DrillRecord,
    newest: datetime | None,
    here: Iterable[SnapshotRecord],
    everywhere: Iterable[SnapshotRecord],
) -> bool:
    """Other records show that all it found wrong is wrong no more.

    A snapshot taken since (`newest`) makes the newest one young again, whatever a drill said of its age. A
    loss is over when a person accepted it, which forgives it `everywhere`, or when a snapshot that was taken
    `here` since missed nothing; a copy that arrived tells nothing of that.
    """
    wrong = errors_of(failure)
    left = set(wrong)
    if newest and newest > failure.started:
        left -= STALE
    accepted = [record for record in everywhere if record.accepted]
    own = [record for record in here if not record.copy_of]
    if any(one.outcome == "passed" and one.started > failure.started for one in (*accepted, *own)):
        left -= ROBBED
    return bool(wrong) and not left
