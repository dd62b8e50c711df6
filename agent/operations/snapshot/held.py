"""What a scan found, held against what was there before: emptied, hidden, left out, hardly left."""

import time
from collections.abc import Sequence, Set
from functools import cached_property

from msgspec import structs

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes, os_text
from agent.core.configuration.vital import declared_databases
from agent.core.model.findings import Finding
from agent.core.model.snapshots import HeldExtent, SnapshotRecord, TableCounts
from agent.core.snapshot.data_age import gone_findings
from agent.core.snapshot.dumps import no_more_known
from agent.core.snapshot.extent import Scan, VitalPlace, why_refuse
from agent.core.snapshot.held import (
    Shrunk,
    emptied,
    emptied_findings,
    hardly_left,
    has_its_rows,
    held_now,
    lost_dumps,
    may_be_blank,
    places_to_ask_for,
    shrunk_findings,
    was_aside,
    without_blank,
)
from agent.core.snapshot.shrinkage import hidden_by_mounts, new_mounts, other_systems, strangers, unmounted
from agent.core.snapshot.vital import is_thin, left_out_findings
from agent.operations.ports.sources import Sources
from agent.operations.snapshot.acceptance import Acceptance
from agent.operations.snapshot.earlier import Earlier
from agent.operations.snapshot.rotated import Rotated

YOUNG_NS = 10_000_000_000  # a file that was emptied just now may be about to be written


def with_lost_dumps(
    process: CriticalProcess,
    scan: Scan,
    good: SnapshotRecord | None,
    earlier: Sequence[SnapshotRecord],
    sources: Sources,
    accepting: Acceptance,
) -> Scan:
    """The scan, with files that were dumps, or should be, and are none: as dumps that are cut."""
    if good is None:
        return scan
    as_met = {dump.path: dump for dump in scan.dumps}
    lost = lost_dumps(process, scan, good, sources.beside)
    judged = no_more_known((*scan.dumps, *lost), earlier)
    meant = {dump.path for dump in judged if accepting.covers("dump-cut", f"/{os_text(dump.path)}")}
    dumps = (as_met.get(dump.path) if dump.path in meant else dump for dump in judged)
    return structs.replace(scan, dumps=tuple(dump for dump in dumps if dump))


class Held:
    """One scan beside what the last good snapshot and `earlier` ones held."""

    def __init__(
        self,
        process: CriticalProcess,
        scan: Scan,
        good: SnapshotRecord | None,
        earlier: Earlier,
        sources: Sources,
    ) -> None:
        self._process = process
        asked = may_be_blank(scan, good)
        self._scan = scan = without_blank(scan, sources.blank(asked) if asked else ())
        self._good = good
        self._earlier = earlier.of_weeks
        self._sources = sources
        self._now = held_now(scan)
        newest = earlier.newest() if good else None  # its witness is what the sources keep
        aside = was_aside(scan, newest, [*earlier.of_weeks, newest]) if newest else {}
        self._rotated = Rotated(self._now, good, aside, sources)
        self._packed: set[bytes] = set()  # databases that have their rows

    def refusals(self) -> list[Finding]:
        """Why a snapshot of this would lie."""
        process, scan, good = self._process, self._scan, self._good
        found = why_refuse(process, scan, good, self._earlier)
        found += unmounted(process, scan, good)
        mounts = new_mounts(scan, good)
        places = [os_bytes(mount.path).strip(b"/") for mount in mounts]
        before = self._sources.held_before(places) if places else {}
        found += hidden_by_mounts(process, scan, mounts, before)
        others = other_systems(process, scan, good)
        names = self._sources.still_named(others) if others else {}
        found += strangers(process, scan, names, {each.path for each in found})
        left_out = left_out_findings(process, scan, good)
        found += [each for each in left_out if each.severity == "error"]
        return found + emptied_findings(process, scan, self._emptied, {each.path for each in found})

    def young(self) -> tuple[VitalPlace, ...]:
        """The vital files that were emptied just now: whoever did may be about to write them."""
        since = time.time_ns() - YOUNG_NS
        empty = [one for one in self._scan.vital if one.is_file and one.place in self._emptied]
        return tuple(one for one in empty if self._is_younger(one.place, since))

    def findings(self, tables: Sequence[TableCounts], moved: Set[str]) -> list[Finding]:
        """What holds hardly anything of what it held, is hardly in the snapshot, or is a dump and gone."""
        found = left_out_findings(self._process, self._scan, self._good)
        shrunk = [each for each in self._hardly_left(tables) if f"/{os_text(each.place)}" not in moved]
        found += gone_findings(self._process, self._scan, self._good)
        return found + shrunk_findings(self._process, shrunk)

    def noted(self, tables: Sequence[TableCounts], accepted: bool) -> tuple[HeldExtent, ...]:
        """What the record keeps."""
        self._hardly_left(tables)
        anew = self._packed | self._rotated.turned
        before = {each.path for each in self._good.held if each.thin} if self._good else set()
        thin = {
            one.place
            for one in self._scan.vital
            if (accepted or one.path in before) and is_thin(one, self._now[one.place].bytes)
        }
        return tuple(
            structs.replace(self._rotated.noted(place, accepted), anew=place in anew, thin=place in thin)
            for place in self._now
        )

    @cached_property
    def _emptied(self) -> dict[bytes, HeldExtent]:
        asked = places_to_ask_for(self._scan, self._good)
        known = self._sources.held_before(asked) if asked else {}
        found = emptied(self._scan, self._good, self._earlier, known)
        databases = declared_databases(self._process)  # what is wrong with those is said when they are copied
        found = {place: was for place, was in found.items() if self._now[place].path not in databases}
        found = {place: was for place, was in found.items() if not self._rotated.is_away(place, was)}
        return found | {place: was for place, was in self._rotated.lost.items() if not self._now[place].bytes}

    def _hardly_left(self, tables: Sequence[TableCounts]) -> list[Shrunk]:
        """Without what was rotated away, and databases that were packed and have their rows."""
        dumps = {f"/{os_text(dump.path)}" for dump in self._scan.dumps}
        judged = dumps.union(declared_databases(self._process))
        found = []
        for each in hardly_left(self._scan, self._earlier, judged):
            if has_its_rows(f"/{os_text(each.place)}", tables, self._good):
                self._packed.add(each.place)
            elif not self._rotated.is_away(each.place, each.most):
                found.append(each)
        known = {each.place for each in found}
        lost = [(place, was) for place, was in self._rotated.lost.items() if self._now[place].bytes]
        return found + [Shrunk(place, self._now[place], was) for place, was in lost if place not in known]

    def _is_younger(self, place: bytes, since_ns: int) -> bool:
        name = os_text(place.rpartition(b"/")[2])
        return any(each.changed_ns >= since_ns for each in self._sources.beside(place, name.__eq__))
