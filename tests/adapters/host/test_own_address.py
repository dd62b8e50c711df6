"""Which names and addresses lead back to this machine; no name server is asked."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from agent.adapters.host import own_address
from agent.adapters.host.own_address import addresses, is_own, names_this_machine

FOREIGN = "198.51.100.7"  # of a network that is for documents alone


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the resolver knows besides what it knows by itself."""
    known: dict[str, str] = {"nas": FOREIGN, "alias": "127.0.1.1", "both": "::1"}
    real: Callable[..., list[tuple[object, ...]]] = socket.getaddrinfo

    def resolve(host: str, port: object, **more: int) -> list[tuple[object, ...]]:
        return real(known.get(host, host), port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    addresses.cache_clear()
    yield known
    addresses.cache_clear()


def test_a_loopback_in_any_spelling_is_this_machine() -> None:
    spelt = ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "127.1", "::1", "0.0.0.0", "a.localhost")
    spelt += ("localhost.localdomain", "ip6-localhost", "::ffff:127.0.0.1", "::", "0x7f.1")
    assert [host for host in spelt if not names_this_machine(host)] == []


def test_its_own_name_is_this_machine_in_short_and_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Shop.example")
    assert names_this_machine("shop")
    assert names_this_machine("shop.example")
    assert not names_this_machine("nas")


def test_a_name_that_stands_for_one_of_its_addresses_is_this_machine() -> None:
    assert names_this_machine("alias")
    assert names_this_machine("both")


def test_an_address_of_its_own_is_this_machine_and_another_is_not() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((FOREIGN, 9))  # nothing is sent
            ours = probe.getsockname()[0]
        except OSError:
            ours = "127.0.0.1"
    assert is_own(ours)
    assert not is_own(FOREIGN)
    assert not is_own("2001:db8::7")


def test_a_machine_that_lets_every_address_be_bound_is_not_every_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_address, "_binds_everything", lambda family: True)
    monkeypatch.setattr(socket.socket, "bind", lambda *_: None)
    assert is_own("127.0.0.1")
    assert not is_own(FOREIGN)


def test_a_name_that_nobody_knows_in_time_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        ending.wait(60)
        return []

    monkeypatch.setattr(own_address, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", silent)
    assert addresses("slow") == frozenset()
    ending.set()
