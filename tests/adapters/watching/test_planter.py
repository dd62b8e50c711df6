"""Watches are set on what is there, new or late, within limits and never on what hangs."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.watching import planter as watcher_planter
from support.builders.live_files import Mount
from support.places import ROOT
from support.servers.running_watcher import (
    Started,
    codes,
    heard,
    until_writing_is_heard,
    watchers,
    with_a_file,
)
from support.waiting import PATIENCE, until


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    with watchers(monkeypatch) as start:
        yield start


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return with_a_file(tmp_path)


def test_a_change_in_a_directory_that_was_made_meanwhile_is_heard(source: Path, started: Started) -> None:
    watcher = started(source)
    deep = source / "x" / "y" / "z"
    deep.mkdir(parents=True)
    until(lambda: len(watcher._board.watched) == 6)
    watcher.settled("orders")
    (deep / "file").write_text("x")
    until(lambda: heard(watcher))


def test_a_change_in_a_directory_that_was_renamed_is_heard_below_its_new_name(
    source: Path, started: Started
) -> None:
    watcher = started(source)
    (source / "a").rename(source / "c")
    (source / "c" / "b" / "new").mkdir()
    until(lambda: len(watcher._board.watched) == 4)
    watcher.settled("orders")
    (source / "c" / "b" / "new" / "file").write_text("x")
    until(lambda: heard(watcher))


def test_a_path_that_is_a_file_is_watched(source: Path, started: Started) -> None:
    file = source / "a" / "b" / "file"
    watcher = started(file)
    file.write_text("other")
    until(lambda: heard(watcher))


def test_a_file_that_an_editor_put_in_the_place_of_the_old_is_watched_on(
    source: Path, started: Started
) -> None:
    file = source / "a" / "b" / "file"
    watcher = started(file)
    file.with_name("new").write_text("other")
    file.with_name("new").replace(file)
    until(watcher.rescan)
    watcher.settled("orders")
    until_writing_is_heard(watcher, file)
    assert watcher.troubles() == []


def test_a_directory_whose_making_was_lost_is_found_and_a_scan_is_due(source: Path, started: Started) -> None:
    watcher = started(source)
    watcher._board._ask = lambda root, path: None  # type: ignore[method-assign] - as if lost
    (source / "unheard").mkdir()
    until(lambda: heard(watcher))
    watcher.settled("orders")
    watcher._board.round_due, watcher._planter._not_before = True, 0
    until(lambda: watcher.rescan() == {"orders"})
    (source / "unheard" / "file").touch()
    until(lambda: heard(watcher))


def test_watches_on_directories_that_were_moved_away_are_let_go(
    source: Path, tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_planter, "STRAYS", 0.0)
    watcher = started(source)
    (source / "a").rename(tmp_path / "away")
    until(lambda: watcher._board.strays)
    watcher._planter._not_before = 0
    until(lambda: len(watcher._board.watched) == 1)
    watcher.settled("orders")
    (tmp_path / "away" / "b" / "file").write_text("x")
    time.sleep(0.3)
    assert watcher.changes() == {}


def test_a_root_that_is_removed_and_made_again_is_watched_again(source: Path, started: Started) -> None:
    watcher = started(source)
    source.rename(source.with_name("gone"))
    until(lambda: codes(watcher) == ["source-missing"])
    assert watcher.rescan() == {"orders"}
    source.mkdir()
    until(lambda: watcher.rescan() == {"orders"})
    watcher.settled("orders")
    until_writing_is_heard(watcher, source / "file")
    assert codes(watcher) == []


def test_a_root_that_comes_late_is_watched_then(tmp_path: Path, started: Started) -> None:
    source = tmp_path / "late"
    watcher = started(source)
    assert codes(watcher) == ["source-missing"]
    source.mkdir()
    until(lambda: watcher.rescan() == {"orders"})
    watcher._planter._not_before = 0
    until(lambda: len(watcher._board.watched) == 1)
    assert codes(watcher) == []


def test_a_file_system_that_is_mounted_over_a_root_is_seen_and_watched(
    source: Path, started: Started, mounting: Mount
) -> None:
    watcher = started(source)
    mounting(source)
    until(lambda: watcher.rescan() == {"orders"})
    assert codes(watcher) == ["source-replaced"]
    watcher.settled("orders")
    assert codes(watcher) == []
    until_writing_is_heard(watcher, source / "file")


def test_a_root_that_is_unmounted_is_seen(source: Path, started: Started, mounting: Mount) -> None:
    mounting(source)
    watcher = started(source)
    subprocess.run(["umount", source], check=True)  # no watch holds a file system
    until(lambda: watcher.rescan() == {"orders"})
    assert codes(watcher) == ["source-replaced"]


def test_beyond_the_limit_the_top_levels_are_watched_and_it_is_said(source: Path, started: Started) -> None:
    for number in range(8):
        (source / f"{number}" / "deep").mkdir(parents=True)
    watcher = started(source, limit=6)
    paths = {Path(os.fsdecode(watched.path)) for watched in watcher._board.watched.values()}
    assert len(paths) == 6
    assert all(path == source or path.parent == source for path in paths)
    assert codes(watcher) == ["watch-limit"]
    assert "Only 6 of at least 15" in watcher.troubles()[0].message
    (source / "file").touch()
    until(lambda: heard(watcher))


def test_the_kernels_limit_is_told_with_what_to_raise(source: Path) -> None:
    for number in range(20):
        (source / f"{number}").mkdir()
    script = f"""
        import time
        from pathlib import Path
        from agent.adapters.watching.watcher import Watcher
        Path("/proc/sys/user/max_inotify_watches").write_text("5")
        watcher = Watcher({{"orders": [{str(source)!r}]}}, {{}})
        watcher.start()
        while not watcher.troubles(): time.sleep(0.01)
        Path({str(source)!r}, "file").touch()
        while not watcher.changes(): time.sleep(0.01)
        found, = watcher.troubles()
        print(found.code, found.message, found.hint, watcher.alive())
        watcher.stop()
    """
    said = in_user_namespace(script)
    assert "watch-limit Only 5 of at least 2" in said
    assert "sysctl fs.inotify.max_user_watches" in said
    assert said.endswith("True\n")


def test_without_any_inotify_it_lives_and_says_so(source: Path) -> None:
    script = f"""
        import time
        from pathlib import Path
        from agent.adapters.watching.watcher import Watcher
        Path("/proc/sys/user/max_inotify_instances").write_text("0")
        watcher = Watcher({{"orders": [{str(source)!r}]}}, {{}})
        watcher.start()
        while not watcher.troubles(): time.sleep(0.01)
        found, = watcher.troubles()
        print(found.code, found.hint, watcher.alive(), watcher.changes())
        watcher.stop()
    """
    said = in_user_namespace(script)
    assert said.startswith("watch-limit Raise the limit with sysctl fs.inotify.max_user_instances")
    assert said.endswith("True {}\n")


def in_user_namespace(script: str) -> str:
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    if "unshare failed" in done.stderr:
        pytest.skip("needs user namespaces")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_network_file_system_is_never_touched_and_it_is_said(
    source: Path, tmp_path: Path, started: Started
) -> None:
    planted = tmp_path / "mountinfo"
    office = source / "a"
    planted.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 22 0:35 / {office} rw - nfs4 s:/ rw\n")
    watcher = started(source, office, mountinfo=planted)
    paths = [watched.path for watched in watcher._board.watched.values()]
    assert paths == [os.fsencode(source)]
    assert codes(watcher) == ["no-events"]
    assert watcher.troubles()[0].path == str(office)
    assert watcher.troubles()[0].severity == "info"
