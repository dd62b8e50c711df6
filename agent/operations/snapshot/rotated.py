"""What was rotated away: into which file, and whether that is still there."""

from collections.abc import Mapping, Set
from functools import cached_property, partial
from posixpath import basename

from msgspec import structs

from agent.core.configuration.exclude import os_bytes, os_text
from agent.core.kinds.rotations import Turn, aged_out, is_turn, still_there, turned_into
from agent.core.model.snapshots import HeldExtent, SnapshotRecord
from agent.core.snapshot.held import TENTH
from agent.operations.ports.sources import Sources


class Rotated:
    """The files of one scan beside the last good snapshot; their content had gone `aside` in the newest."""

    def __init__(
        self,
        now: Mapping[bytes, HeldExtent],
        good: SnapshotRecord | None,
        aside: Mapping[bytes, HeldExtent],
        sources: Sources,
    ) -> None:
        self._now = now
        self._good = good
        self._aside = aside
        self._sources = sources
        self._into: dict[bytes, HeldExtent | None] = {}  # None: it was not rotated

    def is_away(self, place: bytes, was: HeldExtent) -> bool:
        """Whether a new file holds what the file at `place` held."""
        if self._good is None or not (was.is_file and self._now[place].is_file):
            return False
        if place in self._still[0]:  # the snapshot that tells it lies in another repository
            self._into[place] = self._still[0][place]
        if place not in self._into:
            since_ns = int(self._good.started.timestamp() * 1e9)
            turns = self._sources.turns(place, partial(is_turn, basename(os_text(place))))
            found = turned_into(place, was.bytes, turns, since_ns)
            self._into[place] = self._noted(place, found, was.bytes) if found else None
        return self._into[place] is not None

    def noted(self, place: bytes, accepted: bool = False) -> HeldExtent:
        """What the file holds now, with where its content is that was rotated away, now or before."""
        into = self._into.get(place) or self._still[0].get(place)
        if into is None and place in self.lost and not accepted:
            into = self._aside[place]
        now = self._now[place]
        return structs.replace(now, aside=into.aside, aside_bytes=into.aside_bytes) if into else now

    def _noted(self, place: bytes, turn: Turn, bytes_: int) -> HeldExtent:
        return structs.replace(self._now[place], aside=f"/{os_text(turn.place)}", aside_bytes=bytes_)

    @property
    def turned(self) -> Set[bytes]:
        """The files that were rotated away since the last good snapshot."""
        return {place for place, into in self._into.items() if into}

    @property
    def lost(self) -> Mapping[bytes, HeldExtent]:
        """Files of hardly any content, of which what was rotated away is gone: as that was."""
        return self._still[1]

    @cached_property
    def _still(self) -> tuple[dict[bytes, HeldExtent], dict[bytes, HeldExtent]]:
        there: dict[bytes, HeldExtent] = {}
        lost: dict[bytes, HeldExtent] = {}
        for place, was in self._aside.items():
            aside, now = os_bytes(was.aside).strip(b"/"), self._now[place]
            if not now.is_file or now.bytes >= max(TENTH * was.aside_bytes, 1):
                continue
            turns = self._sources.turns(aside, partial(is_turn, basename(os_text(place))))
            if found := still_there(aside, was.aside_bytes, turns):
                there[place] = self._noted(place, found, was.aside_bytes)
            elif not aged_out(turns):
                lost[place] = structs.replace(was, bytes=was.aside_bytes)
        return there, lost
