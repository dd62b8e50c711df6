"""The process that looks answers questions line by line, and is made of nothing but the standard library."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.looking.child import _answer
from agent.adapters.looking.starting import BOOT
from support.builders.databases import make_orders
from support.places import ROOT

Started = tuple[socket.socket, int, "subprocess.Popen[bytes]"]
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """One with its line and lifeline, and our rights: it stays who we are."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    held, lifeline = os.pipe2(os.O_CLOEXEC)
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BOOT, str(ROOT)], stdin=theirs, stderr=subprocess.PIPE
        )
        theirs.close()
        room = os.open(tmp_path, os.O_RDONLY)
        wishes = {"user": 0, "rooted": False, "alone": False, "bytes": 1 << 30}
        socket.send_fds(ours, [json.dumps(wishes).encode() + b"\n"], [room, held])
        os.close(room)
        assert ours.recv(100) == b'{"walled": true}\n'
        yield ours, lifeline, process
        os.close(held)
        process.kill()
        process.communicate()


def test_questions_in_pieces_are_answered_in_turn(started: Started, tmp_path: Path) -> None:
    line, lifeline, process = started
    with make_orders(tmp_path / "orders.db", rows=3).open("rb") as database:
        socket.send_fds(line, [b'{"rows": '], [database.fileno()])
        line.sendall(b"true}\n")
        assert json.loads(line.recv(1000))["rows"] == {"customers": 1, "orders": 3}
    line.sendall(b'{"rows": true, "options": "mode=ro"}\n')
    assert json.loads(line.recv(1000))["error"] == "unable to open database file"
    line.close()
    assert process.wait(10) == 0
    os.close(lifeline)


def test_who_asks_and_goes_ends_it_at_whatever_it_is(started: Started, tmp_path: Path) -> None:
    line, lifeline, process = started
    with make_orders(tmp_path / "orders.db", rows=3).open("rb") as database:
        socket.send_fds(line, [json.dumps({"query": ENDLESS}).encode() + b"\n"], [database.fileno()])
    line.sendall(b"\n")  # what is said to it, and be it late, ends nothing
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    os.close(lifeline)
    assert process.wait(10) == -9


def test_who_has_gone_before_it_begins_is_told_nothing(started: Started) -> None:
    line, lifeline, process = started
    os.close(lifeline)
    line.sendall(json.dumps({"query": ENDLESS}).encode() + b"\n")
    assert process.wait(10) == 0


def test_no_memory_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("agent.adapters.looking.databases.answer", greedy)
    assert _answer({}, [])["code"] == 7


def test_it_loads_nothing_that_is_not_the_standard_librarys() -> None:
    code = (
        f"import sys\nsys.path.append({str(ROOT)!r})\nimport agent.adapters.looking.child\n"
        "print(*(name for name in sys.modules if name.partition('.')[0] not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert {name.split(".")[0] for name in done.stdout.split()} == {"agent"} | (
        {"__main__"} & set(done.stdout.split())
    )
