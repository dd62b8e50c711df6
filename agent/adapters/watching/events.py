"""watchdog's inotify thread, made to stay cheap whatever happens in the tree.

Its recursive observer is not used: it keeps several objects for each directory, queues every event for
another thread, and after an overflow it takes away and sets again every watch, whose notices overflow the
queue again, for ever with more than 16,384 directories. The event filter is the kernel's mask here.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Sequence

from watchdog.observers.inotify_c import InotifyConstants as IN
from watchdog.observers.inotify_c import InotifyEvent, InotifyFD, Mask, inotify_add_watch, inotify_rm_watch

# Between two looks at the queue the kernel merges equal events that follow each other.
PAUSE = 1.0
# About 4,000 events with short names. When there are more, they are taken in a quarter of the time.
BATCH_BYTES = 1 << 17
MANY = 2000
# Not opening, reading or closing: then restic, and every reader, would count as a change.
CHANGES = Mask(IN.IN_MODIFY | IN.IN_ATTRIB | IN.IN_CREATE | IN.IN_DELETE | IN.IN_MOVED_FROM | IN.IN_MOVED_TO)
DIRECTORY = Mask(CHANGES | IN.IN_ONLYDIR | IN.IN_EXCL_UNLINK)
ROOT = Mask(CHANGES | IN.IN_DELETE_SELF | IN.IN_MOVE_SELF)


class Events(InotifyFD):
    """One inotify instance. Hands over what happened in batches, at most one a second."""

    def __init__(self, on_batch: Callable[[Sequence[InotifyEvent]], None]) -> None:
        super().__init__()
        self.name = "watcher-events"
        self._on_batch = on_batch
        os.set_inheritable(self._inotify_fd, False)

    def run(self) -> None:
        """Sleeps in the kernel while nothing happens."""
        while self.should_keep_running():
            events = self.read_events(event_buffer_size=BATCH_BYTES)
            if events:
                self._on_batch(events)
            self.stopped_event.wait(PAUSE / 4 if len(events) > MANY else PAUSE)

    def watch(self, descriptor: int, mask: Mask) -> int:
        """Watch the open file or directory; the same number again for one that is watched. May raise OSError.

        By its descriptor, so that no dead file system can make this wait.
        """
        number = inotify_add_watch(self._inotify_fd, b"/proc/self/fd/%d" % descriptor, mask)
        if number == -1:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return number

    def unwatch(self, number: int) -> None:
        """Let go of a watch; nothing happens when it is gone already."""
        inotify_rm_watch(self._inotify_fd, number)  # type: ignore[arg-type]


def is_limit(error: OSError) -> bool:
    """Whether the kernel refuses more watches (ENOSPC), more instances (EMFILE), or memory for them."""
    return error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
