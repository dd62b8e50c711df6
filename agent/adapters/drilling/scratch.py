"""Private room for a drill: 0700, marked as ours, gone afterwards whatever happens."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path

from agent.adapters.host.command import CommandMissing, Running, run
from agent.adapters.host.identity import is_service, may_remove_all
from agent.adapters.host.interrupts import held_off, stop_all
from agent.adapters.host.locks import alone
from agent.adapters.host.state import make, require_guarded
from agent.core.text.plain import size
from agent.errors import ReadinessError, StateError

PREFIX = "drill-"
WHAT = "scratch"
LOCK = "scratch"  # while rooms are made or claimed
MARKER = ".readiness-scratch"
MARGIN = 1.1
ATTEMPTS = 5  # at removing what the restic or a proof of a drill that was killed may still be writing to
PAUSE = 0.5  # seconds before the second attempt, and so much more before each further one
RM = ("rm", "-rf", "--one-file-system", "--")
ENOUGH = 20  # branches of a tree for two programs
BRANCHES = 200  # that are handed out at most: a command line has an end
BLOCK = 4096  # what a small file takes at least
# an access control list that says what the mode 0700 says
_ACL = b"\2\0\0\0" + b"".join(
    bytes((tag, 0, mode, 0)) + b"\xff" * 4 for tag, mode in ((1, 7), (4, 0), (32, 0))
)
_PROBES = {
    b"user": ("user.readiness", b"1"),
    b"security": ("security.readiness", b"1"),
    b"system": ("system.posix_acl_access", _ACL),
}


class ScratchTooSmall(ReadinessError):
    """The restore would not fit."""

    code = "scratch-too-small"


class Scratch:
    """One drill's room: `tree` for the restored files, `cache` for a cold restic cache.

    Files are put into `look` for the process that looks into them.
    """

    def __init__(self, room: Path) -> None:
        self.room = room
        self.tree = room / "tree"
        self.cache = room / "cache"
        self.look = room / "look"

    def renew(self) -> None:
        """Throw away what was restored and begin with an empty tree; the cache stays."""
        _remove(self.tree)
        self.tree.mkdir(mode=0o700)

    def xattr_name_spaces(self) -> frozenset[bytes]:
        """The extended-attribute name spaces that this file system keeps, found by trying."""
        return frozenset(space for space, (name, value) in _PROBES.items() if self._takes(name, value))

    def _takes(self, name: str, value: bytes) -> bool:
        try:
            os.setxattr(self.cache, name, value)
        except OSError:
            return False
        return True

    def require(self, needed: int, files: int) -> None:
        """ScratchTooSmall when `needed` bytes in `files` files would not fit with a margin."""
        room = os.statvfs(self.room)
        wanted = int(MARGIN * needed) + files * BLOCK // 2
        free = room.f_bavail * room.f_frsize
        if free < wanted:
            raise ScratchTooSmall(
                f"The scratch {self.room.parent} has {size(free)} free; the restore needs {size(wanted)}.",
                "Free some space there, or name a larger place as scratch in [agent].",
            )
        if room.f_files and room.f_favail < files:
            raise ScratchTooSmall(
                f"The scratch {self.room.parent} has room for {room.f_favail:,} more files; "
                f"the restore needs {files:,}.",
                "Name a file system with more inodes as scratch in [agent].",
            )

    def keep(self) -> Path:
        """Leave the restored tree for a person to look at; returns where it is."""
        kept = self.room.with_name(self.room.name.replace(PREFIX, "kept-", 1))
        for part in (self.cache, self.look):
            _remove(part)
        self.room.rename(kept)
        (kept / MARKER).unlink()
        return kept / "tree"


@contextmanager
def scratch_room(scratch: Path, state: Path) -> Iterator[Scratch]:
    """A fresh room below `scratch`, removed at the end; StateError where others may swap it for another."""
    make(scratch, WHAT)
    require_guarded(scratch, WHAT)
    room: Path | None = None
    alive: int | None = None
    try:
        with held_off(), alone(state, LOCK):
            room = Path(tempfile.mkdtemp(prefix=PREFIX, dir=scratch))
            alive = _claimed(room, os.O_CREAT | os.O_EXCL)
            for part in ("tree", "cache"):
                (room / part).mkdir(mode=0o700)
        yield Scratch(room)
    finally:
        with held_off():
            stop_all()  # what still writes into the room
            if room:
                _remove_room(room)
            if alive is not None:
                os.close(alive)


def sweep(scratch: Path, state: Path) -> None:
    """Remove the rooms of drills that were killed: ours by name, marker and owner, and no others.

    StateError where others may swap them for something else. The room of a drill that is at work stays: its
    marker is locked for as long as it lives. Where drills of the service bring back files of anybody, who has
    no right to those does nothing: a room that is claimed, but cannot be removed, would be in the way of
    those who have.
    """
    if not scratch.is_dir() or (is_service() and not may_remove_all()):
        return
    require_guarded(scratch, WHAT)
    dead: list[tuple[Path, int]] = []
    try:
        with alone(state, LOCK):
            for room in scratch.glob(f"{PREFIX}*"):
                with suppress(FileNotFoundError):  # a drill at its end is removing its own
                    claim = _claim_of_dead(room)
                    if claim is not None:
                        dead.append((room, claim))
        for room, _ in dead:
            _remove_room(room)
    finally:
        for _, claim in dead:
            os.close(claim)


def _claimed(room: Path, flags: int = 0) -> int | None:
    """A descriptor that locks the room's marker; None when the room is somebody's who is alive."""
    marker = os.open(room / MARKER, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o600)
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(marker)
        return None
    return marker


def _claim_of_dead(room: Path) -> int | None:
    """The claim to a killed drill's room; one that was only just begun is removed here."""
    status = room.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return None
    if (room / MARKER).is_file():
        return _claimed(room)
    if not any(room.iterdir()):
        room.rmdir()
    return None


def _remove_room(room: Path) -> None:
    """The marker goes last, so that a room half removed is still known as ours."""
    if room.exists():
        for part in ("tree", "cache"):
            _remove(room / part)
        _remove(room)


def _remove(directory: Path) -> None:
    """rm, because it takes any depth and is quick; restored modes may first have to be opened up."""
    for attempt in range(ATTEMPTS):
        if not directory.exists():
            return
        time.sleep(attempt * PAUSE)
        try:
            halves = _halves(str(directory))
            for program in [Running([*RM, *half]) for half in halves]:
                program.wait()
            run([*RM, str(directory)])
            if directory.exists():
                run(["chmod", "-R", "u+rwX", "--", str(directory)])
        except CommandMissing:
            shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        raise StateError(
            f"The scratch {directory} cannot be removed.", "It holds restored data: remove it by hand."
        )


def _halves(directory: str) -> list[list[str]]:
    """The branches of a tree in two halves, so that two programs can remove them at once."""
    branches: list[str] = []
    below = [directory]
    try:
        while below != branches and len(below) < ENOUGH:
            branches = below
            below = list(islice(chain.from_iterable(map(_entries, branches)), BRANCHES))
    except OSError:  # closed to us as yet
        return []
    return [below[::2], below[1::2]] if len(below) > 1 else []


def _entries(path: str) -> Iterator[str]:
    """What lies in a directory; anything else is itself."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        yield path
        return
    with os.scandir(path) as found:
        yield from (entry.path for entry in found)
