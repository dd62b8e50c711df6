"""Scans the sources of a process and writes the witness: unchanged files keep their line, others are read."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from agent.adapters.host.beneath import real_path
from agent.adapters.sources.around import LeftOut, beside
from agent.adapters.sources.census import Census, system_of
from agent.adapters.sources.dump_ends import Dumps
from agent.adapters.sources.dump_parts import whole_dumps
from agent.adapters.sources.hashing import first_bytes
from agent.adapters.sources.held_open import servers
from agent.adapters.sources.mappings import is_written, mapped_for_writing
from agent.adapters.sources.scan_batches import Batches, Line, OnRead, Tally
from agent.adapters.sources.settling import Owners, only_grew, settled
from agent.adapters.sources.walk import Trouble, Visit, comparable_attribute, extended_attributes, walk
from agent.adapters.sources.witness_files import (
    WITNESS,
    WitnessLines,
    WitnessWriter,
    inode_of,
    joined,
    path_of,
    read_lines,
    stamp_of,
)
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.kinds.kinds import AT_REST, DUMPS, KINDS, kind_of
from agent.core.model.repository import Stamp
from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.extent import Moved, Scan, VitalPlace
from agent.core.snapshot.held import Neighbour
from agent.core.snapshot.witness import content_fields, stat_fields, xattr_field

READERS = 2
# made and removed with each change of a SQLite database, often in the inode of the one before, and faster
# than the time of their directory shows
COME_AND_GO = (b"-journal", b"-wal", b"-shm")
SECTOR = 512  # bytes of the smallest page of a database
# A file written within this time before it was read may change again without a new ctime.
SETTLED_NS = 2_000_000_000
KINDS_BYTES = frozenset(kind.encode() for kind in KINDS)
_AT_REST = AT_REST | {b"-", b"z"}  # flags of files that need not be read again
_DUMPS = frozenset(kind.encode() for kind in DUMPS)
EMPTY = hashlib.sha256(b"").hexdigest().encode()
Meant = Callable[[bytes], bool]  # by the path


def _never(_: bytes) -> bool:
    return False


class Scanner:
    """Scans `roots` (absolute paths) into the directory `carried`, which goes into the snapshot.

    Call `scan`, then `keep` or `drop` what it wrote; `moved` tells later what changed since.
    """

    def __init__(
        self,
        carried: Path,
        roots: Iterable[str],
        exclude: Iterable[str],
        vital: Iterable[str],
        peek: bool = False,
        dumps: Dumps | None = None,
    ) -> None:
        """`peek`: the last witness does not say which files are databases; without `dumps` nobody unpacks."""
        self._carried = carried
        self._roots = sorted(
            (os_bytes(root).strip(b"/") for root in roots), key=lambda p: p.replace(b"/", b"\0")
        )
        self._exclude = compile_excludes(tuple(exclude))
        # a vital path may lead through links; what counts is that the snapshot holds what they lead to
        self._vital = {real_path(os_bytes(path)).strip(b"/"): path for path in vital}
        self._peek = peek
        self.dumps = dumps or Dumps()
        self.base = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self.base)

    def scan(self, settled_before_ns: int, on_read: OnRead, are_zeros_meant: Meant = _never) -> Scan:
        """Walk the sources; files unchanged since before `settled_before_ns` are not read again.

        `are_zeros_meant`: whether a file that had content once may have become zero bytes.
        """
        begun = time.time_ns()
        self._are_zeros_meant = are_zeros_meant
        self._mapped = mapped_for_writing()
        self._writer = WitnessWriter(self._carried)
        self._owners = Owners(self._roots)
        previous = WitnessLines(self._carried / WITNESS)
        census = Census(self._roots, first=not (self._carried / WITNESS).exists())
        tally = Tally(on_read, census)
        missing = dict(self._vital)
        self.dumps.unseen = []
        self._left_out = LeftOut(self.base, self._vital)
        self._found_vital: list[VitalPlace] = []
        roots: list[RootIdentity] = []
        try:
            with ThreadPoolExecutor(READERS) as readers:
                batches = Batches(readers, self.base, self._writer, tally, self.dumps)
                for root in self._roots:
                    identity = (0, 0)
                    census.begin_root()
                    for met in self._met(root, tally, previous):
                        if missing and (vital := missing.pop(met.path, None)) is not None:
                            self._found_vital.append(_vital_place(vital, met))
                        self._owners.meet(root, met.status)
                        if met.path == root:
                            identity = (met.status.st_dev, met.status.st_ino)
                            census.enter(met)
                        census.visit(met)
                        batches.add(self._line(met, previous, settled_before_ns))
                    extent = (census.files, census.lasting_files, census.lasting_bytes)
                    path, system = os.fsdecode(b"/" + root), system_of(root)
                    roots.append(RootIdentity(path, *identity, *extent, system=system))
                batches.finish()
        except BaseException:
            self._writer.drop()
            raise
        return self._found(tally, roots, missing, begun)

    def _found(self, tally: Tally, roots: list[RootIdentity], missing: dict[bytes, str], begun: int) -> Scan:
        excluded = {path for path in missing if leaves_out(self._exclude, path)}
        return Scan(
            files=tally.files,
            size=tally.size,
            allocated=tally.allocated,
            entries=tally.entries,
            begun_ns=begun,
            witness_sha256=self._writer.close(),
            roots=tuple(roots),
            empty_roots=tuple(root.path for root in roots if not root.files),
            moving=tuple(tally.moving),
            unreadable=tuple(tally.unreadable),
            zeroed=tuple(tally.zeroed),
            oversize=tuple(tally.oversize),
            databases=tuple(tally.census.databases),
            dumps=tuple(whole_dumps(self.base, tally.census, partial(leaves_out, self._exclude), self.dumps)),
            unseen=tuple(self.dumps.unseen),
            logs=tuple(tally.census.logs),
            servers=servers(tally.census.servers()),
            controlled=frozenset(tally.census.controlled),
            tablespaces=frozenset(tally.census.tablespaces),
            links=tuple(tally.census.links),
            extents=(extents := tally.census.extents()),
            newest=tally.census.newest(),
            mounts=tally.census.mounts_below(),
            excluded=tuple(tally.excluded),
            excluded_held=tuple(tally.excluded_held),
            vital_excluded=tuple(sorted(missing[path] for path in excluded)),
            vital=self._left_out.measured(self._found_vital, extents),
            vital_missing=tuple(
                sorted((text, f"/{os_text(path)}") for path, text in missing.items() if path not in excluded)
            ),
        )

    def _met(self, root: bytes, tally: Tally, previous: WitnessLines) -> Iterator[Visit]:
        note = tally.exclude(previous, self._left_out.note)
        for met in walk(self.base, root, self._exclude, note):
            if isinstance(met, Trouble):
                tally.unreadable.append((met.path, met.reason))
            else:
                tally.look(met, self.base)
                yield met

    def keep(self, unchanged: bool) -> None:
        """Make the new witness the one that the next snapshot carries."""
        self._writer.keep(unchanged)

    def drop(self) -> None:
        """Forget the new witness; the last one stays."""
        self._writer.drop()

    def moved(self, missed: Collection[str] = ()) -> Moved:
        """What changed, vanished or appeared since the scan.

        Of `missed`, which restic did not find, those came and went that the witness does not list.
        """
        moved: list[bytes] = []
        anew: list[bytes] = []
        gone: list[bytes] = []
        replaced: dict[bytes, tuple[Stamp, Stamp]] = {}
        stirred: set[bytes] = set()  # directories in which names came and went, and what changed may be anew
        absent = 0
        mapped = self._mapped | mapped_for_writing()
        for line, met in joined(read_lines(self._carried / WITNESS), self._visits()):
            is_other = not (met and line and line.startswith(stat_fields(met.status)))
            self._owners.compare(line, met, is_other)
            if met is None:
                absent += (line or b"").startswith(b"f")
                gone.append(path_of(line or b""))
                anew += {gone[-1]} & self._vital.keys()
            elif line is None:
                moved.append(met.path)
            elif is_other or is_written(met.name, met.status, mapped):
                moved.append(met.path)
                is_another = inode_of(line) != met.status.st_ino
                if line.startswith(b"d"):
                    stirred.add(met.path)
                elif line.startswith(b"f"):
                    above = met.path.rpartition(b"/")[0]
                    absent += is_another or above in stirred or met.name.endswith(COME_AND_GO)
                if is_another:
                    anew += {met.path} & self._vital.keys()
                    if line.startswith(b"f") and stat.S_ISREG(met.status.st_mode):
                        replaced[met.path] = stamp_of(line), _stamp(met.status)
        moved += gone
        moved += self._unlisted(missed).difference(moved)
        return Moved(tuple(moved), absent, tuple(anew), tuple(gone), replaced, self._owners.swaps())

    def _unlisted(self, paths: Collection[str]) -> set[bytes]:
        """Those below the roots that the witness does not list; it is not read where none is asked for."""
        within = tuple(root + b"/" for root in self._roots)
        asked = {path for path in (os_bytes(each).strip(b"/") for each in paths) if path.startswith(within)}
        return asked.difference(map(path_of, read_lines(self._carried / WITNESS))) if asked else asked

    def settled(self, places: Sequence[bytes], seconds: float) -> bool:
        """See `settling.settled`."""
        return settled(self.base, places, seconds)

    def beside(self, place: bytes, wanted: Callable[[str], bool]) -> list[Neighbour]:
        """See `around.beside`."""
        return beside(self.base, place, wanted)

    def only_grew(self, place: bytes, good: Path) -> bool:
        """See `settling.only_grew`."""
        return only_grew(self.base, place, good)

    def _line(self, met: Visit, previous: WitnessLines, settled_before_ns: int) -> Line:
        """The line of one entry; a regular file that changed still has to be read."""
        old = previous.find(met.path)
        status = met.status
        regular = stat.S_ISREG(status.st_mode)
        size = status.st_size if regular else 0
        line = Line(met.path, stat_fields(status), blocks=status.st_blocks, size=size)
        before = previous.content() if old else None
        if old and before and old.startswith(line.fields) and before[1] in _AT_REST:
            line.kind = before[1].decode() if before[1] in KINDS_BYTES else ""
            line.text, line.sha256 = old, before[0]
            settled = status.st_ctime_ns < settled_before_ns or not regular
            if settled and not (self._peek and self._is_unknown_database(met, before[1])):
                return line
            line.text = b""
        if regular:
            line.to_read = True
            had = before is not None and before[0] not in (b"", EMPTY) and before[1] != b"z"
            line.had_content = had and not self._are_zeros_meant(met.path)
            line.was_dump = before is not None and before[1] in _DUMPS
        else:
            xattrs = xattr_field(extended_attributes(met.directory, met.name, comparable_attribute))
            line.text = line.fields + content_fields(0, b"", "", _extra(met), xattrs, met.path)
        return line

    def _is_unknown_database(self, met: Visit, flag: bytes) -> bool:
        """A database that the last witness, of an older readiness, does not call one."""
        size = met.status.st_size
        if not size or size % SECTOR or flag != b"-" or not stat.S_ISREG(met.status.st_mode):
            return False
        return kind_of(first_bytes(self.base, met.path)) != ""

    def _visits(self) -> Iterator[Visit]:
        for root in self._roots:
            for met in walk(self.base, root, self._exclude):
                if isinstance(met, Visit):
                    self._owners.meet(root, met.status)
                    yield met


def _vital_place(path: str, met: Visit) -> VitalPlace:
    is_file = stat.S_ISREG(met.status.st_mode)
    return VitalPlace(path, met.path, is_file, met.status.st_size if is_file else 0)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns // 1000, status.st_size)


def _extra(met: Visit) -> bytes:
    if stat.S_ISLNK(met.status.st_mode):
        try:
            return os.readlink(met.name, dir_fd=met.directory)
        except OSError:
            return b""
    if stat.S_ISBLK(met.status.st_mode) or stat.S_ISCHR(met.status.st_mode):
        return str(met.status.st_rdev).encode()
    return b""
