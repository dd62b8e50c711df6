"""What is known of the snapshots A to D, and what a repository lists."""

from datetime import timedelta

from msgspec.structs import replace

from agent.core.model.records import Body, RetentionRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.model.snapshots import SnapshotRecord
from agent.operations.records.vanished import Vanished
from support.builders.shop import NOW, snapshot
from support.doubles.fakes import FakeLedger

A, B, C, D = (letter * 64 for letter in "abcd")


def taken(name: str, hours: float = 1, **changes: object) -> SnapshotRecord:
    return replace(snapshot(hours, snapshot=name, host="shop"), **changes)


def retained(*kept: str, removed: tuple[str, ...] = (), run: int = 0, **changes: object) -> RetentionRecord:
    usual = RetentionRecord(
        process="orders",
        repository="primary",
        started=NOW + timedelta(minutes=run),
        outcome="passed",
        seconds=1,
        host="shop",
        removed=removed,
        kept=kept,
    )
    return replace(usual, **changes)


def known(*bodies: Body, repository: str = "primary", host: str = "shop") -> set[str]:
    return set(Vanished(FakeLedger(*bodies), "orders", repository, host).known().ids)


def listed(*names: str) -> list[StoredSnapshot]:
    return [StoredSnapshot(id=name, time=NOW, host="shop", paths=()) for name in names]
