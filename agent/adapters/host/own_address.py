"""Whether a host name or an address leads back to this machine."""

import socket
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from agent.core.configuration.location import is_loopback

RESOLVE_SECONDS = 3.0  # for a name server that does not answer: we are not the reason to wait for it
ANY_PORT = 9
UNSPECIFIED = "::"  # whoever calls this gets this machine; its like of IPv4 can be bound
LOOPBACK = ("localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback")  # whoever is asked
EVERY_ADDRESS_BINDS = ("/proc/sys/net/ipv4/ip_nonlocal_bind", "/proc/sys/net/ipv6/ip_nonlocal_bind")


def names_this_machine(host: str) -> bool:
    """By loopback, by its own name, or by one of its own addresses."""
    name = host.rstrip(".").lower()
    own = socket.gethostname().lower()
    if name in (own, own.partition(".")[0], *LOOPBACK) or is_loopback(name) or name.endswith(".localhost"):
        return True
    return any(map(is_own, addresses(name)))


@cache  # a command asks of many processes, and a name server that is silent is silent for all of them
def addresses(host: str) -> frozenset[str]:
    """What a name stands for; empty when nobody knows within a few seconds."""
    found: set[str] = set()

    def ask() -> None:
        with suppress(OSError, ValueError):
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
            found.update(str(answer[4][0]) for answer in answers)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    return frozenset() if asking.is_alive() else frozenset(found)


def is_own(address: str) -> bool:
    """Only what belongs to this machine can be bound; nothing is sent to find out."""
    address = address.removeprefix("::ffff:")  # an address of IPv4 as IPv6 writes it
    if is_loopback(address) or address == UNSPECIFIED:
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            if _binds_everything(family):
                probe.connect((address, ANY_PORT))
                return bool(probe.getsockname()[0] == address.partition("%")[0])
            probe.bind((address, 0))
    except (OSError, ValueError):
        return False
    return True


def _binds_everything(family: int) -> bool:
    """Some machines that take over addresses of others let every address be bound."""
    setting = Path(EVERY_ADDRESS_BINDS[family == socket.AF_INET6])
    try:
        return setting.read_text().strip() != "0"
    except OSError:
        return False
