"""Locks that let one readiness at a time work on a repository or a process: files below <state>/locks."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agent.adapters.host.state import prepare, translated
from agent.core.schedule.holding import shown
from agent.errors import Busy


@contextmanager
def exclusive(state: Path, names: Collection[str]) -> Iterator[frozenset[str]]:
    """Hold all of `names` (see `agent.core.schedule.holding`) alone until the block or the process ends.

    Yields those whose last holder was killed, so that its clean-up is still to be done. Programs that we
    start do not inherit the locks. Raises Busy at once, holding none, when another readiness has one.
    """
    prepare(state)
    directory = state / "locks"
    with ExitStack() as held:
        with translated(state):
            directory.mkdir(mode=0o700, exist_ok=True)
        # in one order, and each marked only once all are ours: a killed holder's mark must outlive a refusal
        locks = {name: _taken(held, state, directory / name) for name in sorted(set(names))}
        with translated(state):
            killed = frozenset(name for name, lock in locks.items() if os.pread(lock, 1, 0))
            for lock in locks.values():
                _mark(lock, f"{os.getpid()}\n")
        try:
            yield killed
        finally:
            for lock in locks.values():
                _mark(lock, "")


@contextmanager
def alone(state: Path, name: str) -> Iterator[None]:
    """Nobody else does what `name` says meanwhile, which takes moments only."""
    directory = prepare(state) / "locks"
    with translated(state):
        directory.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def marked(state: Path, names: Collection[str]) -> list[str]:
    """Those of `names` whose last holder is at work, or was killed."""
    files = [(name, state / "locks" / name) for name in sorted(names)]
    with translated(state):
        return [name for name, file in files if file.exists() and file.stat().st_size]


def _taken(held: ExitStack, state: Path, file: Path) -> int:
    """The lock in `file`, ours until `held` ends; Busy when it is somebody else's."""
    with translated(state):
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        # the file stays: removing it would let two processes lock two files of the same name
        held.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(file.name, lock) from None
    return lock


def _mark(lock: int, text: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def _busy(name: str, lock: int) -> Busy:
    holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
    number = f" (PID {holder})" if holder.isdecimal() else ""
    return Busy(
        f"Another readiness{number} is at work on {shown(name)}.",
        "Try again when it has finished.",
    )
