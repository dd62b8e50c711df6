"""Restics at work: a listing, a backup, a restore. Other work can go on until their result is asked for."""

import os
from collections.abc import Callable, Sequence

from agent.adapters.host.command import Completed, Running
from agent.adapters.restic.calls import INTERRUPT_SECONDS, LEAVES_LOCK, WORTH_ANOTHER, ResticCalls
from agent.adapters.restic.fifo import FifoWatch
from agent.adapters.restic.messages import (
    Messages,
    OnBytes,
    backup_summary,
    is_unlisted,
    listed,
    unreadable_snapshots,
)
from agent.adapters.restic.stall import Growth, StallWatch
from agent.core.configuration.location import local_path
from agent.core.model.repository import BackupSummary, RestoreReport, StoredSnapshot
from agent.errors import ResticError

ENDS_AT_ONCE = 0.2  # seconds in which a restic that waits at the gate ends, if it can end there
ENDS_SOON = 1.0  # for one that waits at a FIFO


class Listing:
    """A `restic snapshots` at work."""

    def __init__(self, restic: ResticCalls, argv: Sequence[str]) -> None:
        self._restic = restic
        self._argv = argv
        self._running = restic.start_quick(argv)
        self._complaints = b""

    def result(self) -> list[StoredSnapshot]:
        """The snapshots that restic can read, in no particular order."""
        doing = "listing snapshots"
        completed = self._restic.heard(self._argv, doing, self._running)
        self._complaints = completed.stderr
        if is_unlisted(self._complaints):
            raise self._restic.trouble(doing, completed)
        return listed(completed.stdout)

    def unreadable(self) -> tuple[str, ...]:
        """IDs, or their beginnings, of those that are there and cannot be read: restic passes them over."""
        return unreadable_snapshots(self._complaints)

    def denied(self) -> tuple[str, ...]:
        """Likewise of those that we may not read."""
        return unreadable_snapshots(self._complaints, denied=True)

    def stop(self) -> None:
        """The answer is no longer wanted."""
        self._running.stop()


class Backup:
    """A backup that waits, its key derived and the repository open, until it may begin to read.

    It waits where restic reads a list of patterns to exclude: an empty one, from a pipe that we keep
    open. A repository that is not on this machine is only opened at `finish`: a connection that lies
    idle for hours might not last.
    """

    def __init__(self, restic: ResticCalls, options: Sequence[str], paths: Sequence[str]) -> None:
        self._restic = restic
        self._options = options
        self._paths = paths
        self._messages = Messages(None)
        self._ahead: Running | None = None
        self._gate: int | None = None
        if local_path(restic.repository.url) is not None:
            self._begin_ahead()

    def finish(self, on_bytes: OnBytes) -> BackupSummary:
        """Let it read, and wait for the end; ResticError when restic made no snapshot."""
        doing = "taking a snapshot"
        self._messages.on_bytes = on_bytes
        self._open()
        completed = self._restic.retried(self._once, doing)
        if completed.status not in (0, 3):
            raise self._restic.trouble(doing, completed)
        return backup_summary(self._messages.summary or {}, completed.status, completed.stderr)

    def stop(self) -> None:
        """There is to be no snapshot. Does nothing after the end."""
        running, self._ahead = self._ahead, None
        if running:
            running.ask_to_end(ENDS_AT_ONCE)
        self._open()  # newer versions notice only when they get on
        if running:
            running.stop()
            self._restic.unlock(INTERRUPT_SECONDS)

    def _begin_ahead(self) -> None:
        waits_at, self._gate = os.pipe()
        try:
            argv = ["backup", *self._options, "--exclude-file", f"/dev/fd/{waits_at}", "--", *self._paths]
            self._ahead = self._restic.start(argv, self._messages, pass_fds=(waits_at,))
        except BaseException:
            self._open()
            raise
        finally:
            os.close(waits_at)

    def _open(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            os.close(gate)

    def _once(self) -> Completed:
        running, self._ahead = self._ahead, None
        if running is None:
            self._messages.summary = None  # of the attempt before; one that waited may have ended by now
            running = self._restic.start(["backup", *self._options, "--", *self._paths], self._messages)
        stall = StallWatch(running, lambda: self._messages.done, self._restic.stall_timeout)
        fifo = FifoWatch(running.pid)

        def look() -> None:
            stall()
            try:
                fifo()
            except ResticError:
                running.stop(ENDS_SOON)  # newer versions hear of it only when what they wait for comes
                self._restic.unlock(INTERRUPT_SECONDS)
                raise

        return running.wait(tick=look)


class Restore:
    """A restore at work."""

    def __init__(
        self, restic: ResticCalls, argv: Sequence[str | bytes], messages: Messages, growth: Growth | None
    ) -> None:
        self._restic = restic
        self._growth = growth
        self._argv = argv
        self._messages = messages
        self._begin()

    def _begin(self) -> None:
        self._running = self._restic.start(self._argv, self._messages)
        self._watch = StallWatch(self._running, lambda: self._messages.done, self._restic.stall_timeout)

    def wait(self, tick: Callable[[], None] | None = None) -> RestoreReport:
        """Wait for the end; whatever went wrong stands in the report, judged by nobody yet.

        A lock in the way whose owner is dead is removed, and the restore begun once more; also after a
        crash of restic.
        """
        report = self._wait(tick)
        if report.code in WORTH_ANOTHER:
            self._restic.unlock()
            self._begin()
            report = self._wait(tick)
        if report.code in LEAVES_LOCK:
            self._restic.unlock()
        return report

    def _wait(self, tick: Callable[[], None] | None) -> RestoreReport:
        def look() -> None:
            self._watch()
            for also in (self._growth, tick):
                if also:
                    also()

        completed = self._running.wait(tick=look)
        if completed.status == 0:
            return RestoreReport(seconds=completed.seconds)
        trouble = self._restic.trouble("restoring", completed)
        return RestoreReport(
            seconds=completed.seconds, complaint=trouble.message, hint=trouble.hint, code=trouble.code
        )

    def stop(self) -> None:
        """End the restore now, and free the lock that a restic leaves when it is stopped early."""
        self._running.stop()
        self._restic.unlock(INTERRUPT_SECONDS)
