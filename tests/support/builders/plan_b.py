"""A second repository for the business of `readiness_cli.Shop`."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.records import SnapshotRecord
from support.builders.quick_key import empty_repository
from support.builders.readiness_cli import SMALL_PACKS, Shop


class PlanB:
    """The repository "planb" of a shop, on disk unless `url` says otherwise.

    `environment` goes into its environment file, `more` are lines of [repository.planb].
    """

    def __init__(
        self,
        shop: Shop,
        url: str = "",
        more: str = "",
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.shop = shop
        self.options = options
        self.environment = environment or {}
        self.path = shop.base / "planb"
        self.inits = 0
        self.url = url or str(self.path)
        self.password = shop.base / "planb.password"
        self.password.write_text("battery staple\n")
        self.password.chmod(0o600)
        self.write_config(more)

    def write_config(self, more: str = "") -> None:
        """`more` lines of [repository.planb]."""
        if self.environment:
            file = self.shop.base / "planb.environment"
            file.write_text("".join(f"{name}={value}\n" for name, value in self.environment.items()))
            file.chmod(0o600)
            more += f"\nenvironment_file = {json.dumps(str(file))}"
        self.shop.more = (
            f"[repository.planb]\nurl = {json.dumps(self.url)}\n"
            f"password_file = {json.dumps(str(self.password))}\n"
            f"options = {json.dumps(list(self.options))}\n{more}\n"
        )
        self.shop.write_config()

    def init(self) -> "PlanB":
        self.inits += 1
        if self.url == str(self.path):  # made anew it is another one
            empty_repository(self.path, self.shop.restic, "battery staple", f"planb {self.inits}")
        else:
            self.restic("init")
        return self

    def restic(self, *arguments: str, check: bool = True) -> bytes:
        """restic by hand on plan B; returns what it printed."""
        done = subprocess.run(
            [self.shop.restic, "--no-cache", *(w for o in self.options for w in ("-o", o)), *arguments],
            check=False,
            env={
                **os.environ,
                **self.environment,
                **SMALL_PACKS,
                "RESTIC_REPOSITORY": self.url,
                "RESTIC_PASSWORD_FILE": str(self.password),
            },
            capture_output=True,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def snapshots(self) -> list[dict[str, Any]]:
        """What restic lists, newest first."""
        rows = json.loads(self.restic("snapshots", "--json")) or []
        return sorted(rows, key=lambda row: row["time"], reverse=True)

    def originals(self) -> list[str]:
        return [row["original"] for row in self.snapshots()]

    def records(self) -> list[SnapshotRecord]:
        """What the ledger says of snapshots in plan B, newest record first."""
        with open_reader(self.shop.state / "ledger.db") as ledger:
            return ledger.newest(SnapshotRecord, repository="planb", limit=1000)

    def locks(self) -> list[Path]:
        """The locks in it; one that restic was killed while writing is none."""
        return [lock for lock in (self.path / "locks").glob("*") if "-tmp-" not in lock.name]
