"""The last twelve months of every process, read out of the ledger one record at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from agent.core.model.config_record import ConfigRecord, config_to_note
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body, Entry
from agent.core.model.snapshots import SnapshotRecord
from agent.operations.reading.trends import gather_trends
from support.builders.shop import HOUR, NOW, ago, config, drill, process, snapshot
from support.doubles.fakes import FakeLedger


def test_the_histories_come_in_the_order_of_the_config_and_keep_to_their_process() -> None:
    shop = config(process("orders"), process("mail"))
    ledger = FakeLedger(drill(9, process="mail"), drill(8), drill(7))
    found = gather_trends(shop, ledger, NOW)
    assert [(one.process, len(one.drills)) for one in found] == [("orders", 2), ("mail", 1)]


class Asked(FakeLedger):
    """Notes of what is asked from when on."""

    def __init__(self, *bodies: Body) -> None:
        super().__init__(*bodies)
        self.begins: dict[type, datetime] = {}

    def since(self, body: type[Any], at: datetime, *, process: str = "") -> Iterator[Entry]:
        self.begins[body] = at
        return super().since(body, at, process=process)


def test_nothing_older_than_a_year_is_read() -> None:
    ledger = Asked(snapshot(24 * 900), drill(24 * 500), drill(24 * 300), drill(1))
    [found] = gather_trends(config(), ledger, NOW)
    assert len(found.drills) == 2
    assert set(ledger.begins) == {ConfigRecord, SnapshotRecord, DrillRecord}
    assert {begin.astimezone(UTC).date().isoformat() for begin in ledger.begins.values()} == {"2025-11-30"}


def test_the_pictures_begin_with_the_month_of_the_first_record_of_all_processes() -> None:
    ledger = FakeLedger(snapshot(24 * 70, process="mail"), snapshot(1))
    orders, mail = gather_trends(config(process("orders"), process("mail")), ledger, NOW)
    assert orders.months == mail.months
    assert [start.month for start in orders.months.starts] == [9, 10, 11]


def test_a_drill_is_held_against_what_was_promised_then() -> None:
    """Since a month two hours are promised; before that it was a day, which nothing but a record tells."""
    before, now = config(process(rto=24 * HOUR)), config(process(rto=300))
    ledger = FakeLedger()
    for shop, days in ((before, 60), (now, 30)):
        noted = config_to_note(replace(shop, sha256=str(days)), [])
        assert noted is not None
        ledger.append(noted, NOW - timedelta(days=days))
    for hours in (24 * 40, 24):
        ledger.append(drill(hours, objectives=None), NOW - timedelta(hours=hours))
    [found] = gather_trends(now, ledger, NOW)
    assert [one.late for one in found.recoveries] == [False, True]


def test_only_good_snapshots_are_looked_at() -> None:
    [found] = gather_trends(config(), FakeLedger(snapshot(48), snapshot(1, "failed")), NOW)
    assert [size.at for size in found.sizes] == [ago(48)]
