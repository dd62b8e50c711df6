"""Which drills are repeated at once, from the records alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.core.configuration.config import Rhythm
from agent.daemon.memory import with_repeats
from agent.operations.ports.ledger import Ledger
from support.builders import shop

BEGIN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
WEEK = 7 * 86_400
ORDERS = replace(shop.process("orders"), drill=Rhythm(every=WEEK))
CONFIG = shop.config(ORDERS, repositories=("primary", "planb"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.db") as opened:
        yield opened


def note(ledger: Ledger, hours: float, *kinds: str) -> None:
    """A failed try of the first copy, plan B in its place, or a snapshot of the first, so many hours on."""
    at = BEGIN + timedelta(hours=hours)
    of = {
        "tried": shop.drill(outcome="not_tested", started=at),
        "instead": shop.drill(repository="planb", started=at, instead_of="primary"),
        "passed": shop.drill(started=at),
        "snapshot": shop.snapshot(started=at),
    }
    for kind in kinds:
        ledger.append(of[kind], at)


def again(ledger: Ledger, hours: float) -> set[str]:
    now = BEGIN + timedelta(hours=hours)
    turns, repeated = with_repeats(CONFIG, ledger, {"orders": "planb"}, now)
    assert turns == {"orders": "primary" if repeated else "planb"}
    return set(repeated)


def test_a_copy_that_takes_snapshots_again_is_drilled_again(ledger: Ledger) -> None:
    note(ledger, 0, "tried", "instead")
    assert again(ledger, 1) == set()
    note(ledger, 1, "snapshot")
    assert again(ledger, 1) == {"orders"}
    note(ledger, 2, "passed")
    assert again(ledger, 3) == set()


def test_a_copy_that_cannot_be_drilled_is_not_drilled_after_every_snapshot(ledger: Ledger) -> None:
    for hour in (0, 2):
        note(ledger, hour, "tried", "instead", "snapshot")
    assert again(ledger, 3) == set()
    note(ledger, 168, "tried", "instead", "snapshot")  # its turn a week later
    assert again(ledger, 169.5) == set()  # two hours after the week that began with the repeat
    note(ledger, 336, "tried", "instead", "snapshot")
    assert again(ledger, 337) == {"orders"}


def test_without_a_drill_that_took_its_place_the_ordinary_pauses_hold(ledger: Ledger) -> None:
    note(ledger, 0, "tried", "snapshot")
    assert again(ledger, 1) == set()
