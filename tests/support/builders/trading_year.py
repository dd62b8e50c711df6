"""A year of a small business in its ledger: growth, a failed month, a holiday, a changed promise."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from agent.core.configuration.config import CriticalProcess, Step
from agent.core.model.drills import DrillRecord, DrillSeconds
from agent.core.model.objectives import Objectives
from agent.core.model.snapshots import SnapshotRecord
from support.builders.shop import GIB, HOUR, NOW, drill, process, snapshot

Record = SnapshotRecord | DrillRecord
OFF = (datetime(2026, 8, 3, 15, tzinfo=NOW.tzinfo), datetime(2026, 8, 17, 7, tzinfo=NOW.tzinfo))
FAILING = (datetime(2026, 4, 2, tzinfo=NOW.tzinfo), datetime(2026, 4, 27, tzinfo=NOW.tzinfo))
PROMISED = datetime(2026, 6, 15, tzinfo=NOW.tzinfo)  # the day on which orders were promised twice as soon


def orders() -> CriticalProcess:
    return process("orders", rto=2 * HOUR, rpo=HOUR, steps=(Step("connect the printer", 30),))


def mail() -> CriticalProcess:
    return process("mail", rto=50 * HOUR, rpo=24 * HOUR)


def wiki() -> CriticalProcess:
    return process("wiki", rto=12 * HOUR, rpo=24 * HOUR)


def hours(begin: datetime, end: datetime, step: float) -> Iterator[datetime]:
    at = begin
    while at < end:
        yield at
        at += timedelta(hours=step)


def is_off(at: datetime) -> bool:
    return OFF[0] <= at < OFF[1]


def snapshots(
    name: str, begin: datetime, step: float, first: float, last: float, seed: int, missing: float = 0.0
) -> Iterator[SnapshotRecord]:
    """From `first` to `last` GiB within a year."""
    chance = random.Random(seed)
    for number, at in enumerate(hours(begin, NOW, step)):
        if is_off(at) or chance.random() < missing:
            continue
        done = (at - (NOW - timedelta(days=365))) / timedelta(days=365)
        grown = first * (last / first) ** done * (1 + 0.004 * chance.random())
        yield snapshot(
            1,
            process=name,
            started=at,
            snapshot_at=at,
            snapshot=f"{seed:02x}{number:062x}",
            bytes=int(grown * GIB),
            paths=(),
        )


def drills(
    name: str, begin: datetime, days: float, minutes: float, size: float, seed: int
) -> Iterator[DrillRecord]:
    chance = random.Random(seed)
    for number, at in enumerate(hours(begin, NOW, 24 * days)):
        if is_off(at):
            continue
        grown = 1 + (at - begin) / timedelta(days=365)
        total = 60 * minutes * grown * (0.9 + 0.2 * chance.random())
        outcome = "failed" if name == "orders" and FAILING[0] <= at < FAILING[1] else "passed"
        if chance.random() < 0.04:
            outcome = "not_tested"
        made = drill(
            1,
            outcome,  # type: ignore[arg-type]
            process=name,
            started=at + timedelta(hours=3),
            snapshot=f"{seed + 100:02x}{number:062x}",
            snapshot_at=at,
            bytes=int(size * grown * GIB),
            total_bytes=int(size * grown * GIB),
            seconds=DrillSeconds(restore=total * 0.8, verify=total * 0.15, prove=1, total=total),
        )
        if name == "mail" and number % 3:
            part = DrillSeconds(restore=total * 0.16, verify=total * 0.03, prove=1, total=total * 0.2)
            made = replace(made, share=0.2, bytes=made.bytes // 5, seconds=part)
        if name == "orders" and at > NOW - timedelta(days=300):
            made = replace(made, objectives=promised(at))
        yield made


def promised(at: datetime) -> Objectives:
    return Objectives(rto=(4 if at < PROMISED else 2) * HOUR, rpo=HOUR, steps=30 * 60)


def year() -> list[Record]:
    """Every record of three processes, oldest first; wiki began in September."""
    begin = NOW - timedelta(days=400)
    autumn = datetime(2026, 9, 9, tzinfo=NOW.tzinfo)
    records: list[Record] = [
        *snapshots("orders", begin, 0.5, 4, 9, 1, 0.0008),
        *snapshots("mail", begin, 12, 60, 95, 2, 0.003),
        *snapshots("wiki", autumn, 12, 0.3, 0.4, 3),
        *drills("orders", begin, 3.5, 18, 4.5, 4),
        *drills("mail", begin, 7, 240, 50, 5),
        *drills("wiki", autumn, 7, 4, 0.4, 6),
    ]
    return sorted(records, key=lambda one: one.started)
