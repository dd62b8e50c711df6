"""Calls addresses of the web that hold a secret: an outside watcher, a webhook.

Nothing of an address but its host ever gets into a message, and the words of a server into none at all.
"""

import json
import socket
import ssl
import threading
from contextlib import suppress
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
    getproxies,
    proxy_bypass,
)

from msgspec import Struct

from agent.core.model.notices import Fate
from agent.core.telling.heartbeat import Answer, Word
from agent.core.text.plain import printable

SECONDS = 10.0  # that a call may take, whatever the server does
LONGEST_ANSWER = 1024  # bytes that are looked at
REDIRECTS = 3
MOVED = (301, 302, 303, 307, 308)
LATER = (408, 425, 429)  # of 4xx: the same may be taken another time
# healthchecks answers 200 in any case, and says in words that nobody listens at this address
UNHEARD: dict[bytes, tuple[Fate, str]] = {
    b"OK (not found)": ("refused", "knows no check of this address"),
    b"OK (rate limited)": ("deferred", "was called too often"),
}


class _Call(Struct, frozen=True, kw_only=True):
    """A request; without a body it is a GET."""

    address: str
    body: bytes | None = None
    kind: str = ""


class OutsideWatcher:
    """Implements the port `Watcher`: ADDRESS, ADDRESS/fail and ADDRESS/start, as healthchecks takes them."""

    def __init__(self, address: str, seconds: float = SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self.host = host_of(address)

    def ping(self, word: Word, line: str) -> Answer:
        """GET; a failure is a POST that says why."""
        if word == "success":
            return _within(self._seconds, _Call(address=self._address))
        parts = urlsplit(self._address)
        address = parts._replace(path=f"{parts.path.rstrip('/')}/{word}").geturl()
        if word == "start":
            return _within(self._seconds, _Call(address=address))
        body = line.encode("utf-8", "replace")
        return _within(self._seconds, _Call(address=address, body=body, kind="text/plain; charset=utf-8"))


class JsonWebhook:
    """Implements the port `Webhook`: the "text" is what Slack, Mattermost and their like show."""

    def __init__(self, address: str, seconds: float = SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self.host = host_of(address)

    def post(self, title: str, text: str, state: str, business: str) -> Answer:
        """POST it as JSON."""
        body = json.dumps({"text": text, "title": title, "state": state, "business": business}).encode()
        return _within(self._seconds, _Call(address=self._address, body=body, kind="application/json"))


def host_of(address: str) -> str:
    """What of an address may be shown: its host, and the port where it names one."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return printable(f"{host}:{parts.port}" if parts.port else host)


def _way_to(address: str) -> str:
    """The host, and the proxy in between."""
    host, parts = host_of(address), urlsplit(address)
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.netloc):
        return host
    with suppress(ValueError):
        return f"{host}, by the proxy {host_of(proxy if '//' in proxy else f'//{proxy}')},"
    return host


def _within(seconds: float, call: _Call) -> Answer:
    """The answer; a call without one in time is left to itself, and ends with us at the latest.

    The time limit of a socket bounds neither the search for the host nor an answer that drips.
    """
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(_answer(call, seconds)), daemon=True)
    caller.start()
    caller.join(seconds)
    if answers:
        return answers[0]
    return Answer(fate="deferred", message=f"{host_of(call.address)} did not answer within {seconds:.0f} s.")


def _answer(call: _Call, seconds: float) -> Answer:
    """What came of it in the end; never raises."""
    host = _way_to(call.address)
    opener = _opener()
    for _ in range(REDIRECTS + 1):
        try:
            status, said, location = _exchange(opener, call, seconds)
            if status not in MOVED or not location:
                return _judged(status, said, host)
            call = _followed(call, status, location)
            host = _way_to(call.address)
        except _Refused as refused:
            return Answer(fate="refused", code=status, message=f"{host} {refused}.")
        except (OSError, HTTPException, ValueError) as error:
            return Answer(fate="deferred", message=f"{host} cannot be reached: {_reason(error)}.")
    return Answer(fate="refused", code=status, message=f"{host} sends us on and on.")


def _opener() -> OpenerDirector:
    """HTTP and HTTPS with verified certificates, by the environment's proxies; no files, no redirects."""
    opener = OpenerDirector()
    https = HTTPSHandler(context=ssl.create_default_context())
    for handler in (ProxyHandler(), HTTPHandler(), https, UnknownHandler()):
        opener.add_handler(handler)
    return opener


def _exchange(opener: OpenerDirector, call: _Call, seconds: float) -> tuple[int, bytes, str]:
    """Status, the start of the answer, and where it sends us."""
    headers = {"User-Agent": "readiness"} | ({"Content-Type": call.kind} if call.kind else {})
    request = Request(call.address, data=call.body, headers=headers)  # noqa: S310 - http and https alone
    with opener.open(request, timeout=seconds) as response:
        return response.status, response.read(LONGEST_ANSWER), response.headers.get("Location", "")


class _Refused(Exception):
    """We do not go where the server sends us."""


def _followed(call: _Call, status: int, location: str) -> _Call:
    """The same call elsewhere. What is secret goes to no other host in the clear, and never back to it."""
    address = urljoin(call.address, location)
    before, after = urlsplit(call.address), urlsplit(address)
    at_home = after.scheme == before.scheme == "http" and after.hostname == before.hostname
    if not (after.scheme == "https" or at_home) or not after.hostname or "@" in after.netloc:
        raise _Refused("sends us to where no secret may go")
    if status == 303:  # what was posted has been taken
        return _Call(address=address)
    return _Call(address=address, body=call.body, kind=call.kind)


def _judged(status: int, said: bytes, host: str) -> Answer:
    if 200 <= status < 300:
        fate, why = UNHEARD.get(said.strip(), ("accepted", ""))
        return Answer(fate=fate, code=status, message=f"{host} {why}." if why else "")
    later = status >= 500 or status in LATER
    return Answer(
        fate="deferred" if later else "refused", code=status, message=f"{host} answered with status {status}."
    )


def _reason(error: Exception) -> str:
    """In the words of the system alone: a server's own, or ours, might hold the address."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({printable(cause.verify_message)})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed ({printable(cause.reason or 'no reason given')})"
    if isinstance(cause, TimeoutError):
        return "it does not answer"
    if isinstance(cause, socket.gaierror | ConnectionError) or (
        isinstance(cause, OSError) and cause.strerror
    ):
        return printable(cause.strerror or type(cause).__name__)
    if str(cause).startswith("Tunnel connection failed"):
        return "the proxy does not let us through"
    return f"it does not speak HTTP ({type(cause).__name__})"
