"""Where the content of a file went, and that it stays there."""

from collections.abc import Callable
from typing import cast

from msgspec import structs

from agent.core.kinds.rotations import Turn, Turns
from agent.core.model.snapshots import HeldExtent
from agent.operations.ports.sources import Sources
from agent.operations.snapshot.rotated import Rotated
from support.builders.shop import ago, snapshot

LOG = b"srv/orders/orders.log"
WAS = HeldExtent("/srv/orders/orders.log", 1, 60_000, is_file=True)
NEW, OLD = int(ago(1).timestamp() * 1e9), int(ago(9).timestamp() * 1e9)


class Turned:
    """Sources with turns of one file, new ones that hold its content."""

    def __init__(self, *names: str, changed: int = NEW, before: int = 0) -> None:
        self.found = [Turn(f"srv/orders/{name}".encode(), 9, changed, lambda: True) for name in names]
        self.before = frozenset(f"srv/orders/orders.log.{number}".encode() for number in range(before))
        self.asked: list[bytes] = []

    def turns(self, was: bytes, wanted: Callable[[str], bool]) -> Turns:
        self.asked.append(was)
        there = [each for each in self.found if wanted(each.place.decode().rpartition("/")[2])]
        return Turns(tuple(there), self.before)


def rotated(sources: Turned, size: int = 0, aside: str = "", first: bool = False) -> Rotated:
    now = {LOG: HeldExtent(WAS.path, 1, size, is_file=True)}
    good = None if first else snapshot(3)
    went = structs.replace(now[LOG], bytes=0, aside=aside, aside_bytes=60_000)
    return Rotated(now, good, {LOG: went} if aside else {}, cast("Sources", sources))


def into(look: Rotated) -> tuple[str, int]:
    return look.noted(LOG).aside, look.noted(LOG).aside_bytes


def test_it_went_into_a_new_turn_which_is_asked_for_once() -> None:
    sources = Turned("orders.log.1", "orders.log.err")
    look = rotated(sources)
    assert look.is_away(LOG, WAS) and look.is_away(LOG, WAS)
    assert sources.asked == [LOG]
    assert into(look) == ("/srv/orders/orders.log.1", 60_000) and look.turned == {LOG}


def test_nothing_went_where_no_turn_is_new_or_nothing_is_known_of_before() -> None:
    for look in (rotated(Turned("orders.log.1", changed=OLD)), rotated(Turned("orders.log.1"), first=True)):
        assert not look.is_away(LOG, WAS)
        assert into(look) == ("", 0) and not look.turned


def test_what_went_before_has_to_be_there_until_the_file_has_content_or_it_ages_out() -> None:
    aside = "/srv/orders/orders.log.1"
    there = rotated(Turned("orders.log.2.gz", changed=OLD), aside=aside)
    assert into(there) == ("/srv/orders/orders.log.2.gz", 60_000)
    assert (there.lost, there.turned) == ({}, set())
    for size in (0, 5999):
        gone = rotated(Turned(), size, aside)
        assert [(each.bytes, each.aside) for each in gone.lost.values()] == [(60_000, aside)]
        assert into(gone) == (aside, 60_000), "it is asked for again"
        assert gone.noted(LOG, accepted=True).aside == ""
    assert into(rotated(Turned(), 6000, aside)) == ("", 0)
    assert rotated(Turned(), 6000, aside).lost == {}
    oldest = Turned("orders.log.1", "orders.log.2", before=2)
    oldest.found = [Turn(each.place, 9, OLD, lambda: False) for each in oldest.found]
    assert rotated(oldest, aside=aside).lost == {}
