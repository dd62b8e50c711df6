"""What was rotated away: into which file, and whether that is still there."""

from collections.abc import Mapping, Set
from functools import cached_property, partial
from posixpath import basename

from agent.core.configuration.exclude import os_bytes, os_text
from agent.core.kinds.rotations import aged_out, is_turn, still_there, turned_into
from agent.core.model.snapshots import HeldExtent, SnapshotRecord
from agent.core.snapshot.held import TENTH
from agent.operations.ports.sources import Sources


class Rotated:
    """The files of one scan beside the last good snapshot, by which their content had gone `aside`."""

    def __init__(
        self,
        now: Mapping[bytes, HeldExtent],
        good: SnapshotRecord | None,
        aside: Mapping[bytes, str],
        sources: Sources,
    ) -> None:
        self._now = now
        self._good = good
        self._aside = aside
        self._sources = sources
        self._into: dict[bytes, str] = {}  # empty: it was not rotated

    def is_away(self, place: bytes, was: HeldExtent) -> bool:
        """Whether a new file holds what the file at `place` held."""
        if self._good is None or not (was.is_file and self._now[place].is_file):
            return False
        if place not in self._into:
            since_ns = int(self._good.started.timestamp() * 1e9)
            turns = self._sources.turns(place, partial(is_turn, basename(os_text(place))))
            found = turned_into(place, was.bytes, turns, since_ns)
            self._into[place] = f"/{os_text(found.place)}" if found else ""
        return bool(self._into[place])

    @property
    def turned(self) -> Set[bytes]:
        """The files that were rotated away since the last good snapshot."""
        return {place for place, path in self._into.items() if path}

    @property
    def into(self) -> Mapping[bytes, str]:
        """Where the content of each file is that was rotated away, now or before."""
        return self._still[0] | {place: path for place, path in self._into.items() if path}

    @property
    def lost(self) -> Mapping[bytes, HeldExtent]:
        """Files of hardly any content, of which what was rotated away is gone: as that was."""
        return self._still[1]

    @cached_property
    def _still(self) -> tuple[dict[bytes, str], dict[bytes, HeldExtent]]:
        there: dict[bytes, str] = {}
        lost: dict[bytes, HeldExtent] = {}
        for place, path in self._aside.items():
            aside, now = os_bytes(path).strip(b"/"), self._now[place]
            turns = self._sources.turns(aside, partial(is_turn, basename(os_text(place))))
            if not now.is_file or now.bytes >= max(TENTH * turns.size, 1):
                continue
            if found := still_there(aside, turns):
                there[place] = f"/{os_text(found.place)}"
            elif not aged_out(turns):
                lost[place] = HeldExtent(now.path, 1, turns.size, is_file=True, aside=path)
        return there, lost
