"""Reads restored files while restic is still at work, so that little is left to verify afterwards.

A digest taken here counts only when it is the expected one: a file that restic had not finished is
simply read again at the end.
"""

import os
import threading
from contextlib import suppress
from queue import SimpleQueue

from agent.adapters.hashing import digest

REMEMBERED = 150_000  # digests kept, about 30 MB; files beyond that are read at the end
AHEAD = 10_000  # files that wait to be read; what restic tells beyond that is read at the end
NICE = 10  # restic goes first


class EarlyReader:
    """Hears of restored files through `heard` (absolute source path) and reads them below `tree`."""

    def __init__(self, tree: int, readers: int = 2) -> None:
        self._tree = tree
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._digests: dict[int, bytes] = {}
        self._stopped = False
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(readers)]
        for thread in self._threads:
            thread.start()

    def heard(self, path: bytes) -> None:
        """restic says that this file is complete."""
        if self._queue.qsize() < AHEAD and len(self._digests) < REMEMBERED:
            self._queue.put(path)

    def stop(self) -> None:
        """Finish the files begun and leave the rest."""
        self._stopped = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def sha256(self, inode: int) -> bytes | None:
        """What was read of the file with this inode, in hexadecimal."""
        return self._digests.get(inode)

    def _read(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while (path := self._queue.get()) is not None and not self._stopped:
            relative = path.strip(b"/")
            result = digest(self._tree, relative)
            if result.sha256 and not result.moved:
                with suppress(OSError):  # gone, or of too long a path
                    self._digests[os.stat(relative, dir_fd=self._tree).st_ino] = result.sha256
