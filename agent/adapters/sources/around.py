"""What lies around the files of a snapshot: beside them, in their place before, and left out of it."""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import structs

from agent.adapters.host.beneath import open_beneath
from agent.adapters.sources.dump_ends import Dumps, open_file
from agent.adapters.sources.hashing import digest
from agent.adapters.sources.walk import Visit, walk
from agent.adapters.sources.witness_changes import known_line
from agent.adapters.sources.witness_files import WitnessLines, path_of, read_lines
from agent.core.configuration.exclude import os_bytes, os_text
from agent.core.kinds.rotations import PACKED, Turn, Turns
from agent.core.kinds.working_files import is_working
from agent.core.model.mounts import parse_mounts
from agent.core.snapshot.changes import Known
from agent.core.snapshot.extent import VitalPlace
from agent.core.snapshot.held import Neighbour
from agent.core.snapshot.shrinkage import Names
from agent.core.snapshot.vital import LITTLE, THIN

MOUNTINFO = Path("/proc/self/mountinfo")
MOST_LOOKED_AT = 10_000  # entries of what excludes keep out, that are looked at with each scan
MOST_NOTED = 1000  # topmost paths that they keep out of one directory
_DATE = re.compile(rb"(?:19|20)\d\d[-_./]?[01]\d(?:[-_./]?[0-3]\d)?|(?<!\d)1[4-9]\d{8}")
_BLANK = b"\0 \t\r\n\v\f"
_PACKED = tuple(end.encode() for end in PACKED)
_NUMBER = re.compile(rb"\d+")
# what comes and goes, or is made anew: nobody misses it in a snapshot
_PASSING = re.compile(
    rb"(?i).*\.(?:tmp|temp|part|partial|swp|swx|lock|lck|pid|sock)|.*~|\.#.*|#.*#|~\$.*|\.~lock.*"
    rb"|\.ds_store|thumbs\.db|lost\+found|\.?cache|\.?caches|te?mp|\.trash.*|\$recycle\.bin|__pycache__"
)


