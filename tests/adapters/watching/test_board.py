"""What stirred, for which process, and what does not count as a stir."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants as IN
from watchdog.observers.inotify_c import InotifyEvent

from agent.adapters.watching import board as module
from agent.adapters.watching.board import Board
from agent.adapters.watching.watcher import Watcher
from support.servers.running_watcher import Started, heard, watchers, with_a_file
from support.waiting import until


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    with watchers(monkeypatch) as start:
        yield start


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return with_a_file(tmp_path)


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


# ---- the board itself, without any thread ---------------------------------------------------


def event(mask: int, name: bytes = b"", watch: int = 1) -> InotifyEvent:
    return InotifyEvent(watch, mask, 0, name)


@pytest.fixture
def board() -> Board:
    """Watch 1 lies on /srv, which belongs to orders and mail; mail leaves *.tmp out."""
    found = Board({"orders": ["/srv"], "mail": ["/srv"]}, {"mail": ["*.tmp"]}, limit=10)
    found.round = 1
    for root in found.roots:
        found.add(1, root, b"/srv", late=False)
    return found


def test_a_directory_of_two_processes_stirs_both_but_for_what_one_leaves_out(board: Board) -> None:
    board.take([event(IN.IN_MODIFY, b"work.tmp")])
    assert set(board.stirs()) == {"orders"}
    board.take([event(IN.IN_MODIFY, b"order")])
    assert {name: stir.events for name, stir in board.stirs().items()} == {"orders": 2, "mail": 1}


@pytest.mark.parametrize(
    ("name", "mask", "stirs"),
    [
        (b"orders.db-shm", IN.IN_MODIFY, False),
        (b"orders.db-wal", IN.IN_CREATE, False),
        (b"orders.db-wal", IN.IN_MODIFY, True),
        (b"orders.db", IN.IN_MODIFY, True),
    ],
)
def test_what_readers_of_a_database_do_is_told_from_writing(
    board: Board, name: bytes, mask: int, stirs: bool
) -> None:
    board.take([event(mask, name)])
    assert bool(board.stirs()) is stirs


def test_a_directory_that_came_waits_to_be_watched_and_a_file_does_not(board: Board) -> None:
    board.take([event(IN.IN_CREATE, b"file"), event(IN.IN_CREATE | IN.IN_ISDIR, b"new")])
    assert {(root.process, path) for root, path in board.tasks} == {
        ("orders", b"/srv/new"),
        ("mail", b"/srv/new"),
    }


def test_of_too_many_new_directories_the_whole_tree_is_gone_through_instead(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TASKS", 3)
    board.round_due = False
    board.take([event(IN.IN_CREATE | IN.IN_ISDIR, b"%d" % number) for number in range(9)])
    assert (len(board.tasks), board.round_due) == (3, True)


def test_an_overflow_loses_everything_once(board: Board) -> None:
    board.round_due = False
    board.take([event(IN.IN_Q_OVERFLOW, watch=-1)])
    assert (board.take_lost(), board.round_due) == ({"orders", "mail"}, True)
    assert board.take_lost() == set()


def test_a_watch_that_the_kernel_took_away_is_forgotten(board: Board) -> None:
    board.take([event(IN.IN_IGNORED)])
    assert board.watched == {}


@pytest.mark.parametrize("mask", [IN.IN_DELETE_SELF, IN.IN_MOVE_SELF, IN.IN_UNMOUNT])
def test_a_root_that_went_is_looked_at(board: Board, mask: int) -> None:
    board.take([event(mask)])
    assert board.check_due


def test_what_the_last_round_did_not_meet_is_let_go(board: Board) -> None:
    board.round, board.strays = 2, True
    board.add(2, board.roots[0], b"/srv/new", late=False)
    assert (board.sweep(), list(board.watched), board.strays) == ([1], [2], False)


def test_a_directory_that_is_found_late_means_that_events_were_lost(board: Board) -> None:
    board.add(2, board.roots[0], b"/srv/new", late=True)
    assert board.take_lost() == {"orders"}


def test_settling_one_process_leaves_the_other(board: Board) -> None:
    board.take([event(IN.IN_MODIFY, b"order")])
    board.roots[0].replaced = True
    board.settle("orders")
    assert (set(board.stirs()), board.roots[0].replaced) == ({"mail"}, False)
