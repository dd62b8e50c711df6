"""What vital paths, and the paths of a process, held before and do not hold any more.

A name that came back is no data: a vital file of no byte is as good as one that is gone. What was rotated
away, as logs are, is no loss as long as the file that holds it is there, or the first one has content again.
"""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct, structs

from agent.core.configuration.config import CriticalProcess, NewestFileProof
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.kinds.generations import Generations
from agent.core.kinds.kinds import Dump
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import HeldExtent, SnapshotRecord, TableCounts
from agent.core.snapshot.dumps import of_each
from agent.core.snapshot.extent import COLLAPSE, Scan, is_habit
from agent.core.snapshot.shrinkage import SOME, fell
from agent.core.text.patterns import is_pattern, matches
from agent.core.text.plain import count, size

TENTH = 0.1  # of the most that it held: below that hardly anything is left
LEAST = 4096  # bytes that it has to have had; what is smaller says little by its size
OFTEN = 2  # times that it was as low and came back, also where a person accepted it
HUNDREDTH = 0.01  # below that next to nothing is left, also of something small
LEAST_SMALL = 1024  # bytes
MOST_BLANK = 1 << 20  # bytes that are looked into


class Neighbour(Struct, frozen=True):
    """A regular file in the directory of another one."""

    name: str
    size: int
    changed_ns: int  # its ctime, which a rename sets as well
    mtime_ns: int = 0


# the files of some names in the directory of a place
Beside = Callable[[bytes, Callable[[str], bool]], Collection[Neighbour]]


def held_now(scan: Scan) -> dict[bytes, HeldExtent]:
    """What each vital path holds, and each path of the process, by its place without a leading slash."""
    found: dict[bytes, HeldExtent] = {}
    for root in scan.roots:
        place = os_bytes(root.path).strip(b"/")
        is_file = place not in scan.extents and root.files == 1
        bytes_ = root.lasting_bytes if is_file else scan.extents.get(place, (0, 0))[1]
        found[place] = HeldExtent(root.path, root.files, bytes_, is_file=is_file)
    for vital in scan.vital:
        files, bytes_ = (1, vital.size) if vital.is_file else scan.extents.get(vital.place, (0, 0))
        found[vital.place] = HeldExtent(vital.path, files, bytes_, is_file=vital.is_file)
    return found


def may_be_blank(scan: Scan, good: SnapshotRecord | None) -> list[bytes]:
    """The files, among what is asked after here, that are smaller than in the last good snapshot."""
    before = {each.path: each.bytes for each in good.held} if good else {}
    return [
        place
        for place, now in held_now(scan).items()
        if now.is_file and 0 < now.bytes <= MOST_BLANK and (not good or now.bytes < before.get(now.path, 0))
    ]


def without_blank(scan: Scan, blank: Collection[bytes]) -> Scan:
    """The scan, with files that hold nothing but white space and zeros as files of no byte."""
    if not blank:
        return scan
    vital = tuple(structs.replace(one, size=0) if one.place in blank else one for one in scan.vital)
    roots = tuple(
        structs.replace(root, lasting_bytes=0) if os_bytes(root.path).strip(b"/") in blank else root
        for root in scan.roots
    )
    return structs.replace(scan, vital=vital, roots=roots)


def places_to_ask_for(scan: Scan, good: SnapshotRecord | None) -> list[bytes]:
    """Empty places of which the record of the last good snapshot does not say what they held."""
    noted = {each.path for each in good.held} if good else set()
    return [
        place for place, now in held_now(scan).items() if good and not now.bytes and now.path not in noted
    ]


