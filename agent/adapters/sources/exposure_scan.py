"""Looks at every file of a process with lstat and compares it with the witness of the last good snapshot."""

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from operator import ne
from pathlib import Path

from agent.adapters.sources.sources import check_roots
from agent.adapters.sources.walk import Trouble, Visit, walk
from agent.adapters.sources.witness_changes import good_witness, identity_of, known_line, known_visit, sampled
from agent.adapters.sources.witness_files import joined, path_of, read_lines
from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.kinds.working_files import is_working
from agent.core.model.findings import Finding
from agent.core.model.snapshots import RootIdentity
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.exposure import Comparison, Look
from agent.core.snapshot.extent import Scan
from agent.core.snapshot.witness import sort_key, stat_fields


class ExposureScan:
    """Implements the port `LiveFiles`. Close it when done."""

    def __init__(self, process: CriticalProcess, state: str) -> None:
        self.process = process
        self._witness = good_witness(Path(state), process.name)
        self._roots = sorted((os_bytes(path).strip(b"/") for path in process.paths), key=sort_key)
        self._exclude = compile_excludes(process.exclude)
        self._base = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the descriptor."""
        os.close(self._base)

    def roots(self) -> list[Finding]:
        """Findings for paths that a sandbox hides, that are missing, or links, or lie behind a link."""
        return check_roots(self.process)

    def look(self, changes: Changes) -> Look:
        """Compare everything; constant memory for any number of files. May raise OSError."""
        tally = _Tally(changes, self._roots)
        begun = time.time_ns()
        for line, met in joined(read_lines(self._witness), self._visits(tally)):
            if met is not None or self._is_gone(path_of(line or b""), tally):
                tally.see(line, met)
        roots = tuple(tally.identity(root) for root in self._roots)
        return Look(
            scan=Scan(
                files=tally.files,
                size=tally.size,
                allocated=0,
                entries=tally.entries,
                begun_ns=begun,
                witness_sha256="",
                roots=roots,
                unreadable=tuple(tally.unreadable.items()),
                empty_roots=tuple(root.path for root in roots if not root.files),
            ),
            comparison=Comparison(changes, sampled(self._base, changes)),
            changed=tally.changed,
            new=tally.new,
            gone=tally.gone,
            bytes=tally.exposed,
            oldest_ns=tally.oldest_ns,
        )

    def _visits(self, tally: "_Tally") -> Iterator[Visit]:
        for root in self._roots:
            for met in walk(self._base, root, self._exclude):
                if isinstance(met, Trouble):
                    tally.unreadable[met.path] = met.reason
                else:
                    tally.meet(root, met)
                    yield met

    def _is_gone(self, path: bytes, tally: "_Tally") -> bool:
        """What is excluded by now, belongs to no path any more, or cannot be listed is not gone."""
        if not path or tally.is_unreadable(path):
            return False
        return tally.root_of(path) is not None and not leaves_out(self._exclude, path)


class _Tally:
    def __init__(self, changes: Changes, roots: list[bytes]) -> None:
        self.files = self.size = self.entries = 0
        self.changed = self.new = self.gone = self.exposed = 0
        self.oldest_ns: int | None = None
        self.unreadable: dict[bytes, str] = {}  # what could not be listed or looked at, and why
        self._elsewhere = b""  # the last directory in whose place another file system lies
        self._changes = changes
        self._roots = roots
        self._files_below: Counter[bytes] = Counter()
        self._lasting_files: Counter[bytes] = Counter()
        self._lasting_bytes: Counter[bytes] = Counter()
        self._identities: dict[bytes, tuple[int, int]] = {}

    def meet(self, root: bytes, met: Visit) -> None:
        self.entries += 1
        if met.path == root:
            self._identities[root] = (met.status.st_dev, met.status.st_ino)
        if stat.S_ISREG(met.status.st_mode):
            self.files += 1
            self.size += met.status.st_size
            self._files_below[root] += 1
            if not is_working(met.path):
                self._lasting_files[root] += 1
                self._lasting_bytes[root] += met.status.st_size

    def is_unreadable(self, path: bytes) -> bool:
        """Whether it, or a directory that it lies in, could not be looked at."""
        while path and self.unreadable:
            if path in self.unreadable:
                return True
            path = path.rpartition(b"/")[0]
        return False

    def see(self, line: bytes | None, met: Visit | None) -> None:
        self._changes.files += line is not None and line.startswith(b"f")
        if line is not None and met is not None and line.startswith(stat_fields(met.status)):
            return
        if line is not None and line.startswith(b"d"):
            self._note_elsewhere(line, met)
        if line is None or met is not None or not self._is_elsewhere(path_of(line)):
            self._changes.differs(known_line(line), known_visit(met))
        if met is None:
            self.gone += not (line or b"").startswith(b"d")
        else:
            self._count(line, met)

    def _note_elsewhere(self, line: bytes, met: Visit | None) -> None:
        """What is not there because it is not mounted was not removed. After a reboot inodes are the same."""
        path, device_inode = path_of(line), identity_of(line)
        missing = met is None and path in self._roots
        if missing or (met and all(map(ne, device_inode, (met.status.st_dev, met.status.st_ino)))):
            self._elsewhere = path

    def _is_elsewhere(self, path: bytes) -> bool:
        return bool(self._elsewhere) and path.startswith(self._elsewhere + b"/")

    def _count(self, line: bytes | None, met: Visit) -> None:
        status = met.status
        # a directory's change tells when something in it came or went
        self.oldest_ns = min(self.oldest_ns or status.st_ctime_ns, status.st_ctime_ns)
        was_file = line is not None and not line.startswith(b"d")
        if stat.S_ISDIR(status.st_mode):
            self.gone += was_file
            return
        self.changed += was_file
        self.new += not was_file
        self.exposed += status.st_size if stat.S_ISREG(status.st_mode) else 0

    def root_of(self, path: bytes) -> bytes | None:
        return next((root for root in self._roots if path == root or path.startswith(root + b"/")), None)

    def identity(self, root: bytes) -> RootIdentity:
        extent = (self._files_below[root], self._lasting_files[root], self._lasting_bytes[root])
        return RootIdentity(_text(root), *self._identities.get(root, (0, 0)), *extent)


def _text(root: bytes) -> str:
    return "/" + os_text(root)
