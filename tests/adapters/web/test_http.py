"""The outside watcher and the webhook, called over real sockets: every answer, and no secret anywhere."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.web.http import JsonWebhook, OutsideWatcher, host_of
from agent.core.telling.heartbeat import Answer
from support.servers.certificates import Issuer
from support.servers.listener import TOKEN, Listener, listening

PATIENCE = 0.7  # seconds


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """Somebody whose certificates this machine accepts."""
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    return issuer


def ping(listener: Listener, seconds: float = 10) -> Answer:
    answer = OutsideWatcher(listener.url, seconds).ping("success", "READY - all proven")
    assert TOKEN not in answer.message
    return answer


def post(address: str) -> Answer:
    return JsonWebhook(address).post("READY", "All is well", "READY", "A business")


# ---- what is sent ----------------------------------------------------------------------------


def test_success_fail_and_start_go_where_healthchecks_takes_them(listener: Listener) -> None:
    watcher = OutsideWatcher(listener.url)
    answers = [watcher.ping(word, "orders: drill-failed") for word in ("start", "success", "fail")]  # type: ignore[arg-type]

    assert [answer.fate for answer in answers] == ["accepted"] * 3
    assert listener.words() == ["GET /start", "GET", "POST /fail"]
    assert listener.heard[2].body == b"orders: drill-failed"


def test_what_stands_behind_the_path_stays_behind_it(listener: Listener) -> None:
    OutsideWatcher(f"{listener.url}/?rid=7").ping("fail", "why")

    assert listener.words() == ["POST /fail?rid=7"]


def test_the_webhook_gets_what_chats_understand(listener: Listener) -> None:
    answer = JsonWebhook(listener.url).post(
        "NOT READY - orders", "line 1\nline 2 \udcff", "NOT READY", "Bäcker"
    )

    assert (answer.fate, answer.code, answer.message) == ("accepted", 200, "")
    assert listener.heard[0].headers["Content-Type"] == "application/json"
    assert json.loads(listener.heard[0].body) == {
        "text": "line 1\nline 2 \udcff",
        "title": "NOT READY - orders",
        "state": "NOT READY",
        "business": "Bäcker",
    }


# ---- what is answered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, "accepted"),
        (204, "accepted"),
        (400, "refused"),
        (401, "refused"),
        (404, "refused"),
        (410, "refused"),
        (408, "deferred"),
        (429, "deferred"),
        (500, "deferred"),
        (503, "deferred"),
        (304, "refused"),
    ],
)
def test_the_status_decides(listener: Listener, status: int, fate: str) -> None:
    listener.answers = [(status, {}, b"")]
    answer = ping(listener)

    assert (answer.fate, answer.code) == (fate, status)
    assert (answer.message == "") == (fate == "accepted")
    assert post(listener.url).fate == fate


def test_a_watcher_that_says_ok_and_knows_no_such_check_is_not_believed(listener: Listener) -> None:
    listener.answers = [(200, {}, b"OK (not found)"), (200, {}, b"OK (rate limited)")]
    unknown, limited = ping(listener), ping(listener)

    assert (unknown.fate, limited.fate) == ("refused", "deferred")
    assert unknown.message == f"{listener.host} knows no check of this address."


def test_nobody_there_is_for_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        answer = OutsideWatcher(f"http://127.0.0.1:{port}/{TOKEN}").ping("success", "")

    assert answer.fate == "deferred"
    assert answer.message == f"127.0.0.1:{port} cannot be reached: Connection refused."


def test_a_host_that_does_not_exist_is_for_later() -> None:
    answer = OutsideWatcher(f"https://nobody.invalid/{TOKEN}").ping("success", "")

    assert answer.fate == "deferred"
    assert answer.message.startswith("nobody.invalid cannot be reached: ")


@pytest.mark.parametrize("how", ["never", "drip"])
def test_an_answer_that_does_not_come_in_time_is_for_later(listener: Listener, how: str) -> None:
    listener.instead = getattr(listener, how)
    answer = ping(listener, PATIENCE)

    assert answer.fate == "deferred"
    assert answer.message.startswith(listener.host)


def test_an_answer_without_end_is_not_read_to_its_end(listener: Listener) -> None:
    listener.instead = listener.flood

    assert ping(listener).fate == "accepted"


def test_what_is_no_http_is_for_later_and_not_repeated(listener: Listener) -> None:
    listener.instead = lambda handler: (
        handler.wfile.write(b"\x1b[31mSSH-2.0 " + TOKEN.encode() + b"\r\n\r\n") and None
    )
    answer = ping(listener)

    assert answer.fate == "deferred"
    assert answer.message == f"{listener.host} cannot be reached: it does not speak HTTP (BadStatusLine)."


def test_the_words_of_a_server_are_never_repeated(listener: Listener) -> None:
    listener.answers = [(404, {"X": "\x1b[31m"}, f"no {TOKEN}".encode())]

    assert ping(listener).message == f"{listener.host} answered with status 404."


# ---- redirects -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed_with_everything(listener: Listener, status: int) -> None:
    listener.answers = [(status, {"Location": "/elsewhere"}, b""), (200, {}, b"")]

    assert post(listener.url).fate == "accepted"
    assert [(one.method, one.path) for one in listener.heard] == [
        ("POST", f"/{TOKEN}"),
        ("POST", "/elsewhere"),
    ]
    assert listener.heard[1].body == listener.heard[0].body


def test_what_was_taken_is_not_posted_again(listener: Listener) -> None:
    listener.answers = [(303, {"Location": "/done"}, b""), (200, {}, b"")]

    assert post(listener.url).fate == "accepted"
    assert listener.words() == ["POST", "GET /done"]


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:{port}/other-host",
        "http://localhost.evil.example/",
        "file:///etc/passwd",
        "ftp://localhost/x",
        "https://user:password@localhost/",
        "//127.0.0.1:{port}/",
        "https://",
        "data:,x",
    ],
)
def test_a_redirect_to_anywhere_else_in_the_clear_is_refused(listener: Listener, place: str) -> None:
    listener.answers = [(302, {"Location": place.format(port=listener.port)}, b""), (200, {}, b"")]
    answer = ping(listener)

    assert (answer.fate, answer.code, len(listener.heard)) == ("refused", 302, 1)
    assert answer.message == f"{listener.host} sends us to where no secret may go."


@pytest.mark.parametrize("place", ["https://[::1", "/x y", "/\x7f", "https://localhost:99999/"])
def test_a_redirect_to_nonsense_is_no_crash(listener: Listener, place: str) -> None:
    listener.answers = [(302, {"Location": place}, b"")]

    assert ping(listener).fate == "deferred"


def test_redirects_end(listener: Listener) -> None:
    listener.answers = [(302, {"Location": f"/{TOKEN}"}, b"x" * 10_000_000)]
    answer = ping(listener)

    assert (answer.fate, len(listener.heard)) == ("refused", 4)
    assert answer.message == f"{listener.host} sends us on and on."


def test_from_tls_nothing_leads_back_into_the_clear(
    listener: Listener, trusted: Issuer, tmp_path: Path
) -> None:
    trusted.issue(tmp_path, "localhost")
    with listening(tmp_path) as secure:
        secure.answers = [(302, {"Location": listener.url}, b"")]
        answer = ping(secure)

    assert (answer.fate, listener.heard) == ("refused", [])


def test_to_tls_a_redirect_is_followed(listener: Listener, trusted: Issuer, tmp_path: Path) -> None:
    trusted.issue(tmp_path, "localhost")
    with listening(tmp_path) as secure:
        listener.answers = [(301, {"Location": secure.url}, b"")]

        assert ping(listener).fate == "accepted"
        assert secure.words() == ["GET"]


# ---- certificates ----------------------------------------------------------------------------


def test_a_foreign_certificate_gets_nothing(tmp_path: Path) -> None:
    Issuer(tmp_path).issue(tmp_path, "localhost")
    with listening(tmp_path) as secure:
        answer = ping(secure)

        assert (answer.fate, secure.heard) == ("deferred", [])
        assert "its certificate is not accepted (unable to get local issuer certificate)" in answer.message


def test_a_known_certificate_of_another_host_gets_nothing(trusted: Issuer, tmp_path: Path) -> None:
    trusted.issue(tmp_path, "other.example")
    with listening(tmp_path) as secure:
        answer = ping(secure)

        assert (answer.fate, secure.heard) == ("deferred", [])
        assert "its certificate is not accepted" in answer.message


def test_a_known_certificate_is_accepted(trusted: Issuer, tmp_path: Path) -> None:
    trusted.issue(tmp_path, "localhost")
    with listening(tmp_path) as secure:
        assert ping(secure).fate == "accepted"


def test_tls_to_a_server_without_it_is_for_later(listener: Listener) -> None:
    listener.scheme = "https"
    answer = ping(listener)

    assert answer.fate == "deferred"
    assert "TLS failed" in answer.message


# ---- the way there ---------------------------------------------------------------------------


def test_the_environments_proxy_is_used(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listener.port}")
    answer = OutsideWatcher(f"http://watcher.invalid/{TOKEN}").ping("success", "")

    assert (answer.fate, listener.heard[0].path) == ("accepted", f"http://watcher.invalid/{TOKEN}")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("trouble", ["gone", "refuses"])
def test_a_proxy_in_trouble_is_what_is_named(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, scheme: str, trouble: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    port = 1 if trouble == "gone" else listener.port  # it knows no CONNECT: 501
    listener.answers = [(502, {}, b"")]
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:{TOKEN}@127.0.0.1:{port}")
    answer = OutsideWatcher(f"{scheme}://watcher.invalid/{TOKEN}").ping("success", "")

    assert answer.fate == "deferred"
    assert answer.message.startswith(f"watcher.invalid, by the proxy 127.0.0.1:{port}, ")
    assert answer.message.endswith(
        ("Connection refused.", "status 502.", "the proxy does not let us through.")
    )
    assert TOKEN not in answer.message


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"https://hc-ping.com/{TOKEN}", "hc-ping.com"),
        (f"http://localhost:8000/{TOKEN}?x={TOKEN}", "localhost:8000"),
        (f"https://[::1]:8000/{TOKEN}", "[::1]:8000"),
    ],
)
def test_only_the_host_of_an_address_is_shown(address: str, shown: str) -> None:
    assert host_of(address) == shown
    assert OutsideWatcher(address).host == JsonWebhook(address).host == shown
