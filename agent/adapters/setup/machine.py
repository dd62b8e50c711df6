"""Answers about this machine for `readiness validate`. Nothing here changes anything."""

import os
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.adapters.host.identity import DRILL_PLACE, drills_apart, is_for_service, owned_by_drills
from agent.adapters.host.places import find_place
from agent.adapters.host.units import may_write
from agent.adapters.restic.environment_file import read_environment
from agent.adapters.restic.version import installed_version
from agent.core.configuration.config import Repository
from agent.core.configuration.exclude import compile_excludes
from agent.core.configuration.location import Extent, FileFacts, is_inside
from agent.core.model.places import Placed


class LocalMachine:
    """Implements the port `Machine`."""

    def __init__(self) -> None:
        self.user = os.geteuid()

    def facts(self, path: str) -> FileFacts | None:
        """By lstat."""
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return FileFacts("hidden")
        permissions = stat.S_IMODE(found.st_mode)
        if stat.S_ISREG(found.st_mode):
            identity = (found.st_dev, found.st_ino)
            ours = is_for_service(found)
            return FileFacts("file", permissions, found.st_uid, found.st_size, identity, ours)
        if stat.S_ISDIR(found.st_mode):
            return FileFacts("directory", permissions, found.st_uid)
        return FileFacts("link" if stat.S_ISLNK(found.st_mode) else "other", permissions, found.st_uid)

    def real_path(self, path: str) -> str:
        """As far as it exists."""
        return os.path.realpath(path)

    def can_read(self, path: str) -> bool:
        """As the user we really are."""
        is_directory = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where access is denied
        wanted = os.R_OK | os.X_OK if is_directory else os.R_OK
        return os.access(path, wanted, effective_ids=True)

    def can_write(self, path: str) -> bool:
        """False also on a read-only file system."""
        return os.access(_existing(path), os.W_OK | os.X_OK, effective_ids=True)

    def can_restore_to(self, path: str) -> bool:
        """Drills of the service write where their unit lets them, in what is their user's."""
        if not drills_apart():
            return self.can_write(path)
        if is_inside(path, str(DRILL_PLACE)):
            return True
        return owned_by_drills(path) and path in may_write("readiness-drill@process:repository.service")

    def place_of(self, repository: Repository, paths: Sequence[str], exclude: Sequence[str]) -> Placed:
        """Asks /proc, /sys and, of a host, the resolver."""
        return find_place(repository.url, repository.options, paths, exclude)

    def room(self, path: str) -> tuple[int, int]:
        """Some file systems do not count inodes; they hold as many files as fit."""
        system = os.statvfs(_existing(path))
        return system.f_bavail * system.f_frsize, system.f_favail if system.f_files else sys.maxsize

    def extent(self, paths: Sequence[str], exclude: Sequence[str], seconds: float) -> Extent:
        """Bytes as allocated on disk, so that sparse files count as what they are."""
        return _Walk(exclude, time.monotonic() + seconds).count(paths)

    def restic_version(self, executable: str) -> tuple[int, int, int]:
        """Asks restic itself."""
        return installed_version(executable)

    def read_environment(self, path: str) -> dict[str, str]:
        """As every call of restic does."""
        return read_environment(path)

    def holds_certificates(self, path: str) -> bool:
        """In PEM form."""
        import ssl  # noqa: PLC0415 - slow to import, and rarely needed

        try:
            ssl.create_default_context(cafile=path)
        except OSError:
            return False
        return True


def _existing(path: str) -> Path:
    """The path itself or the closest parent that exists and can be seen."""
    place = Path(path)
    while not os.path.exists(place):  # noqa: PTH110 - Path.exists raises where access is denied
        place = place.parent
    return place


class _Walk:
    def __init__(self, exclude: Sequence[str], deadline: float) -> None:
        self.excluded = compile_excludes(exclude)
        self.deadline = deadline
        self.bytes = 0
        self.files = 0

    def count(self, paths: Sequence[str]) -> Extent:
        waiting = [os.fsencode(path) for path in paths]
        while waiting:
            if time.monotonic() > self.deadline:
                return Extent(self.bytes, self.files, whole=False)
            waiting += self._entries(waiting.pop())
        return Extent(self.bytes, self.files)

    def _entries(self, path: bytes) -> list[bytes]:
        """Count one directory or file; returns the directories in it."""
        below = []
        try:
            found = os.lstat(path)
            self.files += 1
            self.bytes += found.st_blocks * 512
            if stat.S_ISDIR(found.st_mode):
                below = [entry.path for entry in os.scandir(path) if self._wanted(entry)]
        except OSError:
            pass  # what cannot be read is named by other checks
        return below

    def _wanted(self, entry: "os.DirEntry[bytes]") -> bool:
        return not (self.excluded and self.excluded.match(entry.path))