def emptied(
    scan: Scan,
    good: SnapshotRecord | None,
    earlier: Sequence[SnapshotRecord],
    known: Mapping[bytes, tuple[int, int]],
) -> dict[bytes, HeldExtent]:
    """What held content in the last good snapshot and holds none now, or is no file any more: as it was.

    What was emptied before and filled again, such as a spool or a mailbox, may be empty. `known`: files and
    bytes in places of which the record does not say it.
    """
    if good is None:
        return {}
    before = {each.path: each for each in good.held}
    found = {}
    for place, now in held_now(scan).items():
        was = before.get(now.path)
        if was is None and not now.bytes and known.get(place, (0, 0))[1]:
            was = HeldExtent(now.path, *known[place], is_file=now.is_file)
        if was is None or not was.bytes:
            continue
        other = was.is_file != now.is_file and now.bytes < COLLAPSE * was.bytes
        if (not now.bytes and not _comes_and_goes(now, earlier)) or other:
            found[place] = was
    return found


def _comes_and_goes(now: HeldExtent, earlier: Sequence[SnapshotRecord]) -> bool:
    held = [each for record in earlier for each in record.held if each.path == now.path]
    return is_habit([each.bytes for each in held if not _is_explained(each)], 0)


def _is_explained(held: HeldExtent) -> bool:
    """Whether it held less because of a rotation, or for another reason that is no habit to be empty."""
    return held.anew or bool(held.aside)


def emptied_findings(
    process: CriticalProcess, scan: Scan, gone: Mapping[bytes, HeldExtent], told: Collection[str | None]
) -> list[Finding]:
    """An error for each place that holds nothing any more, but for those below a path that is `told`."""
    vital = {one.place for one in scan.vital}
    return [
        _emptied(process, place, was, place in vital)
        for place, was in gone.items()
        if not any(_is_in(f"/{os_text(place)}", path) for path in told if path)
    ]


def _emptied(process: CriticalProcess, place: bytes, was: HeldExtent, is_vital: bool) -> Finding:
    much = count(was.files, "file") + f" with {size(was.bytes)}" if not was.is_file else size(was.bytes)
    what = f"{was.path} is vital, and" if is_vital else was.path
    now = "is no file with content any more" if was.is_file else "holds no content any more"
    before = "in the last good snapshot it held"
    if was.aside:
        before = f"it was rotated away to {was.aside}, which is not there any more, nor what it held:"
    return finding(
        "vital-missing" if is_vital else "source-empty",
        process.name,
        f"{what} {now}; {before} {much}.",
        "Find out what emptied it: snapshots from before still hold it. "
        f"If this is meant: readiness snapshot --accept {process.name}",
        f"/{os_text(place)}",
    )


def was_aside(
    scan: Scan, newest: SnapshotRecord, earlier: Sequence[SnapshotRecord]
) -> dict[bytes, HeldExtent]:
    """The files of which the newest good snapshot says that their content was rotated away, and where to.

    After the four weeks of the `earlier` ones nobody asks any more.
    """
    aside = {each.path: each for each in newest.held if each.aside}
    turned = {each.path for record in earlier for each in record.held if each.anew}
    held = held_now(scan).items() if aside else ()
    return {place: aside[now.path] for place, now in held if now.path in aside and now.path in turned}


class Shrunk(Struct, frozen=True):
    """A place that holds hardly anything of the most that it had."""

    place: bytes
    now: HeldExtent
    most: HeldExtent


def hardly_left(scan: Scan, earlier: Iterable[SnapshotRecord], judged: Collection[str]) -> list[Shrunk]:
    """Vital files, and paths that are files, below a tenth of the most that they had within weeks; vital
    directories also with less than half of the files. `judged`: what is judged by more than its size."""
    pasts: dict[str, list[HeldExtent]] = {}
    ever: dict[str, list[HeldExtent]] = {}
    for record in earlier:
        if record.accepted:
            pasts.clear()
        for each in record.held:
            pasts[each.path] = [*([] if each.anew else pasts.get(each.path, [])), each]
            if not _is_explained(each):
                ever.setdefault(each.path, []).append(each)
    vital = {one.place for one in scan.vital}
    found = []
    for place, now in held_now(scan).items():
        past = [each for each in pasts.get(now.path, []) if each.is_file == now.is_file]
        is_judged = not {now.path, f"/{os_text(place)}"}.isdisjoint(judged)
        if not past or is_judged or not (place in vital or now.is_file):
            continue
        most = max(past, key=lambda each: each.bytes)
        had = [each.bytes for each in past]
        if is_habit([each.bytes for each in ever.get(now.path, [])], now.bytes, OFTEN):
            continue  # a person who accepts it each time is no reason to tell it each time
        less = _is_hardly_any(now, most.bytes) and not is_habit(had, now.bytes)
        files = [each.files for each in past]
        if less or (not now.is_file and fell(files, now.files, SOME)):
            found.append(Shrunk(place, now, structs.replace(most, files=max(files))))
    return found


