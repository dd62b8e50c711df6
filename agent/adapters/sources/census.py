"""Notes during a scan what the files are: databases, data directories of servers, links, how many where."""

import os
import stat
import time

from agent.adapters.host.beneath import real_path
from agent.adapters.sources.around import mount_points
from agent.adapters.sources.walk import Visit
from agent.core.configuration.exclude import os_text
from agent.core.kinds.dump_parts import is_table
from agent.core.kinds.kinds import (
    CONTROLS,
    CUT,
    DUMPS,
    KNOWN,
    LMDB,
    LMDB_NAME,
    LOG_ENDING,
    MARIADB,
    MARKER_NAMES,
    NAMED,
    POSTGRESQL,
    SQLITE,
    Database,
    Dump,
    is_log,
    is_tablespace,
    marked,
    topmost,
)
from agent.core.kinds.working_files import is_working
from agent.core.model.snapshots import RootIdentity

_KNOWN = {KNOWN: True, NAMED: False}
MOUNTS = 100
AHEAD_NS = 86400 * 10**9  # a file may claim to be of any time; later ones tell nothing
FOUND = 10_000  # databases, links or directories of one kind that are kept; nobody has so many on purpose


class Census:
    """Filled while the sources are walked and read; `first`: there is no earlier witness to compare with."""

    def __init__(self, roots: list[bytes], first: bool) -> None:
        self.databases: list[Database] = []
        self.dumps: list[Dump] = []
        self.logs: list[bytes] = []  # databases whose write-ahead logs were met
        self.links: list[tuple[bytes, bytes]] = []  # that lead out of their root, and where to
        self.mounts: list[tuple[bytes, int, int, int]] = []  # with device, inode and name of the system
        self.controlled: set[bytes] = set()  # data directories with what a start begins at
        self.tablespaces: set[bytes] = set()  # where links in such directories lead
        self._servers: dict[bytes, str] = {}
        self.tables: dict[bytes, int] = {}  # files that `pg_dump -Fd` writes, by their directories
        self._extents: dict[bytes, list[int]] = {}  # files, bytes, and when the newest was written
        self._totals: dict[bytes, list[int]] | None = None
        self._latest = time.time_ns() + AHEAD_NS
        self._roots = roots
        self._first = first
        self._points = mount_points(roots)
        self.begin_root()

    def begin_root(self) -> None:
        """Count from here; nothing of the root was met yet."""
        self._root, self._device = b"", 0
        self.files = self.lasting_files = self.lasting_bytes = 0  # regular ones; without working files

    def enter(self, root: Visit) -> None:
        """A new root: what lies on other devices below it is mounted there."""
        self._root, self._device = root.path, root.status.st_dev

    def visit(self, met: Visit) -> None:
        """Note what the name, the type and the place of an entry tell."""
        path, status, _, name = met
        mode = status.st_mode
        if stat.S_ISREG(mode):
            lasting = not is_working(path)
            self.files += 1
            if lasting:
                self.lasting_files += 1
                self.lasting_bytes += status.st_size
            if path == self._root:
                return
            directory = path[: -len(name) - 1]
            self._extend(directory, status, lasting=lasting)
            if b".dat" in name or name[-4:] == b".toc":
                self._table(directory, name, status.st_size)
            elif name[-4:] == b".ibd" and len(self._servers) < FOUND:
                self._servers.setdefault(directory, MARIADB)
        elif stat.S_ISDIR(mode):
            if name[:3] == b"PG_" and is_tablespace(name):
                self._servers.setdefault(path, POSTGRESQL)
            other = status.st_dev != self._device
            if (other or path in self._points) and path not in self._roots:
                self._mounted(met)
        elif stat.S_ISLNK(mode):
            self._link(met)
            return
        found = marked(path, name) if name in MARKER_NAMES else None
        if found and len(self._servers) < FOUND:
            self._servers.setdefault(*found)
            if name in CONTROLS:
                self.controlled.add(found[0])

    def _extend(self, directory: bytes, status: os.stat_result, *, lasting: bool) -> None:
        """A file in there; what shrinks and vanishes in good order is not counted."""
        extent = self._extents.get(directory)
        if extent is None:
            extent = self._extents[directory] = [0, 0, 0]
        if lasting:
            extent[0] += 1
            extent[1] += status.st_size
        if extent[2] < status.st_mtime_ns <= self._latest:
            extent[2] = status.st_mtime_ns

    def content(self, path: bytes, size: int, kind: str, changed: bool, mtime_ns: int = 0) -> None:
        """A regular file of a known kind; `changed`: the last witness does not know it like this."""
        if kind == SQLITE and len(self.databases) < FOUND:
            self.databases.append(Database(path, size, changed and not self._first))
        elif kind == LMDB and len(self._servers) < FOUND:
            place = os.path.dirname(path) if path.endswith(b"/data.mdb") else path  # noqa: PTH120
            self._servers.setdefault(place, LMDB_NAME)
        elif kind in DUMPS and len(self.dumps) < FOUND:
            self.dumps.append(Dump(path, size, mtime_ns, is_cut=kind == CUT, known=_KNOWN.get(kind)))

    def log(self, path: bytes, head: bytes) -> None:
        """A file that was read and has the name of a write-ahead log, and its first bytes."""
        if is_log(path, head) and len(self.logs) < FOUND:
            self.logs.append(path[: -len(LOG_ENDING)])

    def _table(self, directory: bytes, name: bytes, size: int) -> None:
        """A dump that is a directory is whole when it has its table of contents, which is written last."""
        if name == b"toc.dat" and size:
            self.tables[directory] = -FOUND
        elif is_table(name) or name == b"toc.dat":
            self.tables[directory] = self.tables.get(directory, 0) + 1

    def without_contents(self) -> list[tuple[bytes, int, int]]:
        """Directories that hold nothing but tables, without their contents; bytes, and when last written."""
        found = ((path, self._extents[path]) for path, tables in self.tables.items() if tables > 0)
        return [(path, size, newest) for path, (files, size, newest) in found if files == self.tables[path]]

    def servers(self) -> list[tuple[bytes, str]]:
        """The data directories of servers, each once."""
        return topmost(self._servers)

    def extents(self) -> dict[bytes, tuple[int, int]]:
        """Files and bytes below every directory that holds any."""
        return {path: (files, size) for path, (files, size, _) in self._total().items()}

    def newest(self) -> dict[bytes, int]:
        """When the newest file below every directory was written."""
        return {path: newest for path, (_, _, newest) in self._total().items()}

    def _total(self) -> dict[bytes, list[int]]:
        """Once all files are counted."""
        if self._totals is not None:
            return self._totals
        total = {path: list(own) for path, own in self._extents.items()}
        for path in sorted(total, key=len, reverse=True):
            above = path
            while above not in self._roots and above:
                above = above.rpartition(b"/")[0]
                into = total.setdefault(above, [0, 0, 0])
                into[0] += self._extents[path][0]
                into[1] += self._extents[path][1]
                into[2] = max(into[2], self._extents[path][2])
        self._totals = total
        return total

    def mounts_below(self) -> tuple[RootIdentity, ...]:
        """Other file systems that lie below a root, with the files in them."""
        extents = self.extents()
        return tuple(
            RootIdentity(os_text(b"/" + path), device, inode, extents.get(path, (0, 0))[0], system=system)
            for path, device, inode, system in self.mounts[:MOUNTS]
        )

    def _link(self, met: Visit) -> None:
        """Note where a symbolic link leads when that is something outside of the roots."""
        try:
            target = os.readlink(met.name, dir_fd=met.directory)
        except OSError:
            return
        parent = b"/" + met.path[: -len(met.name)]
        if parent.endswith(b"/pg_tblspc/") and len(self.tablespaces) < FOUND:
            self.tablespaces.add(real_path(parent + target if target[:1] != b"/" else target)[1:])
        where = os.path.normpath(parent + target if target[:1] != b"/" else target).lstrip(b"/")
        if len(self.links) >= FOUND or any(_is_in(where, root) for root in self._roots):
            return
        real = real_path(parent + target if target[:1] != b"/" else target)
        if os.path.isdir(real) or os.path.isfile(real):  # noqa: PTH112, PTH113
            self.links.append((met.path, real[1:]))

    def _mounted(self, met: Visit) -> None:
        if met.path in self._points or os.fstat(met.directory).st_dev != met.status.st_dev:
            self.mounts.append((met.path, met.status.st_dev, met.status.st_ino, system_of(met.path)))


def system_of(path: bytes) -> int:
    """What the file system at a place calls itself; 0 where it has no name."""
    try:
        return os.statvfs(b"/" + path).f_fsid
    except OSError:
        return 0


def _is_in(path: bytes, directory: bytes) -> bool:
    return path == directory or path.startswith(directory + b"/")
