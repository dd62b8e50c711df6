"""One call of restic: started, its answer collected, tried once more where that helps."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from agent.adapters.host.command import CommandMissing, Completed, Running, run
from agent.adapters.host.interrupts import stop_all
from agent.adapters.restic import errors as restic_errors
from agent.adapters.restic.environment_file import read_environment
from agent.adapters.restic.messages import garbled
from agent.adapters.restic.seen import require_private, seen_ourselves
from agent.adapters.restic.version import Version, installed_version
from agent.core.configuration.config import Repository
from agent.errors import ResticError

INTERRUPT_SECONDS = 10.0  # that somebody who wants it to end waits at most for the lock
ANSWER = 1 << 26  # bytes of a quick call's answer that are kept
WORTH_ANOTHER = {"repository-locked", "restic-crashed"}
LEAVES_LOCK = {"restic-crashed", "restic-killed"}

# A restic of ours asks nobody, and takes no secret or place from the environment but what we set.
_NOT_INHERITED = (
    "RESTIC_PASSWORD",
    "RESTIC_PASSWORD_COMMAND",
    "RESTIC_REPOSITORY_FILE",
    "RESTIC_FROM_PASSWORD",
    "RESTIC_FROM_PASSWORD_COMMAND",
    "RESTIC_FROM_REPOSITORY_FILE",
    "LD_PRELOAD",
)


class ResticCalls:
    """Calls one restic executable on one repository.

    `cache` is restic's cache directory. Quick calls end after `stall_timeout` seconds; backups and
    restores when they show no sign of life for as long.
    """

    def __init__(self, executable: str, repository: Repository, cache: str, stall_timeout: int) -> None:
        self.executable = executable
        self.repository = repository
        self.cache = cache
        self.stall_timeout = stall_timeout
        self.by: tuple[str, ...] = ()  # words that make another user run it
        self._version: Version | None = None
        self._own_environment: dict[str, str] | None = None

    def version(self) -> Version:
        """restic's version; ResticError when it is missing, too old, or says something else."""
        if self._version is None:
            self._version = installed_version(self.executable)
        return self._version

    def start(
        self,
        argv: Sequence[str | bytes],
        messages: Callable[[bytes], None] | None = None,
        keep: int = 1 << 16,
        pass_fds: Sequence[int] = (),
    ) -> Running:
        """Start restic with `--json`; its lines go to `messages`."""
        return Running(
            [*self.by, self.executable, "--json", *self.options(), *argv],
            env=self.environment(),
            on_line=messages,
            keep=keep,
            pass_fds=pass_fds,
            stop_signal=signal.SIGINT,  # every version removes its lock on SIGINT, 0.14 not on SIGTERM
        )

    def start_quick(self, argv: Sequence[str | bytes]) -> Running:
        """Start a restic whose whole answer is wanted."""
        return self.start(argv, keep=ANSWER)

    def answer(self, argv: Sequence[str], doing: str, first: Running | None = None) -> bytes:
        """What a quick call printed; `first` is its first attempt where one was started already."""
        return self.heard(argv, doing, first).stdout

    def heard(self, argv: Sequence[str], doing: str, first: Running | None = None) -> Completed:
        """A quick call whose whole answer is there; also what it complained of although it ended well."""
        completed = self.quick(argv, doing, first)
        if completed.output_bytes > len(completed.stdout):
            raise garbled(doing)
        return completed

    def trouble(self, doing: str, completed: Completed) -> ResticError:
        """What went wrong, with what can be seen of its cause without restic."""
        return seen_ourselves(restic_errors.trouble(doing, completed), self.repository)

    def quick(self, argv: Sequence[str], doing: str, first: Running | None = None) -> Completed:
        """A call that is soon over; ResticError when it did not end well."""
        attempts = iter([first] if first else [])

        def once() -> Completed:
            running = next(attempts, None) or self.start_quick(argv)

            def look() -> None:
                if running.stdout.total > ANSWER:
                    raise garbled(doing)

            return running.wait(self.stall_timeout, look)

        completed = self.retried(once, doing)
        if completed.status != 0 or completed.timed_out:
            raise self.trouble(doing, completed)
        return completed

    def retried(self, attempt: Callable[[], Completed], doing: str) -> Completed:
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
        with suppress(CommandMissing, ResticError):  # the next call says so
            argv = [*self.by, self.executable, *self.options(), "unlock", "--no-cache"]
            run(argv, env=self.environment(), deadline=deadline)

    def options(self) -> list[str]:
        """What stands between restic's name and its command: the `options` of the config."""
        return [word for option in self.repository.options for word in ("-o", option)]

    def own_environment(self) -> dict[str, str]:
        """What `environment_file` sets; ResticError when it cannot be used."""
        if self._own_environment is None:
            self._own_environment = read_environment(self.repository.environment_file)
        return self._own_environment

    def environment(self) -> dict[str, str]:
        """All that a restic of ours has in its environment; ResticError where its secrets cannot be used."""
        require_private(self.repository)
        kept = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
        ours = {
            "RESTIC_REPOSITORY": self.repository.url,
            "RESTIC_PASSWORD_FILE": self.repository.password_file,
            "RESTIC_CACHE_DIR": self.cache,
            "RESTIC_PROGRESS_FPS": "4",
            "LC_ALL": "C.UTF-8",
        }
        return kept | self.own_environment() | ours


def _code(doing: str, completed: Completed) -> str:
    """The code of what went wrong, or "" where there is a result."""
    return "" if completed.status in (0, 3) else restic_errors.trouble(doing, completed).code
