"""Whatever a file does to the process that looks into it, we wait no longer than we said and go on."""

import contextlib
import errno
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.looking import session, starting
from agent.adapters.looking.files import open_regular
from agent.adapters.looking.session import Look, TookTooLong
from agent.adapters.looking.starting import Looker, NotLooked
from support.builders.databases import make_orders
from support.hostile.databases import lasts_for_weeks, truncated_in_a_loop

ROWS = {"check": True, "rows": True}
QUERY = {"query": "SELECT count(*) FROM orders"}
ENDLESS = {"query": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"}


@contextlib.contextmanager
def opened(file: Path) -> Iterator[int]:
    handle = open_regular(file)
    try:
        yield handle
    finally:
        os.close(handle)


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[int]:
    with opened(make_orders(tmp_path / "orders.db", rows=3)) as handle:
        yield handle


def test_a_file_is_handed_over_and_an_answer_comes_back(look: Look, orders: int) -> None:
    answer = look.ask(ROWS, 30, [orders])
    assert (answer.faults, answer.rows) == ((), {"customers": 1, "orders": 3})


def test_a_function_that_lasts_for_weeks_is_ended_at_the_deadline_and_the_next_question_is_answered(
    look: Look, tmp_path: Path, orders: int
) -> None:
    begun = time.monotonic()
    with opened(lasts_for_weeks(tmp_path / "slow.db")) as slow, pytest.raises(TookTooLong):
        look.ask(ROWS, 1, [slow])
    assert 1 <= time.monotonic() - begun < 5
    assert look.ask(QUERY, 30, [orders]).value == 3


def test_ctrl_c_is_heard_while_it_is_at_work(look: Look, tmp_path: Path) -> None:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with opened(lasts_for_weeks(tmp_path / "slow.db")) as slow, pytest.raises(KeyboardInterrupt):
        look.ask(ROWS, 60, [slow])
    assert time.monotonic() - begun < 5


def test_who_was_killed_is_named_by_the_signal(look: Look, orders: int) -> None:
    look.ask(QUERY, 30, [orders])
    assert look._looker
    assert look._looker._program
    threading.Timer(0.3, os.kill, (look._looker._program.pid, signal.SIGBUS)).start()
    with pytest.raises(NotLooked, match="ended by SIGBUS"):
        look.ask(ENDLESS, 30, [orders])


def test_a_file_that_is_truncated_in_a_loop_harms_nobody(look: Look, tmp_path: Path) -> None:
    database = make_orders(tmp_path / "orders.db", rows=3)
    with truncated_in_a_loop(database), opened(database) as handle:
        for _ in range(20):
            look.ask(QUERY, 30, [handle])


def test_memory_is_limited_and_what_takes_more_is_no_answer_but_no_death_either(
    look: Look, orders: int
) -> None:
    greedy = {"query": "SELECT length(hex(zeroblob(490000000)))"}
    assert look.ask(greedy, 30, [orders]).code == 7
    assert look.ask(QUERY, 30, [orders]).value == 3


def test_too_many_deaths_are_the_end_of_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_ENDED", 1)
    with (
        contextlib.closing(Look(tmp_path / "look")) as look,
        opened(make_orders(tmp_path / "o.db")) as handle,
    ):
        with pytest.raises(TookTooLong):
            look.ask(ENDLESS, 0.1, [handle])
        with pytest.raises(NotLooked, match="1 processes that looked into other files were ended already"):
            look.ask(QUERY, 30, [handle])


# ---- the room


def test_what_is_lent_is_there_itself_and_gone_afterwards_with_its_mode_as_before(
    look: Look, tmp_path: Path
) -> None:
    file = make_orders(look.private() / "orders.db", rows=3)
    file.chmod(0o600)
    with opened(file) as handle:
        with look.lent({"database": handle}, ours=True):
            assert file.stat().st_nlink == 2
            (look.place / "room" / "left").touch()
            answer = look.ask(ROWS | {"options": "mode=ro&immutable=1"}, 30)
        assert answer.rows == {"customers": 1, "orders": 3}
        assert (file.stat().st_nlink, file.stat().st_mode & 0o777) == (1, 0o600)
        assert list((look.place / "room").iterdir()) == []
    file.unlink()


def test_what_is_others_is_there_as_a_copy(look: Look, tmp_path: Path) -> None:
    file = make_orders(tmp_path / "orders.db", rows=3)
    file.chmod(0o600)
    with opened(file) as handle, look.lent({"database": handle}, ours=False):
        assert (file.stat().st_nlink, file.stat().st_mode & 0o777) == (1, 0o600)
        assert look.ask(ROWS | {"options": "mode=ro"}, 30).rows == {"customers": 1, "orders": 3}


def test_where_files_have_one_name_only_copies_are_read_and_nothing_is_changed(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no second name")

    monkeypatch.setattr(os, "link", refuse)
    with opened(make_orders(tmp_path / "orders.db", rows=3)) as handle:
        with look.lent({"database": handle}, ours=True):
            assert look.ask(ROWS | {"options": "mode=ro"}, 30).rows == {"customers": 1, "orders": 3}
        with pytest.raises(OSError, match="two names"), look.lent({"a": handle}, ours=True, writable=True):
            pass


def test_what_a_killed_one_left_is_removed_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "look" / "room").mkdir(parents=True)
    (tmp_path / "look" / "copy-1").touch()
    look = Look(tmp_path / "look")
    assert list(tmp_path.iterdir()) == []
    look.begin()
    assert look._looker
    assert look._looker._program
    pid = look._looker._program.pid
    look.close()
    assert list(tmp_path.iterdir()) == []
    assert not Path(f"/proc/{pid}").exists()


# ---- answers of one that was taken over


class TakenOver:
    """Answers what it likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *says: bytes, pause: float = 0.0) -> None:
        self.says, self.pause = says, pause
        monkeypatch.setattr(session, "start", self.start)
        monkeypatch.setattr(Looker, "require_walls", lambda *_: None)

    def start(self) -> tuple[Looker, dict[str, object]]:
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        threading.Thread(target=self.answer, daemon=True).start()
        return Looker(ours, None, 0), {}

    def answer(self) -> None:
        with contextlib.suppress(OSError), self.theirs:
            self.theirs.recv(1 << 16)
            self.theirs.sendall(b'{"walled": true}\n')
            self.theirs.recv(1 << 16)
            for part in self.says:
                self.theirs.sendall(part)
                time.sleep(self.pause)


@pytest.mark.parametrize(
    "said",
    [
        b"\n",
        b"no JSON\n",
        b"[" * 100_000 + b"\n",
        b'{"rows": {"orders": "many"}}\n',
        b'{"rows": {"orders": 1e999}}\n',
        b'{"rows": {"orders": 1%s}}\n' % (b"0" * 400),
        b'{"rows": {"orders": -1}}\n',
        b'{"size": 1%s}\n' % (b"0" * 400),
        b'{"value": 1%s}\n' % (b"0" * 400),
        b'{"value": ["a list"]}\n',
        b"[]\n",
        b"\xff\xfe\n",
        b"{}\n{}",
    ],
    ids=lambda said: repr(said[:20]),
)
def test_nonsense_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    TakenOver(monkeypatch, said)
    with contextlib.closing(Look(tmp_path / "look")) as look:
        with pytest.raises(NotLooked, match=r"no sensible answer|is gone"):
            look.ask(ROWS, 5)
        assert look._looker is None


def test_an_answer_without_an_end_or_in_drops_costs_neither_memory_nor_more_than_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LONGEST_ANSWER", 1 << 20)
    with contextlib.closing(Look(tmp_path / "look")) as look:
        TakenOver(monkeypatch, *[b"x" * (1 << 16)] * 100)
        with pytest.raises(NotLooked):
            look.ask(ROWS, 30)
        TakenOver(monkeypatch, *[b"x"] * 1000, pause=0.02)
        begun = time.monotonic()
        with pytest.raises(TookTooLong):
            look.ask(ROWS, 0.5)
        assert time.monotonic() - begun < 3


def test_descriptors_that_come_with_an_answer_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(self: Any) -> None:
        with self.theirs:
            self.theirs.recv(1 << 16)
            socket.send_fds(self.theirs, [b'{"walled": true}\n'], [0, 1, 2])
            self.theirs.recv(1 << 16)
            socket.send_fds(self.theirs, [json.dumps({"value": 1}).encode() + b"\n"], [0, 1, 2])

    monkeypatch.setattr(TakenOver, "answer", answer)
    TakenOver(monkeypatch)
    with contextlib.closing(Look(tmp_path / "look")) as look:
        before = len(os.listdir("/proc/self/fd"))
        assert look.ask(QUERY, 5).value == 1
        assert len(os.listdir("/proc/self/fd")) <= before + 3  # the line and the lifeline


def test_nobody_to_look_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "is_service", lambda: True)
    monkeypatch.setattr(starting, "SOCKET", str(tmp_path / "none"))
    with contextlib.closing(Look(tmp_path / "look")) as look:
        look.begin()  # says nothing yet
        with pytest.raises(NotLooked, match="nobody to look into it") as refused:
            look.ask(QUERY, 5)
    assert refused.value.hint == "Run: systemctl start readiness-look.socket"
