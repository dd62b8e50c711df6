"""Our choice of what a policy keeps is restic's, on random snapshots with real clock changes."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.core.upkeep.keeping import kept_by_policy
from support.builders.restic_policies import ZONE, Sets, policies

SEED = 20261122
SETS, POLICIES = 12, 40
_made: dict[str, Sets] = {}


@pytest.fixture
def sets(newest_restic: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sets]:
    """Made once; every version reads it."""
    if not _made:
        _made["sets"] = Sets(tmp_path_factory.mktemp("sets"), newest_restic, SEED).fill(60, SETS)
    return _made["sets"]


def test_restic_would_remove_the_same(sets: Sets, restic: Path) -> None:
    """restic 0.14 removes the oldest snapshot although a rule has room for it; we keep it everywhere."""
    listings = {tag: sets.snapshots(tag) for tag in ("all", *(f"set{index}" for index in range(SETS)))}
    wrong = []
    for number, keep in enumerate(policies(SEED, POLICIES)):
        tag = list(listings)[number % len(listings)]
        ours = {s.id for s in listings[tag]} - set(kept_by_policy(listings[tag], keep, ZoneInfo(ZONE)))
        theirs = sets.removed_by_restic(tag, keep, restic)
        oldest = {min(listings[tag], key=lambda snapshot: snapshot.time).id}
        if ours != theirs and not ("0.14" in str(restic) and ours == theirs - oldest):
            wrong.append((tag, keep))
    assert wrong == []
