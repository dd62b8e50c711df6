"""Reads restored files while restic is still at work, so that little is left to verify afterwards.

It looks for them by itself, because only newer versions of restic say which file is complete. A digest
counts only when it is the witness's: what was read too soon is simply read again at the end.
"""

import os
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from agent.adapters.host.beneath import stat_beneath
from agent.adapters.sources.hashing import digest
from agent.adapters.sources.witness_files import complete_file, read_lines

READERS = 2
REMEMBERED = 150_000  # digests kept, about 30 MB; files beyond that are read at the end
AHEAD = 10_000  # files that wait to be read
PAUSE = 0.2  # seconds between two looks at the tree, or twice as long as a look takes
SETTLED_NS = 200_000_000  # without a change to a file until it is taken for complete
BUSY = 80.0  # per cent of all processors, from which on restic is left alone
NICE = 19  # restic goes first


class _Found(NamedTuple):
    line: int  # of the witness
    path: bytes
    inode: int
    sha256: bytes  # that it must have


class EarlyReader:
    """Reads what comes back below the directory descriptor `tree` and is listed in the file `witness`."""

    def __init__(self, tree: int, witness: Path) -> None:
        self._tree = tree
        self._witness = witness
        self._queue: SimpleQueue[_Found | None] = SimpleQueue()
        self._digests: dict[int, bytes] = {}
        self._settled = bytearray()  # by line of the witness: 1 is read, or has nothing to be read
        self._tried: dict[int, int] = {}  # by line: when the file had last changed before it was read
        self._stopped = threading.Event()
        work = [self._find, *[self._read] * READERS]
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the files begun and leave the rest."""
        self._stopped.set()
        for _ in range(READERS):
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def sha256(self, inode: int) -> bytes | None:
        """The digest of the file with this inode, in hexadecimal, when it was the witness's."""
        return self._digests.get(inode)

    def _find(self) -> None:
        import psutil  # noqa: PLC0415 - takes its time to import, and here nobody waits for it

        _give_way()
        pause = PAUSE
        while not self._stopped.wait(pause):
            if not self._queue.empty() or psutil.cpu_percent(0.1) > BUSY:
                continue
            begun = time.monotonic()
            self._look_through()
            pause = max(PAUSE, 2 * (time.monotonic() - begun))

    def _look_through(self) -> None:
        """Hand complete files to the readers."""
        for number, line in enumerate(read_lines(self._witness)):
            if self._stopped.is_set() or self._queue.qsize() >= AHEAD or len(self._digests) >= REMEMBERED:
                return
            if number == len(self._settled):
                self._settled.append(complete_file(line) is None)
            if not self._settled[number] and (found := self._complete(number, line)):
                self._queue.put(found)

    def _complete(self, number: int, line: bytes) -> _Found | None:
        """The file of a witness line, when it looks complete and is not known to be otherwise."""
        path, size, sha256 = complete_file(line) or (b"", 0, b"")
        try:
            status = stat_beneath(self._tree, path)
        except OSError:  # not there yet
            return None
        changed = status.st_ctime_ns
        if status.st_size != size or time.time_ns() - changed < SETTLED_NS:
            return None
        if self._tried.get(number) == changed:
            return None
        self._tried[number] = changed
        return _Found(number, path, status.st_ino, sha256)

    def _read(self) -> None:
        _give_way()
        while (found := self._queue.get()) is not None and not self._stopped.is_set():
            if digest(self._tree, found.path).sha256 == found.sha256:
                self._digests[found.inode] = found.sha256
                self._settled[found.line] = 1
                del self._tried[found.line]


def _give_way() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
