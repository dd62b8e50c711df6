"""A second repository for the business of `readiness_cli.Shop`."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.snapshots import SnapshotRecord
from support.builders.quick_key import empty_repository, quicken
from support.builders.readiness_cli import SMALL_PACKS, Shop


class PlanB:
    """The repository "planb" of a shop, on disk unless `url` says otherwise.

    `environment` goes into its environment file, `more` are lines of [repository.planb]; `place` is where
    the server of `url` keeps it.
    """

    def __init__(
        self,
        shop: Shop,
        url: str = "",
        more: str = "",
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        place: Path | None = None,
    ) -> None:
        self.shop = shop
        self.options = options
        self.environment = environment or {}
        self.path = place or shop.base / "planb"
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
        self.inits += 1  # made anew it is another one
        empty_repository(self.path, self.shop.restic, "battery staple", f"planb {self.inits}")
        return self

    def init_by_hand(self) -> "PlanB":
        """As a person makes it, through the server; the others are put where it keeps them."""
        self.restic("init")
        quicken(self.path, "battery staple")
        return self

    def restic(self, *arguments: str, check: bool = True) -> bytes:
        """restic by hand on plan B; returns what it printed."""
        done = subprocess.run(
            self._words(*arguments), check=False, env=self._environment(), capture_output=True
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> bytes:
        """The line in which restic says that the server refuses; not waited until it gives up."""
        running = subprocess.Popen(
            self._words(*arguments), env=self._environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert running.stderr
        with running.stderr as said:
            line = next((line for line in said if b"403 Forbidden" in line), b"")
            running.send_signal(signal.SIGINT)
            said.read()
        running.wait()
        return line

    def _words(self, *arguments: str) -> list[str | Path]:
        options = [word for option in self.options for word in ("-o", option)]
        return [self.shop.restic, "--no-cache", *options, *arguments]

    def _environment(self) -> dict[str, str]:
        mine = {"RESTIC_REPOSITORY": self.url, "RESTIC_PASSWORD_FILE": str(self.password)}
        return {**os.environ, **self.environment, **SMALL_PACKS, **mine}

    def snapshots(self) -> list[dict[str, Any]]:
        """What restic lists, newest first."""
        rows = json.loads(self.restic("snapshots", "--json", "--no-lock")) or []
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
