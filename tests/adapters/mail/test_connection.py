"""A connection to a mail server that waits for nothing longer than it should."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from agent.adapters.mail.connection import Patient, own_name, protection_of
from agent.adapters.mail.words import TooSlow
from support.servers.backends import LOOPBACK
from support.servers.scripted_mail import SHORT, deliver, make_impatient, refused, serving


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


@pytest.fixture
def begun() -> list[str]:
    return []


def test_we_introduce_ourselves_with_a_full_name_or_an_address(begun: list[str]) -> None:
    with serving({}) as server:
        deliver(server, begun)

    name = server.heard[0].decode("ascii").removeprefix("ehlo ")
    assert name == "[127.0.0.1]" or "." in name


@pytest.mark.parametrize(
    "name", ["localhost", "localhost.localdomain", "shop", "my_host.example", "a b.example"]
)
def test_what_is_no_full_name_is_not_said_to_be_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: name)
    with socket.create_server((LOOPBACK, 0)) as found:
        assert own_name(found) == "[127.0.0.1]"
        monkeypatch.setattr(socket, "getfqdn", lambda: "shop.harbour-lane.example")
        assert own_name(found) == "shop.harbour-lane.example"


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_silence_is_given_up(word: str, begun: list[str]) -> None:
    with serving({word: b"!"}, then=lambda _: None) as server:
        assert refused(server, begun).code == "mail-timed-out"


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL"])
def test_a_byte_at_a_time_is_given_up(word: str, begun: list[str]) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"250-")
        while True:
            connection.sendall(b"x")
            time.sleep(SHORT / 8)

    with serving({word: b"!"}, then=drip) as server:
        assert refused(server, begun).code == "mail-timed-out"


def test_an_answer_without_end_is_given_up(begun: list[str]) -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"250-more\r\n" * 1000)

    with serving({"EHLO": b"!"}, then=flood) as server:
        assert refused(server, begun).code == "mail-timed-out"


def test_each_answer_has_its_time_and_may_come_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        patient = Patient()
        patient.sock = ours
        theirs.sendall(b"220 mail.x\r\n")
        assert patient.getreply() == (220, b"mail.x")
        time.sleep(SHORT)
        theirs.sendall(b"250-hel")
        threading.Timer(SHORT / 8, theirs.sendall, [b"lo\r\n250 HELP\r\n"]).start()
        assert patient.getreply() == (250, b"hello\nHELP")
        assert ours.gettimeout() == SHORT  # and not what was left of the time for that answer


def test_whoever_never_ends_an_answer_is_not_listened_to_any_more() -> None:
    ours, theirs = socket.socketpair()
    patient = Patient()
    patient.sock = ours

    def flood() -> None:
        with suppress(OSError):
            while True:
                theirs.sendall(b"250-more\r\n" * 1000)

    flooding = threading.Thread(target=flood)
    with theirs, ours:
        flooding.start()
        with pytest.raises(TooSlow):
            patient.getreply()
        assert patient.sock is None
    flooding.join()


def test_a_connection_in_the_clear_has_no_protection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert protection_of(ours) is None


def test_a_host_with_an_address_of_version_6_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "localhost")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as found:
        assert own_name(found) == "[IPv6:::1]"
