"""What the threads of the watcher and the agent's loop share: watches, stirs, and what has to be done."""

import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Condition

from msgspec import Struct
from watchdog.observers.inotify_c import InotifyConstants as IN
from watchdog.observers.inotify_c import InotifyEvent

from agent.core.configuration.exclude import compile_excludes, os_bytes

MOST_TASKS = 10_000  # new directories that wait to be watched; beyond that the whole tree is gone through
_GONE = IN.IN_DELETE_SELF | IN.IN_MOVE_SELF | IN.IN_UNMOUNT
_CAME = IN.IN_CREATE | IN.IN_MOVED_TO


class Stir(Struct, frozen=True):
    """Something happened to the files of a process; times are of CLOCK_BOOTTIME, which counts sleep."""

    process: str
    first: float  # since the process was last settled
    last: float
    events: int


class Root(Struct, eq=False):
    """One path of one process, and what is known of it."""

    process: str
    path: bytes
    identity: tuple[int, int] | None = None  # device and inode
    silent: str = ""  # the type of file system that tells no events; "" for one that does
    missing: bool = False
    replaced: bool = False
    hung: bool = False  # whoever looks at it does not come back


class Watched(Struct, gc=False):
    """A directory that is watched, under the path that it had when it was last met."""

    path: bytes
    roots: tuple[Root, ...]
    round: int


class Board:
    """Everything is read and written with `condition` held; nobody holds it while looking at files."""

    def __init__(
        self, roots: Mapping[str, Sequence[str]], excluded: Mapping[str, Sequence[str]], limit: int
    ) -> None:
        self.condition = Condition()
        self.roots = [Root(process, os_bytes(path)) for process, paths in roots.items() for path in paths]
        self.limit = limit
        self.kernel_limit = ""  # which sysctl holds us back
        self.watched: dict[int, Watched] = {}
        self.unwatched: dict[str, int] = {}  # directories of a process that were met and not watched
        self.round = 0
        self.tasks: deque[tuple[Root, bytes]] = deque()
        self.round_due = True
        self.check_due = False
        self.strays = False  # watches may be left on directories that were moved away
        self._excluded = {name: compile_excludes(tuple(patterns)) for name, patterns in excluded.items()}
        self._stirs: dict[str, Stir] = {}
        self._lost: set[str] = set()

    def is_excluded(self, process: str, path: bytes) -> bool:
        """Whether the snapshots of the process leave this path out."""
        pattern: re.Pattern[bytes] | None = self._excluded.get(process)
        return pattern is not None and pattern.match(path) is not None

    # ---- from the thread that reads events ------------------------------------------------------

    def take(self, events: Sequence[InotifyEvent]) -> None:
        """Note what happened; a directory that came waits to be watched."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        with self.condition:
            for event in events:
                watched = self.watched.get(event.wd)
                if watched is not None:
                    self._note(event, watched, now)
                elif event.mask & IN.IN_Q_OVERFLOW:
                    self.lose(*(root.process for root in self.roots))
                    self.round_due = True
            if self.tasks or self.check_due:
                self.condition.notify()

    def _note(self, event: InotifyEvent, watched: Watched, now: float) -> None:
        mask = event.mask
        if mask & IN.IN_IGNORED:
            del self.watched[event.wd]
            return
        if mask & _GONE:
            self.check_due = True
        path = b"%b/%b" % (watched.path.rstrip(b"/"), event.name) if event.name else watched.path
        if _is_by_reader(event):
            return
        for root in watched.roots:
            if not self.is_excluded(root.process, path):
                self._stir(root.process, now)
                if mask & IN.IN_ISDIR and mask & _CAME:
                    self._ask(root, path)
        if mask & IN.IN_ISDIR and mask & IN.IN_MOVED_FROM:
            self.strays = True

    def _stir(self, process: str, now: float) -> None:
        known = self._stirs.get(process)
        first, events = (known.first, known.events) if known else (now, 0)
        self._stirs[process] = Stir(process, first, now, events + 1)

    def _ask(self, root: Root, path: bytes) -> None:
        if len(self.tasks) < MOST_TASKS:
            self.tasks.append((root, path))
        else:
            self.round_due = True

    # ---- from the thread that sets watches ------------------------------------------------------

    def lose(self, *processes: str) -> None:
        """Events of these processes were lost, or may have been."""
        self._lost.update(processes)

    def add(self, number: int, root: Root, path: bytes, late: bool) -> None:
        """Note a watch; a directory that lies below the paths of two processes stirs both.

        `late`: if it was not watched, then things may have happened in it that nobody saw.
        """
        known = self.watched.get(number)
        roots: tuple[Root, ...] = (root,)
        if known and known.round == self.round:
            roots = known.roots if root in known.roots else (*known.roots, root)
        elif known is None and late:
            self.lose(root.process)
        self.watched[number] = Watched(path, roots, self.round)

    def sweep(self) -> list[int]:
        """Forget, and return, the watches that the last round did not meet."""
        stale = [number for number, watched in self.watched.items() if watched.round < self.round]
        for number in stale:
            del self.watched[number]
        self.strays = False
        return stale

    # ---- from the agent's loop ------------------------------------------------------------------

    def stirs(self) -> dict[str, Stir]:
        """What stirred since it was settled."""
        with self.condition:
            return dict(self._stirs)

    def settle(self, process: str) -> None:
        """What happened to the process so far is dealt with."""
        with self.condition:
            self._stirs.pop(process, None)
            for root in self.roots:
                if root.process == process:
                    root.replaced = False

    def take_lost(self) -> set[str]:
        """The processes whose events were lost since the last call."""
        with self.condition:
            lost, self._lost = self._lost, set()
            return lost


def _is_by_reader(event: InotifyEvent) -> bool:
    """Whether only reading a SQLite database, as every snapshot does, explains this."""
    if event.name.endswith(b"-shm"):
        return True
    return event.name.endswith(b"-wal") and not event.mask & IN.IN_MODIFY
