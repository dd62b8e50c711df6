"""A mail server that breaks off, stalls, lies and shouts: nothing is lost, nothing hangs, nothing leaks."""

import base64
import socket
import time
from pathlib import Path

import pytest

from agent.errors import MailError
from support.builders.mails import message
from support.servers.scripted_mail import (
    SHORT,
    Say,
    courier_to,
    deliver,
    make_impatient,
    refused,
    serving,
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


@pytest.fixture
def begun() -> list[str]:
    return []


def test_the_script_itself_takes_a_message(begun: list[str]) -> None:
    with serving({}) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == ["accepted", "accepted"]

    assert server.heard[1].lower() == b"mail from:<a@x.example>"  # Python 3.13 writes it otherwise
    assert begun == ["begun"]


def test_no_answer_to_the_whole_text_means_that_nobody_knows(begun: list[str]) -> None:
    with serving({".": b"", "RCPT": b"250 ok\r\n"}) as server:
        receipts = deliver(server, begun)

    assert [(receipt.fate, receipt.code) for receipt in receipts] == [("perhaps", 0)] * 2
    assert receipts[0].reply == "the server had the whole message and did not answer"
    assert begun == ["begun"]


def test_a_server_that_falls_silent_behind_the_text_leaves_it_open_as_well(begun: list[str]) -> None:
    with serving({".": b"!"}, then=lambda _: None) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == ["perhaps"] * 2


def test_an_answer_that_comes_too_late_is_not_taken_for_another(begun: list[str]) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(1.5 * SHORT)  # and the server is free again before the next one gives up
        connection.sendall(b"554 no\r\n")

    with serving({".": b"!"}, then=late) as server, courier_to(server) as courier:
        for _ in range(2):
            receipts = courier.deliver(message(), ("o@x.example",), lambda: begun.append("begun"))
            assert [receipt.fate for receipt in receipts] == ["perhaps"]

    assert len([line for line in server.heard if line.startswith(b"ehlo")]) == 2
    assert b"rset" not in server.heard


@pytest.mark.parametrize("word", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_who_breaks_off_before_the_text_has_certainly_not_got_it(word: str, begun: list[str]) -> None:
    with serving({word: b""}) as server:
        error = refused(server, begun)

    assert error.code in ("mail-broken", "mail-unreachable")
    assert begun == (["begun"] if word == "DATA" else [])
    assert not [line for line in server.heard if b"orders" in line.lower()]


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"": b"554 go away\r\n"}, "mail-refused"),
        ({"": b"421 too busy\r\n"}, "mail-later"),
        ({"": b"SSH-2.0-OpenSSH\r\n"}, "mail-refused"),
        ({"EHLO": b"502 what?\r\n"}, "mail-refused"),
        ({"MAIL": b"550 not you\r\n"}, "mail-refused"),
        ({"MAIL": b"451 not now\r\n"}, "mail-later"),
        ({"EHLO": b"250 " + b"x" * 20_000 + b"\r\n"}, "mail-refused"),
    ],
)
def test_a_no_before_anybody_is_reached_is_told_as_one(says: Say, code: str, begun: list[str]) -> None:
    with serving(says) as server:
        trouble = refused(server, begun)

    assert (trouble.code, begun) == (code, [])
    assert ("is not ready to" in trouble.message) is (code == "mail-later")


@pytest.mark.parametrize(
    ("says", "fates", "begins"),
    [
        ({"RCPT": b"452 full\r\n"}, "deferred", 0),
        ({"RCPT": b"552 full\r\n"}, "refused", 0),
        ({"RCPT": b"what?\r\n"}, "deferred", 0),
        ({"DATA": b"451 not now\r\n"}, "deferred", 1),
        ({"DATA": b"554 no\r\n"}, "refused", 1),
        ({".": b"451 not now\r\n"}, "deferred", 1),
        ({".": b"554 spam\r\n"}, "refused", 1),
        ({".": b"rubbish\r\n"}, "deferred", 1),
    ],
)
def test_an_answer_about_people_or_the_text_is_a_receipt(
    says: Say, fates: str, begins: int, begun: list[str]
) -> None:
    with serving(says) as server:
        assert [receipt.fate for receipt in deliver(server, begun)] == [fates] * 2

    assert len(begun) == begins


def test_a_server_that_repeats_the_password_is_not_quoted(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("hunter2")
    both = base64.b64encode(b"\0readiness\0hunter2")
    for echoed in (b"hunter2", both):
        with serving({"AUTH": b"535 wrong: " + echoed + b"\r\n"}) as server:
            with pytest.raises(MailError) as error:
                courier_to(server, password).check()

            assert b"AUTH PLAIN " + both in server.heard
        assert error.value.code == "mail-login"
        assert "hunter2" not in error.value.message
        assert both.decode() not in error.value.message


def test_a_login_that_cannot_be_judged_now_is_no_wrong_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("hunter2")
    with serving({"AUTH": b"454 the directory is down\r\n"}) as server, pytest.raises(MailError) as error:
        courier_to(server, password).check()

    assert error.value.code == "mail-later"


def test_trouble_in_writing_down_that_it_begins_stops_it() -> None:
    def fail() -> None:
        raise RuntimeError("the disk is full")

    with serving({}) as server, courier_to(server) as courier, pytest.raises(RuntimeError):
        courier.deliver(message(), ("o@x.example",), fail)

    assert b"data" not in [line.lower() for line in server.heard]


def test_a_dot_alone_ends_no_message_early() -> None:
    with serving({}) as server, courier_to(server) as courier:
        courier.deliver(message(text=".\n.\n..\n"), ("o@x.example",), lambda: None)
        courier.deliver(message(), ("o@x.example",), lambda: None)

    assert len([line for line in server.heard if line.upper().startswith(b"MAIL FROM")]) == 2


@pytest.mark.parametrize("name", ["a\r\nRSET", "ä@x.example", "a@x\0", "\udcff@x", "", "a b@x>"])
def test_what_is_no_address_is_refused_here_and_says_nothing_to_the_server(
    name: str, begun: list[str]
) -> None:
    with serving({}) as server:
        receipts = deliver(server, begun, (name, "o@x.example"))

    assert [receipt.fate for receipt in receipts] == ["refused", "accepted"]
    assert len([line for line in server.heard if line.startswith(b"rcpt")]) == 1
