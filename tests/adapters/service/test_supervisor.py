"""systemd is told how the service is, and its journal gets one line for each event."""

import math
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.service.supervisor import Journal, Systemd


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "90000000")
        yield listening


def test_it_is_told_that_the_service_is_up_alive_and_about_to_end(manager: socket.socket) -> None:
    service = Systemd()
    service.ready("resting\n")
    service.alive("busy")
    service.stopping()
    assert [manager.recv(999) for _ in range(3)] == [
        b"READY=1\nSTATUS=resting\\x0a",
        b"WATCHDOG=1\nSTATUS=busy",
        b"STOPPING=1\nSTATUS=stopping",
    ]


def test_a_sign_of_life_comes_three_times_as_often_as_the_watchdog_wants_one(manager: socket.socket) -> None:
    assert Systemd().longest_silence == 30


def test_what_the_service_starts_cannot_speak_for_it(manager: socket.socket) -> None:
    Systemd()
    second = Systemd()  # as a program that inherits the environment
    second.ready("x")
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(99)
    assert second.longest_silence == math.inf


def test_an_abstract_socket_is_one_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel chooses a name
        name = listening.getsockname()
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name[1:].decode())
        Systemd().alive("x")
        assert listening.recv(99) == b"WATCHDOG=1\nSTATUS=x"


def test_where_nobody_listens_any_more_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    Systemd().ready("x")


@pytest.mark.parametrize(
    ("numbered", "line"), [(True, "<3>it broke\\x0a\n"), (False, "error: it broke\\x0a\n")]
)
def test_a_line_has_its_priority_where_journald_reads_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], numbered: bool, line: str
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    if numbered:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    Journal(verbose=False)("error", "it broke\n")
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("verbose", [True, False])
def test_debugging_is_shown_only_when_asked_for(capsys: pytest.CaptureFixture[str], verbose: bool) -> None:
    Journal(verbose)("debug", "a detail")
    assert bool(capsys.readouterr().err) is verbose
