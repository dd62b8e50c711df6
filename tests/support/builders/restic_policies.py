"""Random snapshots in a real repository and random policies, to ask restic what it would remove."""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agent.adapters.restic.messages import listed
from agent.core.configuration.config import Keep, Rhythm
from agent.core.model.repository import StoredSnapshot
from support.builders.quick_key import empty_repository

ZONE = "Europe/Berlin"
HOUR = 3600
# where hours are doubled or missing, days have 23 or 25 hours, and weeks and years begin apart
MOMENTS = (
    "2024-02-28 23:30:00",
    "2024-10-26 23:15:00",
    "2024-12-30 10:00:00",
    "2025-03-29 22:00:00",
    "2025-10-25 22:30:00",
    "2026-01-01 00:30:00",
)
FEWEST, MOST = 1, 5
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly")


class Sets:
    """One repository with `count` snapshots around `MOMENTS`; each is in some of `sets` (its tags)."""

    def __init__(self, base: Path, restic: Path, seed: int) -> None:
        self.base = base
        self.restic = restic
        self.chance = random.Random(seed)
        (base / "password").write_text("correct horse\n")
        (base / "password").chmod(0o600)
        (base / "file").write_text("x")
        empty_repository(base / "repository", restic, "correct horse")

    def fill(self, count: int, sets: int) -> "Sets":
        for number in range(count):
            mine = [f"set{index}" for index in range(sets) if self.chance.random() < 0.4]
            tags = [word for tag in ["all", *mine] for word in ("--tag", tag)]
            moment = self._moment(number).strftime("%Y-%m-%d %H:%M:%S")
            self.call("backup", "--host", "shop", "--time", moment, *tags, str(self.base / "file"))
        return self

    def _moment(self, number: int) -> datetime:
        base = datetime.fromisoformat(MOMENTS[number % len(MOMENTS)]).replace(tzinfo=ZoneInfo(ZONE))
        reach = self.chance.choice([HOUR, 6 * HOUR, 3 * 24 * HOUR, 60 * 24 * HOUR])
        return datetime.fromtimestamp(base.timestamp() + self.chance.randrange(reach), ZoneInfo(ZONE))

    def call(self, *arguments: str, restic: Path | None = None) -> bytes:
        done = subprocess.run(
            [restic or self.restic, "--no-cache", "-r", self.base / "repository", *arguments],
            env={**os.environ, "TZ": ZONE, "RESTIC_PASSWORD_FILE": str(self.base / "password")},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def snapshots(self, tag: str) -> list[StoredSnapshot]:
        return listed(self.call("snapshots", "--json", "--tag", tag))

    def removed_by_restic(self, tag: str, keep: Keep, restic: Path) -> set[str]:
        """What `restic forget` would remove from one set."""
        options = [f"--keep-{rule}={getattr(keep, rule)}" for rule in RULES if getattr(keep, rule)]
        options += [f"--keep-within={keep.within // HOUR}h"] if keep.within else []
        answer = self.call(
            "forget",
            "--dry-run",
            "--json",
            "--no-lock",
            "--group-by",
            "",
            "--tag",
            tag,
            *options,
            restic=restic,
        )
        groups = next(json.loads(line) for line in answer.splitlines() if line.startswith(b"["))
        return {snapshot["id"] for group in groups for snapshot in group["remove"] or []}


def policies(seed: int, count: int) -> Iterator[Keep]:
    """Random policies, each with at least one rule."""
    chance = random.Random(seed)
    for _ in range(count):
        rules: dict[str, Any] = {
            rule: chance.randint(FEWEST, MOST) for rule in RULES if chance.random() < 0.4
        }
        if chance.random() < 0.3 or not rules:
            rules["within"] = HOUR * chance.choice([1, 5, 24, 31 * 24, 400 * 24])
        yield Keep(rhythm=Rhythm(every=24 * HOUR), at_most=100, **rules)
