"""A shop that keeps only some of its snapshots, and snapshots that are old."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from support.builders.readiness_cli import HOST, Shop, fill

OURS = ("--tag", "readiness", "--tag", "process=orders")


def kept(shop: Shop, rules: str, at_most: int = 100) -> Shop:
    """A shop that keeps only so much, with a few files, of which a drill has passed."""
    shop.extra = f"keep = {{ {rules}, at_most = {at_most} }}"
    if not shop.password.exists():
        shop.set_up()
        fill(shop.source, files=5, big=0)
        note_drill(shop)
    shop.write_config()
    return shop


def note_drill(
    shop: Shop, repository: str = "primary", outcome: Outcome = "passed", *findings: Finding
) -> None:
    """A record as a drill leaves one, of a snapshot that is not there any more."""
    now = datetime.now(UTC)
    body = DrillRecord(
        process="orders", repository=repository, started=now, outcome=outcome, findings=findings
    )
    with open_ledger(shop.state / "ledger.db") as ledger:
        ledger.append(body, now)


def old(
    shop: Shop,
    *hours: float,
    host: str = HOST,
    tags: tuple[str, ...] = OURS,
    noted: Outcome | None = "passed",
) -> list[str]:
    """Snapshots made by restic so many hours ago, and recorded where they are ours; their full IDs."""

    def made(hour: float) -> str:
        at = (datetime.now() - timedelta(hours=hour)).strftime("%Y-%m-%d %H:%M:%S")
        backup = ["backup", "--json", "--host", host, *tags, "--time", at, shop.source]
        begins = json.loads(shop.plain_restic(*backup).splitlines()[-1])["snapshot_id"]
        (file,) = (shop.repository / "snapshots").glob(f"{begins}*")
        return file.name

    first = made(hours[0])  # then all blobs are there
    with ThreadPoolExecutor(4) as others:  # each waits for its lock
        names = [first, *others.map(made, hours[1:])]
    if noted and (host, tags) == (HOST, OURS):
        note_snapshots(shop, names, noted)
    return names


def note_snapshots(shop: Shop, names: Iterable[str], outcome: Outcome = "passed") -> None:
    """Records as runs leave them that took these."""
    now = datetime.now(UTC)
    with open_ledger(shop.state / "ledger.db") as ledger:
        for name in names:
            body = SnapshotRecord(
                process="orders",
                repository="primary",
                started=now,
                outcome=outcome,
                seconds=1.0,
                snapshot=name,
                host=HOST,
            )
            ledger.append(body, now)
