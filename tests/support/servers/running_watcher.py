"""Watchers of the process "orders" that look at their roots often, and what they tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.watching import events, planter
from agent.adapters.watching.watcher import Watcher
from support.waiting import until

Started = Callable[..., Watcher]


@contextmanager
def watchers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Starts watchers of some paths, and stops them."""
    monkeypatch.setattr(planter, "CHECK", 0.1)
    monkeypatch.setattr(events, "PAUSE", 0.05)
    running: list[Watcher] = []

    def start(*roots: Path, **options: object) -> Watcher:
        excluded = {"orders": ["*.tmp"]}
        watcher = Watcher({"orders": [str(root) for root in roots]}, excluded, **options)  # type: ignore[arg-type]
        running.append(watcher)
        watcher.start()
        until(lambda: watcher._planter._round_at > 0)
        return watcher

    yield start
    for watcher in running:
        watcher.stop()


def heard(watcher: Watcher) -> bool:
    return "orders" in watcher.changes()


def until_writing_is_heard(watcher: Watcher, file: Path) -> None:
    """Write to a file until the watcher tells: whoever wrote before the watch was set is told by a rescan."""

    def written() -> bool:
        file.write_text("again")
        return heard(watcher)

    until(written)


def codes(watcher: Watcher) -> list[str]:
    return [found.code for found in watcher.troubles()]


def with_a_file(base: Path) -> Path:
    """Directories to watch, and a file deep in them."""
    source = base / "srv"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "file").write_text("old")
    return source
