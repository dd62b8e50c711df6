"""The watcher on real files: what it hears, what it says that it cannot hear, and what is too much for it."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.adapters.watching import events as watcher_events
from agent.adapters.watching import planter as watcher_planter
from agent.adapters.watching.mounts import is_silent, mounted, type_at
from agent.adapters.watching.watcher import Watcher
from support.builders.live_files import Mount
from support.places import ROOT
from support.waiting import PATIENCE, until

Started = Callable[..., Watcher]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Starts watchers of the process "orders" that look at their roots often, and stops them."""
    monkeypatch.setattr(watcher_planter, "CHECK", 0.1)
    monkeypatch.setattr(watcher_events, "PAUSE", 0.05)
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


def codes(watcher: Watcher) -> list[str]:
    return [found.code for found in watcher.troubles()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "srv"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "file").write_text("old")
    return source


# ---- what it hears


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


def test_what_is_excluded_is_not_heard(source: Path, started: Started) -> None:
    watcher = started(source)
    (source / "a" / "work.tmp").write_text("x")
    time.sleep(0.3)
    assert watcher.changes() == {}


def test_opening_a_database_for_reading_is_not_heard(source: Path, started: Started) -> None:
    watcher = started(source)
    (source / "orders.db-shm").write_bytes(b"x")
    (source / "orders.db-wal").touch()
    (source / "orders.db-wal").unlink()
    time.sleep(0.3)
    assert watcher.changes() == {}


def test_first_and_last_are_told_until_it_is_settled(source: Path, started: Started) -> None:
    watcher = started(source)
    begun = time.monotonic()
    (source / "one").write_text("1")
    until(lambda: heard(watcher))
    first = watcher.changes()["orders"]
    (source / "two").write_text("2")
    until(lambda: watcher.changes()["orders"].last > first.last)
    assert begun <= watcher.changes()["orders"].first == first.first
    watcher.settled("orders")
    assert watcher.changes() == {}


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

    def written() -> bool:
        file.write_text("again")
        return heard(watcher)

    until(written)
    assert watcher.troubles() == []


def test_only_the_processes_that_changed_are_told(tmp_path: Path, started: Started) -> None:
    for name in ("orders", "mail"):
        (tmp_path / name).mkdir()
    roots = {name: [str(tmp_path / name)] for name in ("orders", "mail")}
    watcher = Watcher({**roots, "all": [str(tmp_path)]}, {})
    watcher.start()
    try:
        until(lambda: watcher._planter._round_at > 0)
        (tmp_path / "mail" / "letter").write_text("x")
        until(watcher.changes)
        assert set(watcher.changes()) == {"mail", "all"}
    finally:
        watcher.stop()


# ---- what is lost is said


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
    watcher._planter._not_before = 0
    until(lambda: watcher._board.round == 2 and not watcher._board.round_due)
    watcher.settled("orders")
    (source / "later").touch()
    until(lambda: heard(watcher))
    assert watcher.alive()


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


# ---- roots


def test_a_root_that_is_removed_and_made_again_is_watched_again(source: Path, started: Started) -> None:
    watcher = started(source)
    source.rename(source.with_name("gone"))
    until(lambda: codes(watcher) == ["source-missing"])
    source.mkdir()
    until(lambda: watcher.rescan() == {"orders"})
    watcher._planter._not_before = 0
    until(lambda: watcher._board.round == 2 and not watcher._board.round_due)
    watcher.settled("orders")
    (source / "file").touch()
    until(lambda: heard(watcher))
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
    watcher._planter._not_before = 0
    until(lambda: watcher._board.round == 2 and not watcher._board.round_due)
    watcher.settled("orders")
    assert codes(watcher) == []
    (source / "file").touch()
    until(lambda: heard(watcher))


def test_a_root_that_is_unmounted_is_seen(source: Path, started: Started, mounting: Mount) -> None:
    mounting(source)
    watcher = started(source)
    subprocess.run(["umount", source], check=True)  # no watch holds a file system
    until(lambda: watcher.rescan() == {"orders"})
    assert codes(watcher) == ["source-replaced"]


# ---- limits


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


# ---- file systems without events

MOUNTINFO = b"""\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /srv/office rw,relatime shared:2 - nfs4 server:/office rw,vers=4.2
41 40 8:3 / /srv/office/local rw - xfs /dev/sdb1 rw
42 22 0:36 / /srv/with\\040space rw master:3 shared:4 - fuse.sshfs host: rw
43 22 8:4 / /srv/ntfs rw - fuseblk /dev/sdc1 rw
44 22 0:40 / /srv/twice rw - nfs old:/ rw
45 44 8:5 / /srv/twice rw - ext4 /dev/sdd1 rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        (b"/", "ext4", False),
        (b"/srv/orders", "ext4", False),
        (b"/srv/office", "nfs4", True),
        (b"/srv/office/files", "nfs4", True),
        (b"/srv/office/local/files", "xfs", False),
        (b"/srv/office2", "ext4", False),
        (b"/srv/with space/x", "fuse.sshfs", True),
        (b"/srv/ntfs", "fuseblk", False),
        (b"/srv/twice", "ext4", False),
    ],
)
def test_the_file_system_of_a_path_is_known(path: bytes, kind: str, silent: bool) -> None:
    found = type_at(path, mounted(MOUNTINFO))
    assert (found, is_silent(found)) == (kind, silent)


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


# ---- life and death


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
