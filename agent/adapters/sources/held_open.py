"""Which data directories a database server works in: by what processes hold open, by locks, by pid files.

A service does not see what others hold open; /proc/locks it does see, and that a process lives.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.core.kinds.kinds import HELD, LMDB_NAME, PID_FILES, ServerDirectory

Identity = tuple[int, int]  # device and inode

_LOCK = re.compile(rb" ([0-9a-f]+):([0-9a-f]+):(\d+) ")
_FIRST_NAMESPACE = "pid:[4026531836]"  # of process numbers: the machine's own


def servers(found: Iterable[tuple[bytes, str]]) -> tuple[ServerDirectory, ...]:
    """The data directories with whether a server has them open now."""
    places = list(found)
    if not places:
        return ()  # most processes have none: then nobody is looked at
    held, sees_all = _held()
    return tuple(ServerDirectory(path, kind, _is_open(path, kind, held, sees_all)) for path, kind in places)


def _is_open(path: bytes, kind: str, held: set[Identity], sees_all: bool) -> bool:
    place = Path(os.fsdecode(b"/" + path))
    names = [place, *(place / name for name in HELD.get(kind, ()))]
    if kind == LMDB_NAME:
        names.append(place.with_name(f"{place.name}-lock"))
    if not held.isdisjoint(filter(None, map(_identity, names))):
        return True
    pid_file = PID_FILES.get(kind)
    return pid_file is not None and _names_a_process(place / pid_file, sees_all)


def _names_a_process(file: Path, sees_all: bool) -> bool:
    """Where we see everybody, a server would be known to be at work. In a container it has another number."""
    try:
        number = int(file.read_bytes()[:20].split()[0])
        if sees_all or number < 1:
            return False
        os.kill(number, 0)
    except PermissionError:
        return True
    except (OSError, ValueError, IndexError, OverflowError):  # no pid file, or it was left by a crash
        return False
    return True


def _held() -> tuple[set[Identity], bool]:
    """What processes hold open, work in or have locked; and whether we see all processes."""
    found = set(_locked())
    for process in Path("/proc").glob("[0-9]*"):
        try:
            entries = [str(process / "cwd"), *(entry.path for entry in os.scandir(process / "fd"))]
        except OSError:  # it ended, or belongs to somebody else
            continue
        found.update(filter(None, map(_identity, entries)))
    try:
        first = os.readlink("/proc/self/ns/pid") == _FIRST_NAMESPACE  # noqa: PTH115
        return found, first and _identity("/proc/1/cwd") is not None
    except OSError:
        return found, False


def _locked() -> Iterator[Identity]:
    try:
        locks = Path("/proc/locks").read_bytes()
    except OSError:
        return
    for major, minor, inode in _LOCK.findall(locks):
        yield os.makedev(int(major, 16), int(minor, 16)), int(inode)


def _identity(place: Path | str) -> Identity | None:
    try:
        status = os.stat(place)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino
