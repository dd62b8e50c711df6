"""Shows how far long work is: a bar on a terminal, plain lines elsewhere, nothing for `--json`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.adapters.host.interrupts import held_off
from agent.core.text.plain import count, duration, size

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY = 15.0  # seconds between two plain lines


class Silent:
    """Shows nothing."""

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        """Nothing."""

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class PlainLines:
    """A line on standard error every `EVERY` seconds, with rate and time left."""

    def __init__(self) -> None:
        self._title = ""
        self._total: int | None = None
        self._begun = self._said = 0.0

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        """Short work stays unmentioned."""
        self._title, self._total = title, total_bytes
        self._begun = self._said = time.monotonic()

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        """Say how far it is, unless that was said just now."""
        now = time.monotonic()
        if now - self._said < EVERY:
            return
        self._said = now
        total = total_bytes or self._total
        rate = max(0, done_bytes) / (now - self._begun)
        parts = [size(_at_most(done_bytes, total)) + (f" of {size(total)}" if total else "")]
        if files:
            parts.append(count(files, "file"))
        if total is None or done_bytes <= total:  # else something else was counted, or counted twice
            parts.append(f"{size(int(rate))}/s")
        if total and rate and (left := (total - done_bytes) / rate) >= 1:
            parts.append(f"{duration(left)} left")
        print(f"{self._title}: {', '.join(parts)}", file=sys.stderr, flush=True)  # noqa: T201

    def end(self) -> None:
        """Nothing more to say."""


def _at_most(done: int, total: float | None) -> int:
    """Never more than all of it: restic counts anew what it fetches again, and sees what others write."""
    return max(0, min(done, int(total)) if total else done)


class TerminalBar:
    """A bar that disappears when the work is done."""

    def __init__(self) -> None:
        self._drawn: tuple[Bar, TaskID] | None = None  # one value: `advance` comes from other threads

    def begin(self, title: str, total_bytes: int | None = None) -> None:
        """Draw the bar."""
        self.end()
        from rich.console import Console  # noqa: PLC0415 - only long work on a terminal pays for it
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            Progress,
            Task,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.text import Text  # noqa: PLC0415

        class TimeLeft(TimeRemainingColumn):
            def render(self, task: Task) -> Text:
                """Nothing where all was counted: it is still at work."""
                return Text() if task.finished else super().render(task)

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeLeft(),
        )
        with held_off():  # half begun, it would leave the terminal without a cursor
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._drawn = bar, bar.add_task(title, total=total_bytes)
            bar.start()

    def advance(self, done_bytes: int, files: int | None = None, total_bytes: int | None = None) -> None:
        """Move the bar."""
        if drawn := self._drawn:
            bar, task = drawn
            total = total_bytes or bar.tasks[0].total
            bar.update(task, completed=_at_most(done_bytes, total), total=total_bytes)

    def end(self) -> None:
        """Take the bar away."""
        with held_off():
            drawn, self._drawn = self._drawn, None
            if drawn:
                drawn[0].stop()


def suitable_progress(quiet: bool) -> Silent | PlainLines | TerminalBar:
    """The progress that fits standard error; silent when `quiet`."""
    if quiet:
        return Silent()
    return TerminalBar() if sys.stderr.isatty() else PlainLines()


@contextmanager
def ended(progress: Silent | PlainLines | TerminalBar) -> Iterator[None]:
    """Whatever happens in the block, no bar is left on the terminal."""
    try:
        yield
    finally:
        progress.end()
