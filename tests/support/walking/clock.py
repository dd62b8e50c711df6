"""A clock that a walk moves: for the agent, for restic, and for the walk itself. Files age by themselves.

The agent asks its clock in one place. restic is given the time of a snapshot (`backup --time`), in whole
seconds: the clock goes on by one with each command, so that no two snapshots have the same.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.app.clock import SystemClock
from support.servers.forked_cli import CLOCK

WRAPPER = """#!/bin/sh
for word; do
    [ "$word" != backup ] ||
        exec {restic} "--time=$(date --date="@$(($(date +%s) + {seconds}))" '+%F %T')" "$@"
done
exec {restic} "$@"
"""


class Clock:
    """So many seconds ahead of the machine's."""

    def __init__(self, restic: Path, wrapper: Path) -> None:
        self.ahead = 0
        self._restic, self._wrapper = restic, wrapper

    def now(self) -> float:
        return time.time() + self.ahead

    def move(self, seconds: int) -> None:
        self.ahead += seconds
        self._wrapper.write_text(WRAPPER.format(restic=self._restic, seconds=self.ahead))
        self._wrapper.chmod(0o755)

    @property
    def restic(self) -> Path:
        """What the config names: the program itself as long as the clock was never moved."""
        return self._wrapper if self.ahead else self._restic

    def tick(self) -> None:
        """Between two commands."""
        if self.ahead:
            self.move(1)

    @property
    def environment(self) -> dict[str, str]:
        return {CLOCK: str(self.ahead)} if self.ahead else {}


@contextmanager
def moved(seconds: int) -> Iterator[None]:
    """The agent's own clock in this process goes ahead."""
    real = SystemClock.now
    if seconds:
        SystemClock.now = lambda self: datetime.now(UTC) + timedelta(seconds=seconds)  # type: ignore[method-assign]
    try:
        yield
    finally:
        SystemClock.now = real  # type: ignore[method-assign]
