"""How old the data in a snapshot is, where it holds dumps: what came after the dump would be lost as well.

Only dumps that a `newest_file` proof looks at count. Those a process lives by; others may be there for years.
Half a dump is none: what is recovered from is the generation before, or what an earlier snapshot holds.
"""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from agent.core.configuration.config import ArchiveProof, CriticalProcess, NewestFileProof
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.kinds.generations import CLOSEST, Generations, bare, names_of, undated, unnumbered
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DumpNote, SnapshotRecord
from agent.core.snapshot.dumps import of_each, on_the_move
from agent.core.snapshot.extent import Scan
from agent.core.text.patterns import is_pattern, matches


def oldest_dump(process: CriticalProcess, record: SnapshotRecord) -> DumpNote | None:
    """The dump that lacks the most of what a proof wants to be recent; None when there is no such dump."""
    return min(_needed(process, record), key=lambda dump: dump.at, default=None)


def data_at(process: CriticalProcess, record: SnapshotRecord) -> datetime:
    """The moment whose data the snapshot holds."""
    taken = record.snapshot_at or record.started
    dump = oldest_dump(process, record)
    return min(taken, dump.at) if dump else taken


def with_past(
    dumps: Sequence[DumpNote], moved: Collection[str], earlier: Sequence[SnapshotRecord]
) -> tuple[tuple[DumpNote, ...], tuple[DumpNote, ...]]:
    """The dumps, with what `earlier` good snapshots (oldest first) know of them; and the newest whole ones
    that those hold of each that is not whole now."""
    moving = on_the_move(dumps, moved)
    known = _Known(earlier)
    noted: list[DumpNote] = []
    before: list[DumpNote] = []
    for same, each in of_each(dumps):
        renewed = bool(known.times.get(same.name, set()) - {each[0].at})
        of_a_job = known.is_of_a_job(same.name, each[0], _is_whole(each[0], moving))
        noted += [replace(dump, renewed=renewed, of_a_job=of_a_job) for dump in each]
        if same.name in known.whole and not any(_is_whole(dump, moving) for dump in each):
            before.append(known.whole[same.name])
    return tuple(sorted(noted, key=lambda dump: dump.at, reverse=True)), tuple(before)


class _Known:
    """What good snapshots know, oldest first, by the names of generations."""

    def __init__(self, earlier: Sequence[SnapshotRecord]) -> None:
        self.times: dict[str, set[datetime]] = {}  # when the newest was written
        self.whole: dict[str, DumpNote] = {}  # the newest that was whole
        self._written: dict[str, set[datetime]] = {}  # when newest ones were that are whole
        self._of_a_job: set[str] = set()
        for record in earlier:
            moving = _half(record)
            for _, (newest, *_) in of_each(record.dumps):
                for name in names_of(newest.path):
                    self.times.setdefault(name, set()).add(newest.at)
                    self._written.setdefault(name, set()).update(
                        {newest.at} if _is_whole(newest, moving) else ()
                    )
                    self._of_a_job.update({name} if newest.of_a_job else ())
            for dump in (*record.dumps_before, *record.dumps):
                for name in names_of(dump.path) if _is_whole(dump, moving) else ():
                    if name not in self.whole or self.whole[name].at < dump.at:
                        self.whole[name] = dump

    def is_of_a_job(self, name: str, newest: DumpNote, is_whole: bool) -> bool:
        """One that a person makes by hand, and once more, has the times of one hour."""
        times = self._written.get(name, set()) | ({newest.at} if is_whole else set())
        apart = (max(times) - min(times)).total_seconds() if times else 0
        return name in self._of_a_job or apart > CLOSEST


def gone_findings(process: CriticalProcess, scan: Scan, good: SnapshotRecord | None) -> list[Finding]:
    """An error for each dump that a job writes, and that a proof's pattern looks at, when the last good
    snapshot held it and no generation of it is left. What lies there under ever other names may go."""
    roots = [root.path for root in scan.roots]
    exclude = compile_excludes(process.exclude)
    wanted = [proof.path for proof in process.proofs if isinstance(proof, NewestFileProof)]
    wanted += [proof.archive for proof in process.proofs if isinstance(proof, ArchiveProof)]
    patterns = [each for each in wanted if is_pattern(each)]
    left = {undated(bare(f"/{os_text(dump.path)}")) for dump in scan.dumps}
    turns = {unnumbered(name) for name in left}
    return [
        _gone(process.name, newest)
        for same, (newest, *_) in of_each(good.dumps if good else ())
        if newest.of_a_job
        and any(matches(newest.path, each) for each in patterns)
        and any(_is_in(newest.path, root) for root in roots)
        and (name := undated(bare(newest.path))) not in left
        and not (same.numbered and unnumbered(name) in turns)
        and not leaves_out(exclude, os_bytes(newest.path).strip(b"/"))
    ]


def _gone(process: str, newest: DumpNote) -> Finding:
    return finding(
        "dump-gone",
        process,
        f"{newest.path} is gone, and with it all there was of a dump that a proof looks at.",
        "Find out why it is not written any more: snapshots from before still hold it. "
        f"If this is meant: readiness snapshot --accept {process}",
        newest.path,
    )


def _needed(process: CriticalProcess, record: SnapshotRecord) -> Iterator[DumpNote]:
    """Of what each proof looks at: each dump that a pattern names, of a directory the newest of all."""
    moving = _half(record)
    for proof in process.proofs:
        if not isinstance(proof, NewestFileProof) or not record.dumps:
            continue
        found = of_each(dump for dump in record.dumps if _is_looked_at(proof.path, dump.path))
        if is_pattern(proof.path):
            yield from (_whole(same, each, moving, record) for same, each in found)
        elif lived_by := [item for item in found if _is_lived_by(item[1][0], proof.path)]:
            yield max((_whole(*item, moving, record) for item in lived_by), key=lambda dump: dump.at)


def _half(record: SnapshotRecord) -> frozenset[str]:
    """The dumps that were being written; one that was replaced meanwhile is whole, as it was or as it is."""
    if not record.dumps:
        return frozenset()
    return on_the_move(record.dumps, frozenset(record.moving_paths) - frozenset(record.replaced_paths))


def _whole(
    same: Generations, each: Sequence[DumpNote], moving: Collection[str], record: SnapshotRecord
) -> DumpNote:
    """The newest whole one; where none is known, at least none is taken for newer than it is."""
    here = (dump for dump in each if _is_whole(dump, moving))
    before = (dump for dump in record.dumps_before if same.holds(dump.path))
    return next(here, None) or next(before, None) or each[0]


def _is_whole(dump: DumpNote, moving: Collection[str]) -> bool:
    return not dump.is_cut and dump.path not in moving


def _is_lived_by(dump: DumpNote, wanted: str) -> bool:
    """Whether a dump is what a proof of a directory sees as the newest file, or is written anew."""
    if dump.newest_in is None or dump.renewed:
        return True
    top = posixpath.normpath(wanted)
    return dump.path == top or (dump.newest_in != "" and _is_in(top, dump.newest_in))


def _is_looked_at(wanted: str, path: str) -> bool:
    return matches(path, wanted) if is_pattern(wanted) else _is_in(path, posixpath.normpath(wanted))


def _is_in(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")
