"""The watcher on real files: what it hears, what it says that it cannot hear, and what is too much for it."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.watching import planter as watcher_planter
from agent.adapters.watching.watcher import Watcher
from support.servers.running_watcher import Started, heard, until_writing_is_heard, watchers, with_a_file
from support.waiting import PATIENCE, until


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    with watchers(monkeypatch) as start:
        yield start


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return with_a_file(tmp_path)


def test_an_overflow_asks_for_a_scan_of_everything_and_is_over_after_that(
    source: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = started(source)
    reading = threading.Event()
    take = watcher._board.take
    held = threading.Event()

    def slowly(events: object) -> None:
        held.set()
        assert reading.wait(PATIENCE)
        take(events)  # type: ignore[arg-type]

    monkeypatch.setattr(watcher._planter.events, "_on_batch", slowly)
    (source / "first").touch()
    assert held.wait(PATIENCE)
    for number in range(int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) + 100):
        (source / f"{number}").touch()
    reading.set()

    until(lambda: watcher.rescan() == {"orders"})
    watcher.settled("orders")
    until_writing_is_heard(watcher, source / "later")
    assert watcher.alive()


def test_it_is_alive_until_a_thread_dies(source: Path, started: Started) -> None:
    watcher = started(source)
    assert watcher.alive()
    assert watcher._planter.events is not None
    watcher._planter.events.stop()
    until(lambda: not watcher.alive())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_raised_is_not_alive(
    source: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = started(source)

    def broken(events: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watcher._planter.events, "_on_batch", broken)
    (source / "file").touch()
    until(lambda: not watcher.alive())


def test_a_file_system_that_hangs_holds_up_nothing_else(
    source: Path, tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    let_go = threading.Event()
    lstat = os.lstat

    def hanging(path: object) -> os.stat_result:
        if path == os.fsencode(dead):
            assert let_go.wait(PATIENCE)
        return lstat(path)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("agent.adapters.watching.watcher.HUNG", 0.1)
    monkeypatch.setattr(watcher_planter.os, "lstat", hanging)
    watcher = Watcher({"dead": [str(dead)], "orders": [str(source)]}, {})
    watcher.start()
    try:
        until(lambda: watcher.alive() and len(watcher._board.watched) == 3)
        found = watcher.troubles()
        assert [(one.code, one.process) for one in found] == [("no-events", "dead")]
        (source / "file").touch()
        until(lambda: heard(watcher))
    finally:
        let_go.set()
        watcher.stop()


@pytest.mark.parametrize("pause", [0.0, 0.001])
def test_stopping_it_while_it_begins_leaves_nothing_behind(source: Path, pause: float) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(100):
        watcher = Watcher({"orders": [str(source)]}, {})
        watcher.start()
        time.sleep(pause)
        watcher.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("watcher-")]
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_stopping_ends_its_threads_and_its_watches(source: Path, started: Started) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    watcher = started(source)
    watcher.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("watcher-")]
    assert len(os.listdir("/proc/self/fd")) == descriptors
