"""Which snapshots of one process may be removed from one repository, and what must never be.

Pure: the listing, the policy and what the ledger says of the snapshots go in; what goes and why the
others stay comes out. Nothing is removed on the strength of a snapshot that is not good or of a clock.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess, Keep
from agent.core.evidence.evidence import is_future, is_within
from agent.core.model.findings import Finding
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.keeping import kept_by_policy, newest_first
from agent.core.upkeep.obstacles import in_future, too_much


class Standings(Struct, frozen=True, kw_only=True):
    """What the ledger says of snapshots, by full ID; of all repositories."""

    good: frozenset[str] = frozenset()  # passed when they were taken, and no drill said otherwise
    bad: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()  # passed their newest drill, whole
    sampled: frozenset[str] = frozenset()  # passed their newest drill, in part
    copied_from: Mapping[str, str] = {}

    def same_content(self, ids: frozenset[str]) -> frozenset[str]:
        """These, what they are copies of, and all other copies of that."""
        origins = {self.copied_from.get(name, name) for name in ids}
        copies = {copy for copy, origin in self.copied_from.items() if origin in origins}
        return frozenset(ids | origins | copies)


class Choice(Struct, frozen=True, kw_only=True):
    """What goes, newest first; why each of the others stays; and what forbids removing anything."""

    remove: tuple[StoredSnapshot, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = {}
    obstacles: tuple[Finding, ...] = ()


def choose(
    process: CriticalProcess,
    repository: str,
    listed: Sequence[StoredSnapshot],
    standings: Standings,
    zone: ZoneInfo,
    now: datetime,
) -> Choice:
    """Decide for the snapshots of one process by one host; a process without `keep` loses none."""
    keep = process.keep
    ahead = [snapshot for snapshot in newest_first(listed) if is_future(snapshot.time, now)]
    if keep is None:
        return Choice(kept={snapshot.id: ("no policy",) for snapshot in listed})
    if ahead:
        return Choice(obstacles=(in_future(process.name, repository, ahead, now),))
    kept = _kept(process, listed, keep, standings, zone)
    remove = tuple(snapshot for snapshot in newest_first(listed) if snapshot.id not in kept)
    if len(remove) * 100 > keep.at_most * len(listed):
        return Choice(kept=kept, obstacles=(too_much(process.name, repository, remove, listed, keep),))
    return Choice(remove=remove, kept=kept)


def _kept(
    process: CriticalProcess,
    listed: Sequence[StoredSnapshot],
    keep: Keep,
    standings: Standings,
    zone: ZoneInfo,
) -> dict[str, tuple[str, ...]]:
    """What the policy keeps, and what is kept whatever it says; IDs with the reasons.

    Snapshots that are not good take no good one's place: the policy is asked with and without them.
    """
    sound = [snapshot for snapshot in newest_first(listed) if snapshot.id not in standings.bad]
    kept = kept_by_policy(sound, keep, zone)
    for name, rules in kept_by_policy(listed, keep, zone).items():
        kept.setdefault(name, rules)
    for reason, is_meant in _never_removed(standings).items():
        found = next((snapshot for snapshot in newest_first(listed) if is_meant(snapshot)), None)
        if found:
            kept[found.id] = (*kept.get(found.id, ()), reason)
    for path, name in _last_with_paths(process, sound).items():
        kept[name] = (*kept.get(name, ()), f"newest with {path}")
    return kept


def _never_removed(standings: Standings) -> dict[str, Callable[[StoredSnapshot], bool]]:
    """The newest snapshot of each of these kinds always stays. `restic tag` gives it another ID."""
    proven_anywhere = standings.same_content(standings.proven)
    sampled_anywhere = standings.same_content(standings.sampled)
    return {
        "newest": lambda one: True,
        "newest good": lambda one: one.id in standings.good,
        "newest proven": lambda one: one.id in standings.proven,
        "newest proven elsewhere": lambda one: one.id in proven_anywhere,
        "newest proven under another ID": lambda one: one.original in proven_anywhere,
        "newest sampled": lambda one: one.id in sampled_anywhere,
    }


def _last_with_paths(process: CriticalProcess, sound: Sequence[StoredSnapshot]) -> dict[str, str]:
    """Of each path that the process has no more, the newest snapshot: perhaps all that is left of it."""
    found: dict[str, str] = {}
    for snapshot in sound:
        for path in snapshot.paths:
            if not is_within(path, process.paths):
                found.setdefault(path, snapshot.id)
    return found
