"""Links that lead to what nobody saves are told; what any process saves or the system brings back is not."""

import pytest

from agent.core.snapshot.extent import NAMED
from agent.core.snapshot.links import link_findings
from support.builders.shop import process

ORDERS = process("orders", paths=("/srv/orders",), exclude=("/srv/orders/cache",))
PICTURES = process("pictures", paths=("/mnt/pictures/",), exclude=("*.tmp",))


def told(target: str, link: str = "/srv/orders/uploads") -> list[str | None]:
    links = [(link.encode()[1:], target.encode()[1:])]
    return [found.path for found in link_findings(ORDERS, (ORDERS, PICTURES), links)]


@pytest.mark.parametrize(
    "target", ["/mnt/big/uploads", "/srv", "/opt/shop/data", "/etc/shop.conf", "/mnt/pictures/a.tmp", "/usr2"]
)
def test_what_no_process_saves_is_told_with_link_and_target(target: str) -> None:
    if target == "/srv":
        assert told(target, "/srv/orders/all") == []  # it leads to a directory that it lies in itself
        assert told(target, "/home/all") == ["/home/all"]
        return
    assert told(target) == ["/srv/orders/uploads"]


@pytest.mark.parametrize(
    "target",
    ["/mnt/pictures", "/mnt/pictures/2026", "/usr/share/zoneinfo", "/run/lock", "/etc/alternatives/vi"],
)
def test_what_another_process_saves_or_the_system_brings_back_is_not(target: str) -> None:
    assert told(target) == []


def test_the_root_of_the_machine_is_no_data() -> None:
    assert told("/") == []


def test_of_very_many_some_are_named_and_the_others_counted() -> None:
    links = [(b"srv/orders/%d" % n, b"mnt/big") for n in range(NAMED + 2)]
    found = link_findings(ORDERS, (ORDERS,), links)
    assert len(found) == NAMED + 1
    assert found[0].message.startswith("/srv/orders/0 leads to /mnt/big, ")
    assert "add /mnt/big to the paths" in found[0].hint.lower()
    assert found[-1].message == "2 more links like this."
