"""Watches how far a long command is, and notices that it has stopped getting anywhere."""

import os
import time
from collections.abc import Callable

from agent.adapters.host.command import Running
from agent.adapters.restic.errors import timed_out


class StallWatch:
    """Called at every tick of a running command; raises when it shows no sign of life for `patience` seconds.

    A sign of life is a change of `signs()`, the use of processor time, or a mebibyte read or written; a
    restic that retries a dead backend shows none of them.
    """

    def __init__(self, running: Running, signs: Callable[[], object], patience: float) -> None:
        self._running = running
        self._signs = signs
        self._patience = patience
        self._last: object = None
        self._since = time.monotonic()
        self._next_look = self._since + min(5.0, patience / 4)

    def __call__(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + min(5.0, self._patience / 4)
        seen = (self._signs(), self._work_done())
        if seen != self._last:
            self._last, self._since = seen, now
        elif now - self._since > self._patience:
            raise timed_out(self._patience, self._running.stderr.kept())

    def _work_done(self) -> tuple[int, int]:
        """Whole processor seconds and mebibytes, because idling costs a little, too; children included."""
        import psutil  # noqa: PLC0415 - only long runs pay for the import

        seconds, moved = 0.0, 0
        try:
            leader = psutil.Process(self._running.pid)
            for process in (leader, *leader.children(recursive=True)):
                times, traffic = process.cpu_times(), process.io_counters()
                seconds += times.user + times.system
                moved += traffic.read_chars + traffic.write_chars
        except psutil.Error:
            return 0, 0
        return int(seconds), moved >> 20


class Growth:
    """Tells how far a restore is by what the target's file system has less room, for restic before 0.16."""

    def __init__(self, target: str, on_bytes: Callable[[int, int, int], None]) -> None:
        self._target = target
        self._on_bytes = on_bytes
        self._free = self._room()

    def __call__(self) -> None:
        """Look, and tell."""
        self._on_bytes(max(0, self._free - self._room()), 0, 0)

    def _room(self) -> int:
        system = os.statvfs(self._target)
        return system.f_bavail * system.f_frsize
