"""Sets the watches, in a thread of its own: what hangs on a dead file system hangs here and nowhere else."""

import errno
import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from agent.adapters.watching.board import Board, Root
from agent.adapters.watching.events import DIRECTORY, ROOT, Events, is_limit
from agent.adapters.watching.mounts import is_silent, mounted, type_at

CHECK = 60.0  # seconds between two looks at the roots: mounting over one tells no event
STRAYS = 6 * 3600.0  # seconds after which watches on directories that were moved away are let go
REST = 100  # going through the whole tree may take one part in so many of the time
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
MOUNTINFO = Path("/proc/self/mountinfo")


class Planter(Thread):
    """Goes through all trees once, top levels first, and then watches what is new in them."""

    def __init__(self, board: Board, mountinfo: Path = MOUNTINFO) -> None:
        super().__init__(name="watcher-planter", daemon=True)
        self._board = board
        self._mountinfo = mountinfo
        self._mounts: dict[bytes, str] = {}
        self._mounts_text = b""
        self._not_before = 0.0
        self._round_at = 0.0
        self._stopping = False
        self.events: Events | None = None
        self.at: tuple[Root, float] | None = None  # what is looked at, and since when

    def stop(self) -> None:
        """End as soon as whatever is looked at lets go."""
        with self._board.condition:
            self._stopping = True
            self._board.condition.notify()

    def run(self) -> None:
        """Sleeps while nothing is new, but for a look at the roots every minute."""
        checked = 0.0
        while not self._stopping:
            now = time.monotonic()
            if now - checked >= CHECK or self._board.check_due:
                self._read_mounts()
                self._check_roots()
                checked = now
            if self._is_round_due(now):
                self._go_round()
            for root, path in self._next_tasks(checked + CHECK):
                self._plant([(root, path)], late=False)

    # ---- when -----------------------------------------------------------------------------------

    def _is_round_due(self, now: float) -> bool:
        due = self._board.round_due or (self._board.strays and now - self._round_at > STRAYS)
        return due and now >= self._not_before

    def _next_tasks(self, until: float) -> list[tuple[Root, bytes]]:
        board = self._board
        with board.condition:
            if not board.tasks and not board.check_due and not self._stopping:
                board.condition.wait(max(0.0, until - time.monotonic()))
            tasks = list(board.tasks)
            board.tasks.clear()
        return tasks

    # ---- roots ----------------------------------------------------------------------------------

    def _read_mounts(self) -> None:
        text = self._mountinfo.read_bytes()
        if text != self._mounts_text:
            self._mounts_text, self._mounts = text, mounted(text)

    def _check_roots(self) -> None:
        self._board.check_due = False
        for root in self._board.roots:
            if not root.hung:
                self._check(root)
        self.at = None

    def _check(self, root: Root) -> None:
        kind = type_at(root.path, self._mounts)
        root.silent = kind if is_silent(kind) else ""
        if root.silent:
            return
        self.at = (root, time.monotonic())
        try:
            status = os.lstat(root.path)
        except OSError:
            found, is_directory = None, False
        else:
            found, is_directory = (status.st_dev, status.st_ino), stat.S_ISDIR(status.st_mode)
        before, root.identity = root.identity, found or root.identity
        with self._board.condition:
            if (before and found != before and not root.missing) or (found and root.missing):
                self._board.lose(root.process)
                self._board.round_due = True
                # an editor puts another file in the place of the old one each time
                root.replaced = root.replaced or (before not in (None, found) and is_directory)
            root.missing = found is None

    # ---- trees ----------------------------------------------------------------------------------

    def _go_round(self) -> None:
        board = self._board
        begun_at, begun = time.monotonic(), time.thread_time()
        with board.condition:
            board.round += 1
            board.round_due = False
            board.kernel_limit = ""
            board.unwatched = {}
        if self._has_events():
            ready = [root for root in board.roots if not (root.silent or root.hung or root.missing)]
            self._plant([(root, root.path) for root in ready], late=board.round > 1)
            with board.condition:
                stale = board.sweep() if not self._stopping else []
            for number in stale:
                self._unwatch(number)
        self._round_at = time.monotonic()
        self._not_before = begun_at + max(CHECK, REST * (time.thread_time() - begun))

    def _has_events(self) -> bool:
        with self._board.condition:  # who stops us finds either none, or some that run
            if self.events is None and not self._stopping:
                try:
                    events = Events(self._board.take)
                except OSError as error:
                    if not is_limit(error):
                        raise
                    self._board.kernel_limit = "max_user_instances"
                    self._board.round_due = True
                    return False
                events.start()
                self.events = events
        return self.events is not None

    def _unwatch(self, number: int) -> None:
        if self.events is not None:
            self.events.unwatch(number)

    def _plant(self, tops: list[tuple[Root, bytes]], late: bool) -> None:
        waiting = deque(tops)
        while waiting and not self._stopping:
            root, path = waiting.popleft()
            if root.hung or self._board.is_excluded(root.process, path) or self._is_silent(path):
                continue
            self.at = (root, time.monotonic())
            try:
                waiting.extend((root, below) for below in self._watch(root, path, late))
            except OSError as error:
                self._not_watched(root, error)
        self.at = None

    def _is_silent(self, path: bytes) -> bool:
        return path in self._mounts and is_silent(self._mounts[path])

    def _watch(self, root: Root, path: bytes, late: bool) -> Iterator[bytes]:
        """Watch one directory; the directories in it. May raise OSError."""
        top = path == root.path
        descriptor = _open(path, top)
        try:
            self._add(descriptor, root, path, late)
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                return
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield path.rstrip(b"/") + b"/" + os.fsencode(entry.name)
        finally:
            os.close(descriptor)

    def _add(self, descriptor: int, root: Root, path: bytes, late: bool) -> None:
        board = self._board
        with board.condition:
            if board.kernel_limit or len(board.watched) >= board.limit or self.events is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            try:
                number = self.events.watch(descriptor, ROOT if path == root.path else DIRECTORY)
            except OSError as error:
                if is_limit(error):
                    board.kernel_limit = "max_user_watches"
                raise
            board.add(number, root, path, late)

    def _not_watched(self, root: Root, error: OSError) -> None:
        """What vanished meanwhile needs no watch, and what may not be read is for the snapshot to tell."""
        if is_limit(error):
            with self._board.condition:
                self._board.unwatched[root.process] = self._board.unwatched.get(root.process, 0) + 1


def _open(path: bytes, top: bool) -> int:
    try:
        return os.open(path, _OPEN)
    except NotADirectoryError:
        if not top:
            raise
        return os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