def beside(base: int, place: bytes, wanted: Callable[[str], bool]) -> list[Neighbour]:
    """The regular files of `wanted` names in the directory of `place`; none where nobody may look."""
    try:
        directory = open_beneath(base, os.path.split(place)[0], os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return []
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                status = _status(entry) if wanted(entry.name) else None
                if status is not None and stat.S_ISREG(status.st_mode):
                    facts = (status.st_size, status.st_ctime_ns, status.st_mtime_ns)
                    found.append(Neighbour(entry.name, *facts))
    finally:
        os.close(directory)
    return found


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def blank(base: int, places: Iterable[bytes]) -> frozenset[bytes]:
    """The files that hold nothing but white space and zeros."""
    return frozenset(place for place in places if _is_blank(base, place))


def _is_blank(base: int, place: bytes) -> bool:
    try:
        with open_file(base, place) as file:
            return not any(chunk.strip(_BLANK) for chunk in iter(partial(file.read, 1 << 16), b""))
    except OSError:
        return False


def held_before(good: Path, places: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
    """Files and bytes in or below each place, as the witness of the last good snapshot knows them."""
    total = {place: [0, 0] for place in places}
    starts = [(place, place + b"/") for place in total]
    for line in read_lines(good) if total else ():
        known = known_line(line)
        if known is None or is_working(known.path):
            continue
        for place, start in starts:
            if known.path == place or known.path.startswith(start):
                total[place][0] += 1
                total[place][1] += known.size
    return {place: (files, size) for place, (files, size) in total.items()}


def still_named(good: Path, now: Path, places: Mapping[bytes, bool]) -> dict[bytes, Names]:
    """The files with content in or below each place in the witness `good`, and which are in that of `now`.

    True for places in which a file whose name holds a date may have made room for the next one.
    """
    went_on = tuple(place + b"/" for place, dated in places.items() if dated)
    turns = _turns(now, went_on) if went_on else frozenset()
    starts = [(place, place + b"/") for place in places]
    total = {place: [0, 0, 0, 0] for place in places}
    lines = WitnessLines(now)
    for line in read_lines(good) if places else ():
        known = known_line(line)
        if known is None or not known.size or is_working(known.path):
            continue
        inside = [place for place, start in starts if known.path == place or known.path.startswith(start)]
        there = bool(inside) and (lines.find(known.path) is not None or _turn(known.path) in turns)
        for place in inside:
            total[place][0] += 1
            total[place][1] += known.size
            total[place][2] += there
            total[place][3] += there * known.size
    return {place: Names(*numbers) for place, numbers in total.items()}


def _turns(witness: Path, starts: tuple[bytes, ...]) -> frozenset[bytes]:
    paths = (path_of(line) for line in read_lines(witness))
    return frozenset(turn for path in paths if path.startswith(starts) and (turn := _turn(path)))


def _turn(path: bytes) -> bytes:
    """The path without its numbers, if it holds a date."""
    return _NUMBER.sub(b"0", path) if _DATE.search(path) else b""


def turns(base: int, good: Path, now: Path, was: bytes, wanted: Callable[[str], bool], dumps: Dumps) -> Turns:
    """The files of `wanted` names in the witness of `now`, and which of them hold what `was` in `good`."""
    before: set[bytes] = set()
    known: Known | None = None
    for line in read_lines(good):
        each = known_line(line) if line.startswith(b"f\t") else None
        if each is not None:
            known = each if each.path == was else known
            before |= {each.path} if wanted(os_text(_name(each.path))) else set()
    there = (known_line(line) for line in read_lines(now) if line.startswith(b"f\t"))
    found = [each for each in there if each is not None and wanted(os_text(_name(each.path)))]
    return Turns(
        tuple(
            Turn(each.path, each.size, each.ctime_ns, partial(_holds, base, known, each, dumps))
            for each in found
        ),
        frozenset(before),
    )


def _name(path: bytes) -> bytes:
    return path[path.rfind(b"/") + 1 :]


def _holds(base: int, known: Known | None, turn: Known, dumps: Dumps) -> bool | None:
    """Whether a file begins with what another one is known to have held; None where nobody can tell."""
    if known is None or not known.size:
        return None
    if not known.sha256:
        return True if turn.inode == known.inode and turn.size >= known.size else None
    if turn.sha256 == known.sha256:
        return True
    was_packed, packed = (each.path.endswith(_PACKED) for each in (known, turn))
    if packed and not was_packed:
        return dumps.begins_with(base, turn.path, known.size, known.sha256)
    return turn.size >= known.size and digest(base, turn.path, known.size).sha256 == known.sha256


def mount_points(roots: Iterable[bytes]) -> frozenset[bytes]:
    """Where anything is mounted below the roots: a bind mount has no other device to tell it by."""
    try:
        mounts = parse_mounts(MOUNTINFO.read_text(errors="surrogateescape"))
    except OSError:
        return frozenset()
    starts = tuple(root + b"/" if root else b"" for root in roots)
    points = (os_bytes(mount.point).strip(b"/") for mount in mounts)
    return frozenset(point for point in points if point and point.startswith(starts))


class LeftOut:
    """What exclude patterns keep out of vital directories."""

    def __init__(self, base: int, vital: Iterable[bytes]) -> None:
        self._base = base
        self._noted: dict[bytes, list[bytes]] = {place: [] for place in vital}

    def note(self, path: bytes) -> None:
        """A topmost path that was left out."""
        for place, noted in self._noted.items():
            inside = path.startswith(place + b"/") and not _PASSING.fullmatch(path[path.rfind(b"/") + 1 :])
            if inside and len(noted) < MOST_NOTED:
                noted.append(path)

    def measured(
        self, vital: Sequence[VitalPlace], extents: dict[bytes, tuple[int, int]]
    ) -> tuple[VitalPlace, ...]:
        """With the bytes left out of each directory: as many as decide, or as a short look shows."""
        self._looks = MOST_LOOKED_AT
        return tuple(
            structs.replace(one, left_out=self._bytes(one.place, extents.get(one.place, (0, 0))[1]))
            if not one.is_file and self._noted.get(one.place)
            else one
            for one in vital
        )

    def _bytes(self, place: bytes, kept: int) -> int:
        enough = max(THIN * kept, LITTLE) if kept else 1
        # never into what is mounted there: a server that is gone may be the reason for the pattern
        mounted = mount_points([place])
        stop = re.compile(b"|".join(re.escape(b"/" + each) + rb"\Z" for each in mounted)) if mounted else None
        found = 0
        for top in self._noted[place]:
            for met in walk(self._base, top, stop):
                self._looks -= 1
                if isinstance(met, Visit) and stat.S_ISREG(met.status.st_mode):
                    found += met.status.st_size
                if found >= enough or self._looks < 0:
                    return found
        return found
