"""Which changes the kernel tells of, and that they are handed over in batches."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants as IN

from agent.adapters.watching import events as module
from agent.adapters.watching.events import DIRECTORY, Events, is_limit
from support.servers.running_watcher import Started, heard, watchers, with_a_file
from support.waiting import until


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    with watchers(monkeypatch) as start:
        yield start


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return with_a_file(tmp_path)


@pytest.mark.parametrize(
    "act",
    [
        lambda source: (source / "a" / "b" / "file").write_text("other"),
        lambda source: (source / "a" / "new").write_text("new"),
        lambda source: (source / "a" / "b" / "file").unlink(),
        lambda source: (source / "a" / "b" / "file").rename(source / "moved"),
        lambda source: (source / "a" / "b" / "file").chmod(0o600),
        lambda source: (source / "a" / "new").mkdir(),
        lambda source: (source / "a" / "b").rename(source / "moved"),
    ],
)
def test_every_kind_of_change_is_heard(source: Path, started: Started, act: Callable[[Path], object]) -> None:
    watcher = started(source)
    act(source)
    until(lambda: heard(watcher))


def test_reading_is_no_change(source: Path, started: Started) -> None:
    watcher = started(source)
    (source / "a" / "b" / "file").read_text()
    list(source.rglob("*"))
    time.sleep(0.3)
    assert watcher.changes() == {}


# ---- the thread itself ----------------------------------------------------------------------


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(module, "PAUSE", 0.05)
    return []


def test_a_watch_that_was_let_go_tells_nothing_more(tmp_path: Path, batches: list[int]) -> None:
    for name in ("watched", "let go"):
        (tmp_path / name).mkdir()
    events = Events(lambda found: batches.extend(one.wd for one in found if one.mask & IN.IN_CREATE))
    events.start()
    try:
        numbers = [watched(events, tmp_path / name) for name in ("watched", "let go")]
        events.unwatch(numbers[1])
        (tmp_path / "let go" / "file").touch()
        (tmp_path / "watched" / "file").touch()
        until(lambda: batches)
        assert batches == numbers[:1]
    finally:
        events.stop()
        events.join()


def watched(events: Events, directory: Path) -> int:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        return events.watch(descriptor, DIRECTORY)
    finally:
        os.close(descriptor)


def test_the_same_directory_has_the_same_number(tmp_path: Path, batches: list[int]) -> None:
    events = Events(lambda _: None)
    events.start()
    assert watched(events, tmp_path) == watched(events, tmp_path)
    events.stop()
    events.join()


def test_what_is_no_directory_is_refused_as_one(tmp_path: Path, batches: list[int]) -> None:
    (tmp_path / "file").touch()
    events = Events(lambda _: None)
    events.start()
    with pytest.raises(NotADirectoryError):
        watched(events, tmp_path / "file")
    events.stop()
    events.join()


@pytest.mark.parametrize(
    ("number", "limit"),
    [(errno.ENOSPC, True), (errno.EMFILE, True), (errno.ENOMEM, True), (errno.EACCES, False)],
)
def test_a_limit_of_the_kernel_is_told_from_other_trouble(number: int, limit: bool) -> None:
    assert is_limit(OSError(number, os.strerror(number))) is limit
