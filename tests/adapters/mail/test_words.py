"""Trouble on the way to a mail server: one clear sentence, harmless for terminals, and what to do."""

import smtplib
import socket
import ssl

import pytest

from agent.adapters.mail.words import TooSlow, login_refused, no_login, no_tls, translated
from support.servers.scripted_mail import deliver, make_impatient, serving


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


@pytest.fixture
def begun() -> list[str]:
    return []


def test_what_a_server_says_is_short_and_harmless(begun: list[str]) -> None:
    shouted = b"550-\x1b[2J\x1b]0;owned\x07 \xff\xe2\x80\xae\r\n550 " + b"A" * 900 + b"\r\n"
    with serving({"RCPT": shouted}) as server:
        receipts = deliver(server, begun)

    assert receipts[0].reply.startswith("\\x1b[2J\\x1b]0;owned\\x07 \\xff\\u202e AAA")
    assert receipts[0].reply.isprintable()
    assert len(receipts[0].reply) == 200


# ---- what smtplib, ssl and the network raise ------------------------------------------------

SERVER, HOST = "mail.x.example:587", "mail.x.example"


def certificate(number: int, words: str = "") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = number, words
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError()
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (certificate(10), "mail-certificate", f"The certificate of {SERVER} has expired."),
        (certificate(9), "mail-certificate", f"The certificate of {SERVER} is not valid yet."),
        (
            certificate(62),
            "mail-certificate",
            f"The certificate of {SERVER} is for another name than {HOST}.",
        ),
        (
            certificate(18),
            "mail-certificate",
            f"The certificate of {SERVER} is signed by nobody whom this machine trusts.",
        ),
        (certificate(1, "odd\x1b"), "mail-certificate", f"The certificate of {SERVER} is wrong (odd\\x1b)."),
        (tls("WRONG_VERSION_NUMBER"), "mail-tls", f"{SERVER} does not speak TLS from the first byte on."),
        (
            tls("NO_SHARED_CIPHER"),
            "mail-tls",
            f"{SERVER} and this machine cannot agree on a safe connection (TLS: no shared cipher).",
        ),
        (
            smtplib.SMTPHeloError(451, b"later"),
            "mail-later",
            f"{SERVER} is not ready to talk to us: 451 later",
        ),
        (smtplib.SMTPHeloError(554, b"no"), "mail-refused", f"{SERVER} refused to talk to us: 554 no"),
        (TooSlow(), "mail-timed-out", f"{SERVER} does not answer in time."),
        (TimeoutError(), "mail-timed-out", f"{SERVER} does not answer in time."),
        (smtplib.SMTPServerDisconnected(), "mail-broken", f"{SERVER} closed the connection."),
        (
            socket.gaierror(-2, "Name or service not known"),
            "mail-unreachable",
            f"The name {HOST} of the mail server cannot be looked up.",
        ),
        (
            ConnectionRefusedError(111, "Connection refused"),
            "mail-unreachable",
            f"{SERVER} cannot be reached: Connection refused.",
        ),
        (ValueError("odd\n\x1b"), "mail-unreachable", f"{SERVER} cannot be reached: odd \\x1b."),
    ],
    ids=str,
)
def test_whatever_is_raised_has_one_sentence_one_code_and_a_hint(
    error: Exception, code: str, says: str
) -> None:
    found = translated(error, SERVER, HOST)
    assert (found.code, found.message) == (code, says)
    assert found.hint


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [(454, "mail-later", "is not ready"), (535, "mail-login", "does not accept user")],
)
def test_a_login_that_fails_is_a_wrong_password_or_a_bad_moment(code: int, kind: str, word: str) -> None:
    found = login_refused(SERVER, "anna\x1b", code, "no")
    assert (found.code, word in found.message) == (kind, True)
    assert "\x1b" not in found.message


def test_without_starttls_it_says_that_nothing_went_over_the_net() -> None:
    assert (no_tls(SERVER).code, no_login(SERVER).code) == ("mail-no-tls", "mail-no-login")
    assert "nothing was sent" in no_tls(SERVER).message
    assert "587" in no_login(SERVER).hint
