"""Takes the files of a database from under a running or crashed application, byte by byte.

SQLite itself is not asked: what lies beside a database in foreign hands would be played back with our rights.
We hold the locks that SQLite would hold meanwhile, so that the bytes are those of one moment, and leave no
trace beside the database.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from agent.adapters.looking import files
from agent.adapters.looking.files import OutOfTime, copy_bytes, open_live, require_room
from agent.adapters.sqlite.locks import Locked, is_locked, lock, may_lock, unlock
from agent.adapters.sqlite.reading import DatabaseUnread, DatabaseUnusable, require_header

HEAD = 100  # bytes of a database's header
SIDES = ("-wal", "-shm", "-journal")
BUSY_SECONDS = 0.2  # that one attempt waits for a lock
PAUSE = 0.005  # between two looks at it
LOCKED_SECONDS = 60.0  # that we wait for an application that never lets go
_LOG_HEAD = 32
# the bytes of a database that SQLite locks: while it waits to write, while it writes later, while it reads
_PENDING, _RESERVED, _SHARED = (0x40000000, 1), (0x40000001, 1), (0x40000002, 510)
# and of its wal-index: while it moves the log into the database, and while it has it open at all
_CHECKPOINT, _IN_USE = (121, 1), (128, 1)
# how a journal begins that is to be played back. At its end it follows the name of a super-journal: which the
# end of its playback removes, wherever it lies
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


class TryAgain(Exception):
    """The application was in the way; the next attempt may work. `locked`: it let us do nothing at all."""

    def __init__(self, reason: str, locked: bool = False) -> None:
        super().__init__(reason)
        self.locked = locked


CHANGED = "it changed while it was read"


def beside(database: Path, ending: str) -> Path:
    """The file that SQLite keeps beside a database, such as its -wal."""
    return database.with_name(database.name + ending)


def stamp(source: Path) -> list[bytes | tuple[int, ...] | None]:
    """What the files of a database were at one moment.

    A log that only grows is no change: its head names the generation, and is rewritten with a new one.
    """
    log = _opened_beside(source, "-wal")
    head = None
    if log is not None:
        head = os.pread(log, _LOG_HEAD, 0)
        os.close(log)
    return [identity(source), identity(beside(source, "-journal")), head]


def identity(file: Path) -> tuple[int, ...] | None:
    """Not the ctime: when root opens a log or journal, SQLite sets its owner anew, to the same.

    That may be while it is copied; a copy that lasts is held against it, see `fingerprint`.
    """
    try:
        status = file.lstat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def take(source: Path, copy: Path, until: float, *, hurry: bool) -> bool:
    """Take the files of `source` to `copy` and beside it, as they were at one moment.

    Whether something has to be recovered from what now lies beside the copy; otherwise it stands alone. In a
    `hurry` writers are kept out until all is taken, and not only step by step.
    """
    try:
        handle = open_live(source)
    except OSError as error:
        reason = f"{source} cannot be read: {error.strerror}."
        raise DatabaseUnusable(reason, "Check the path and the rights.") from error
    with ExitStack() as until_done:
        until_done.callback(os.close, handle)  # which gives all locks back
        head = os.pread(handle, HEAD, 0)
        if not head:
            raise DatabaseUnusable(f"{source} is empty.", "Look for an older snapshot that holds it.")
        require_header(head, source)
        taken = until_done.enter_context(_new(copy))
        taking = _Taking(source, handle, copy, taken, until)
        recovers = taking.with_log() if head[18:20] == b"\2\2" else taking.with_journal(hurry)
        if not recovers and os.pread(taken, 2, 18) == b"\2\2":
            os.pwrite(taken, b"\1\1", 18)  # without a log beside it, it is one that never had any
        return recovers


class _Taking:
    """One attempt at the files of a database that is open as `handle`."""

    def __init__(self, source: Path, handle: int, copy: Path, taken: int, until: float) -> None:
        self.source, self.handle, self.copy, self.taken, self.until = source, handle, copy, taken, until

    def with_log(self) -> bool:
        """In WAL mode readers keep nobody out but those who move the log into the database."""
        before = stamp(self.source)
        with ExitStack() as until_done:
            shared = may_lock(self.handle, *_SHARED)
            log = self._beside("-wal", until_done)
            head = None if log is None else os.pread(log, _LOG_HEAD, 0)
            steady = shared and self._is_steady(until_done)
            self._require_room([self.handle, *([] if log is None else [log])])
            self._copy(self.handle, self.taken)
            recovers = log is not None and self._take_beside(log, "-wal")
            now = stamp(self.source)
        is_same = now[2] == head and _same_file(identity(self.source), self.handle)
        if not is_same or (not steady and now != before):
            raise TryAgain(CHANGED)
        return recovers

    def _is_steady(self, until_done: ExitStack) -> bool:
        """Whether from now on nobody changes the database but in its log, as long as we hold the locks."""
        index = self._beside("-shm", until_done)
        if index is None or not is_locked(index, *_IN_USE):
            return False
        if not may_lock(index, *_CHECKPOINT):
            raise TryAgain("its log is being moved into it")
        return True

    def with_journal(self, hurry: bool) -> bool:
        """Without a log who reads keeps out who writes: step by step, until a hurry is needed."""
        with ExitStack() as until_done:
            before = stamp(self.source)
            self._share(BUSY_SECONDS)
            journal = self._hot_journal(until_done)
            if journal is None:
                self._require_room([self.handle])
                self._step_by_step(hurry)
                return False
            self._require_room([self.handle, journal])
            self._copy(self.handle, self.taken)
            taken = self._take_beside(journal, "-journal")
            if stamp(self.source) != before:
                raise TryAgain(CHANGED)
            return taken

    def _step_by_step(self, hurry: bool) -> None:
        """Begins with the lock held. The header counts what was written; a crash leaves a journal."""
        first = self._version()
        end = os.fstat(self.handle).st_size
        for here in range(0, end, files.STEP):
            if here and not hurry:
                unlock(self.handle, *_SHARED)
                self._share(LOCKED_SECONDS)
                with ExitStack() as until_seen:
                    if self._version() != first or self._hot_journal(until_seen) is not None:
                        raise TryAgain(CHANGED)
            self._copy(self.handle, self.taken, here, min(files.STEP, end - here))
        if self._version() != first or not _same_file(identity(self.source), self.handle):
            raise TryAgain(CHANGED)

    def _version(self) -> tuple[bytes, int, int]:
        status = os.fstat(self.handle)
        return os.pread(self.handle, 4, 24), status.st_size, status.st_mtime_ns

    def _share(self, seconds: float) -> None:
        """Lock it as a reader, who lets one go first that waits to write.

        Where the file system has no such locks, what is seen before and after has to do.
        """
        until = min(time.monotonic() + seconds, self.until)
        while True:
            with suppress(Locked):
                if not lock(self.handle, *_PENDING):
                    return
                try:
                    lock(self.handle, *_SHARED)
                finally:
                    unlock(self.handle, *_PENDING)
                return
            if time.monotonic() > until:
                raise TryAgain("it was locked all the time", locked=True)
            time.sleep(PAUSE)

    def _hot_journal(self, until_done: ExitStack) -> int | None:
        """The journal that a crashed application left; that of a running one is not ours to see."""
        journal = self._beside("-journal", until_done)
        if journal is None or os.pread(journal, 1, 0) in (b"", b"\0") or is_locked(self.handle, *_RESERVED):
            return None
        return journal

    def _beside(self, ending: str, until_done: ExitStack) -> int | None:
        handle = _opened_beside(self.source, ending)
        if handle is not None:
            until_done.callback(os.close, handle)
        return handle

    def _take_beside(self, handle: int, ending: str) -> bool:
        """Whether anything was there to be taken."""
        with _new(beside(self.copy, ending)) as taken:
            self._copy(handle, taken)
            length = os.fstat(taken).st_size
            if ending == "-journal" and _names_another(taken, length):
                raise DatabaseUnread(
                    f"{self.source} was left in the middle of a change to several databases, and its journal "
                    "names a file that would be removed: it was not copied.",
                    "Start its application, which finishes or undoes the change.",
                )
            return length > 0

    def _copy(self, source: int, target: int, first: int = 0, size: int | None = None) -> None:
        try:
            copy_bytes(source, target, self.until, first, size)
        except OutOfTime:
            raise TryAgain("there was not enough time") from None

    def _require_room(self, handles: list[int]) -> None:
        """OSError unless all of it fits."""
        needed = sum(os.fstat(handle).st_size for handle in handles)
        if len(handles) > 1:
            needed *= 2  # what is recovered is copied once more
        require_room(self.taken, needed)


def _names_another(journal: int, length: int) -> bool:
    tail = os.pread(journal, 16, max(0, length - 16))
    return tail[8:] == JOURNAL and any(tail[:4])


def _opened_beside(source: Path, ending: str) -> int | None:
    """What lies beside a database; None when nothing does, DatabaseUnread when that is no file."""
    file = beside(source, ending)
    try:
        return open_live(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatabaseUnread(
            f"{source} cannot be copied: {file.name} beside it cannot be read ({error.strerror}).",
            "Look what that is: SQLite keeps regular files there, and nothing else.",
        ) from error


@contextmanager
def _new(file: Path) -> Iterator[int]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _same_file(seen: tuple[int, ...] | None, handle: int) -> bool:
    status = os.fstat(handle)
    return seen is not None and seen[:2] == (status.st_dev, status.st_ino)
