"""A business that consists of a config and a ledger: what commands say of it needs no restic."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.cli import run
from agent.core.model.drills import DrillRecord
from agent.core.model.snapshots import SnapshotRecord
from support.builders.shop import NOW

CONFIG = """
[business]
name = "Harbour Lane Mail Order"
time_zone = "Europe/Berlin"
closes = "Fri 17:00"
opens = "Mon 08:00"
[agent]
state = "{base}/state"
scratch = "{base}/scratch"
host = "shop"
[repository.primary]
url = "{base}/repository"
password_file = "{base}/password"
[process.orders]
rto = "24h"
rpo = "2h"
paths = ["/srv/orders"]
"""


def recorded_shop(base: Path, *records: SnapshotRecord | DrillRecord, more: str = "") -> Path:
    """Its config; the records (newest first) are as old as they say, but now. `more` are further tables."""
    (base / "password").write_text("secret")
    (base / "password").chmod(0o600)
    stand_in(base / "repository", *(one.snapshot for one in records if one.snapshot))
    config = base / "readiness.toml"
    config.write_text(CONFIG.format(base=base) + more)
    (base / "state").mkdir(exist_ok=True)
    late = datetime.now(UTC) - NOW
    if records:
        with open_ledger(base / "state" / "ledger.db") as ledger:
            for record in reversed(records):
                taken = record.snapshot_at + late if record.snapshot_at else None
                moved = replace(record, started=record.started + late, snapshot_at=taken)
                ledger.append(moved, moved.started)
    return config


def stand_in(repository: Path, *snapshots: str) -> None:
    """What a glance takes for a repository that holds these."""
    for directory in ("keys", "data", "index", "snapshots"):
        (repository / directory).mkdir(parents=True, exist_ok=True)
    for file in ("config", "keys/one", "data/one", "index/one", *(f"snapshots/{name}" for name in snapshots)):
        (repository / file).write_text("not restic's")


def readiness(base: Path, *arguments: str) -> int:
    """The exit status of one command on it."""
    return run(["--config", str(base / "readiness.toml"), *arguments])


class Handed:
    """Stands in for a generator of the composition root: hands out `records`, keeps what was asked for."""

    def __init__(self, *records: Any) -> None:
        self.records = records
        self.asked: tuple[Any, ...] = ()
        self.closed = False

    def __call__(self, *asked: Any) -> Any:
        self.asked = asked
        return self._hand_out()

    def _hand_out(self) -> Any:
        try:
            yield from self.records
        finally:
            self.closed = True