def _is_hardly_any(now: HeldExtent, most: int) -> bool:
    if now.is_file and not now.bytes:
        return most > 0
    small = now.is_file and most >= LEAST_SMALL and now.bytes < HUNDREDTH * most
    return small or (most >= LEAST and now.bytes < TENTH * most)


def shrunk_findings(process: CriticalProcess, shrunk: Iterable[Shrunk]) -> list[Finding]:
    """A warning for each."""
    return [
        finding(
            "source-shrunk",
            process.name,
            f"{each.now.path} holds {_much(each.now)}; within four weeks it held {_much(each.most)}.",
            f"Find out what removed the rest. If this is meant: readiness snapshot --accept {process.name}",
            f"/{os_text(each.place)}",
        )
        for each in shrunk
    ]


def _much(held: HeldExtent) -> str:
    return size(held.bytes) if held.is_file else f"{count(held.files, 'file')} with {size(held.bytes)}"


def has_its_rows(path: str, tables: Iterable[TableCounts], good: SnapshotRecord | None) -> bool:
    """Whether a SQLite database has most of the rows that were counted in it: what shrank is the file."""
    before = (
        next((sum(each.rows.values()) for each in good.tables if each.database == path), 0) if good else 0
    )
    now = next((sum(each.rows.values()) for each in tables if each.database == path), 0)
    return before > 0 and now >= COLLAPSE * before


def lost_dumps(
    process: CriticalProcess, scan: Scan, good: SnapshotRecord | None, beside: Beside
) -> tuple[Dump, ...]:
    """Files that were dumps in the last good snapshot and are none any more; and, where a `newest_file` proof
    looks at them, newer generations of them that are no dumps."""
    notes = good.dumps if good else ()
    known = {dump.path for dump in scan.dumps}
    exclude = compile_excludes(process.exclude)
    found: list[Dump] = []
    for note in notes:
        place = os_bytes(note.path).strip(b"/")
        if place not in known:
            found += _no_dumps(place, beside(place, posixpath.basename(note.path).__eq__))
    for same, (note, *_) in of_each(notes):
        if _is_looked_at(process, note.path):
            place = os_bytes(note.path).strip(b"/")
            turns = beside(place, partial(_is_one_of, same, posixpath.dirname(note.path)))
            found += _no_dumps(place, (each for each in turns if each.mtime_ns > note.at.timestamp() * 1e9))
    lost = {each.path: each for each in found if each.path not in known}
    return tuple(each for each in lost.values() if not leaves_out(exclude, each.path))


def _is_looked_at(process: CriticalProcess, path: str) -> bool:
    wanted = [posixpath.normpath(each.path) for each in process.proofs if isinstance(each, NewestFileProof)]
    return any(matches(path, each) if is_pattern(each) else _is_in(path, each) for each in wanted)


def _is_one_of(same: Generations, directory: str, name: str) -> bool:
    return same.holds(posixpath.join(directory, name))


def _no_dumps(place: bytes, files: Iterable[Neighbour]) -> Iterator[Dump]:
    above = posixpath.dirname(place)
    for each in files:
        yield Dump(posixpath.join(above, os_bytes(each.name)), each.size, each.mtime_ns, is_cut=True)


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")
