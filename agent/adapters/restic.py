"""restic as a subprocess, 0.14 to 0.19: a call is a method, its status not trusted."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from agent.adapters import restic_errors
from agent.adapters.command import CommandMissing, Completed, Running, run
from agent.adapters.interrupts import stop_all
from agent.adapters.restic_messages import (
    Messages,
    OnBytes,
    RepositoryConfig,
    Sizes,
    backup_summary,
    garbled,
    listed,
    understood,
)
from agent.adapters.restic_version import Version, installed_version
from agent.adapters.stall import Growth, StallWatch
from agent.core.model import Repository
from agent.core.repository import TAG, BackupSummary, RestoreReport, StoredSnapshot, process_tag

INTERRUPT_SECONDS = 10.0  # that somebody who wants it to end waits at most for the lock
ANSWER = 1 << 26  # bytes of a quick call's answer that are kept
WORTH_ANOTHER = {"repository-locked", "restic-crashed"}
LEAVES_LOCK = {"restic-crashed", "restic-killed"}

# A restic of ours asks nobody, and takes no secret or place from the environment but what we set.
_NOT_INHERITED = ("RESTIC_PASSWORD", "RESTIC_PASSWORD_COMMAND", "RESTIC_REPOSITORY_FILE", "LD_PRELOAD")


class Restic:
    """One repository through one restic executable.

    `cache` is restic's cache directory: the agent's own for daily work, an empty one for a cold drill.
    Quick calls end after `stall_timeout` seconds; backups and restores when they show no sign of life
    for as long.
    """

    def __init__(self, executable: str, repository: Repository, cache: str, stall_timeout: int) -> None:
        self.executable = executable
        self.repository = repository
        self.cache = cache
        self.stall_timeout = stall_timeout
        self._version: Version | None = None
        self._beside: tuple[str, ...] = ()  # options of calls that run beside a restore

    def through_cache(self, cache: str) -> "Restic":
        """The same repository, seen through another cache directory, which is still empty.

        Two restics that set up one cache at a time trip over each other, so only restores use it.
        """
        other = Restic(self.executable, self.repository, cache, self.stall_timeout)
        other._version = self._version
        other._beside = ("--no-cache",)
        return other

    def version(self) -> Version:
        """restic's version; ResticError when it is missing, too old, or says something else."""
        if self._version is None:
            self._version = installed_version(self.executable)
        return self._version

    def repository_id(self) -> str:
        """The identity the repository was given when it was made."""
        doing = "reading the repository's identity"
        return understood(self.answer(["cat", "config", *self._beside], doing), RepositoryConfig, doing).id

    def create(self) -> str:
        """Make the repository and return its identity; fails when there is one already."""
        self._quick(["init"], "creating the repository")
        return self.repository_id()

    def start_listing(self, process: str, host: str) -> "Listing":
        """Ask for the snapshots filed under `process` and `host`; other work can go on meanwhile."""
        filters = ["--host", host, "--tag", f"{TAG},{process_tag(process)}"]
        return Listing(self, ["snapshots", *filters, *self._beside])

    def restore_size(self, snapshot: str) -> tuple[int, int]:
        """Bytes and files that restoring the snapshot would write."""
        doing = "sizing the snapshot"
        argv = ["stats", "--mode", "restore-size", snapshot]
        sizes = understood(self.answer(argv, doing), Sizes, doing)
        return sizes.total_size, sizes.total_file_count

    def backup(
        self, paths: Sequence[str], excludes: Sequence[str], process: str, host: str, on_bytes: OnBytes
    ) -> BackupSummary:
        """Take one snapshot; ResticError when restic made none."""
        argv = ["backup", "--host", host, "--tag", TAG, "--tag", process_tag(process)]
        for pattern in excludes:
            argv += ["--exclude", pattern]
        messages = Messages(on_bytes)

        def once() -> Completed:
            messages.summary = None
            return self._long([*argv, "--", *paths], messages)

        completed = self._retried(once, "taking a snapshot")
        if completed.status not in (0, 3):
            raise restic_errors.trouble("taking a snapshot", completed)
        return backup_summary(messages.summary or {}, completed.status, completed.stderr)

    def start_restore(
        self,
        snapshot: str,
        target: str,
        includes: Sequence[bytes] = (),
        on_bytes: OnBytes | None = None,
        on_restored: Callable[[bytes], None] | None = None,
    ) -> "Restore":
        """Begin to restore `snapshot` below `target`. Wait for it with `Restore.wait`.

        `on_restored` hears of each finished file (its absolute path), from restic 0.16 on.
        """
        argv: list[str | bytes] = ["restore", snapshot, "--target", target]
        if self.version() >= (0, 15, 0):
            argv.append("--sparse")
        for pattern in includes:
            argv += ["--include", pattern]
        if on_restored and self.version() >= (0, 16, 0):
            argv.append("--verbose=2")
        growth = Growth(target, on_bytes) if on_bytes and self.version() < (0, 16, 0) else None
        return Restore(self, argv, Messages(on_bytes, on_restored), growth)

    def _long(self, argv: Sequence[str | bytes], messages: Messages) -> Completed:
        running = self.start(argv, messages)
        return running.wait(tick=StallWatch(running, lambda: messages.done, self.stall_timeout))

    def start(
        self, argv: Sequence[str | bytes], messages: Messages | None = None, keep: int = 1 << 16
    ) -> Running:
        """Start restic with `--json`; its lines go to `messages`."""
        return Running(
            [self.executable, "--json", *argv],
            env=self._environment(),
            on_line=messages,
            keep=keep,
            stop_signal=signal.SIGINT,  # every version removes its lock on SIGINT, 0.14 not on SIGTERM
        )

    def answer(self, argv: Sequence[str], doing: str, first: Running | None = None) -> bytes:
        """What a quick call printed; `first` is its first attempt where one was started already."""
        completed = self._quick(argv, doing, first)
        if completed.output_bytes > len(completed.stdout):
            raise garbled(doing)
        return completed.stdout

    def _quick(self, argv: Sequence[str], doing: str, first: Running | None = None) -> Completed:
        attempts = iter([first] if first else [])

        def once() -> Completed:
            running = next(attempts, None) or self.start(argv, keep=ANSWER)

            def look() -> None:
                if running.stdout.total > ANSWER:
                    raise garbled(doing)

            return running.wait(self.stall_timeout, look)

        completed = self._retried(once, doing)
        if completed.status != 0 or completed.timed_out:
            raise restic_errors.trouble(doing, completed)
        return completed

    def _retried(self, attempt: Callable[[], Completed], doing: str) -> Completed:
        """Once more after `unlock` when a lock was in the way, or when restic crashed."""
        completed = attempt()
        if _code(doing, completed) in WORTH_ANOTHER:
            self.unlock()
            completed = attempt()
        if _code(doing, completed) in LEAVES_LOCK:
            self.unlock()
        return completed

    @contextmanager
    def unlocked_at_interrupt(self) -> Iterator[None]:
        """Ends what an interrupt left at work, and frees the lock that a restic just begun may leave."""
        try:
            yield
        except KeyboardInterrupt:
            stop_all()
            self.unlock(INTERRUPT_SECONDS)
            raise

    def unlock(self, seconds: float | None = None) -> None:
        """Remove the locks whose owner is dead, such as a restic that was killed, and no others."""
        deadline = self.stall_timeout if seconds is None else seconds
        with suppress(CommandMissing):  # the next call says so
            run([self.executable, "unlock", "--no-cache"], env=self._environment(), deadline=deadline)

    def _environment(self) -> Mapping[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
        return kept | {
            "RESTIC_REPOSITORY": self.repository.url,
            "RESTIC_PASSWORD_FILE": self.repository.password_file,
            "RESTIC_CACHE_DIR": self.cache,
            "RESTIC_PROGRESS_FPS": "4",
            "LC_ALL": "C.UTF-8",
        }


class Listing:
    """A `restic snapshots` at work."""

    def __init__(self, restic: Restic, argv: Sequence[str]) -> None:
        self._restic = restic
        self._argv = argv
        self._running = restic.start(argv, keep=ANSWER)

    def result(self) -> list[StoredSnapshot]:
        """The snapshots, in no particular order."""
        return listed(self._restic.answer(self._argv, "listing snapshots", self._running))

    def stop(self) -> None:
        """The answer is no longer wanted; a restic stopped early may leave its lock, which is freed."""
        self._running.stop()
        self._restic.unlock(INTERRUPT_SECONDS)


class Restore:
    """A restore at work."""

    def __init__(
        self, restic: Restic, argv: Sequence[str | bytes], messages: Messages, growth: Growth | None
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
        trouble = restic_errors.trouble("restoring", completed)
        return RestoreReport(
            seconds=completed.seconds, complaint=trouble.message, hint=trouble.hint, code=trouble.code
        )

    def stop(self) -> None:
        """End the restore now, and free the lock that a restic leaves when it is stopped early."""
        self._running.stop()
        self._restic.unlock(INTERRUPT_SECONDS)


def _code(doing: str, completed: Completed) -> str:
    """The code of what went wrong, or "" where there is a result."""
    return "" if completed.status in (0, 3) else restic_errors.trouble(doing, completed).code
