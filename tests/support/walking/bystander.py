"""A second process in the same repositories, to which nothing is done: what befalls the first is not its own.

Its notes lie in a SQLite database that is open, with its newest rows in the log, whenever anything runs.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from support.builders.readiness_cli import Result
from support.walking.place import Place

NAME = "notes"
# what its drill may say although nobody did anything: time went by, or the snapshot is not its own
ALLOWED = {"snapshot-stale", "no-snapshot"}


class Bystander:
    """Its files, and what the walk knows of its snapshots."""

    def __init__(self, base: Path) -> None:
        self.directory = base / "srv" / NAME
        self._rows = 0
        self._held: dict[str, int] = {}  # rows, by the ID where the snapshot was taken
        self._sound: dict[object, bool] = {}  # what plain restic brought back, by place and snapshot
        self._open: sqlite3.Connection | None = None

    def toml(self) -> str:
        return f'[process.{NAME}]\nrpo = "2h"\nrto = "24h"\npaths = [{json.dumps(str(self.directory))}]\n'

    def write(self) -> None:
        """One more row, which stays in the log."""
        if self._open is None:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            self._open = sqlite3.connect(self.directory / "notes.db", isolation_level=None)
            self._open.execute("PRAGMA journal_mode = WAL")
            self._open.execute("PRAGMA wal_autocheckpoint = 0")
            self._open.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
        self._open.execute("INSERT INTO note VALUES (?)", ["x" * 200])
        self._rows += 1

    def close(self) -> None:
        if self._open:
            self._open.close()
        self._open = None

    def hear(self, result: Result, places: dict[str, Place]) -> None:
        for row in result.rows:
            if row["process"] != NAME:
                continue
            errors = {found["code"] for found in row["findings"] if found["severity"] == "error"}
            harmed = any(place.struck for place in places.values())
            assert row["outcome"] == "passed" or harmed or errors <= ALLOWED, f"nothing was done to it: {row}"
            if row.get("snapshot") and "selection" not in row:
                self._held.setdefault(row["snapshot"], self._rows)

    def look(self, result: Any, places: list[Place], *, later: bool) -> None:
        """What must hold of its verdict; `later`: the clock was moved."""
        [mine] = [one for one in result["processes"] if one["process"] == NAME]
        codes = {reason["code"] for reason in mine["reasons"] if reason["verdict"] != "READY"}
        struck = any(place.struck for place in places)
        fine = mine["verdict"] in ("READY", "AT_RISK") or struck or later
        assert fine, f"nothing was done to {NAME}, and it is said to be {mine['verdict']}: {mine['reasons']}"
        if mine["verdict"] == "READY" or codes <= {"repository-same-device"}:
            # nobody need have looked at it since something was damaged
            for place in (each for each in places if not each.unseen and not each.lost):
                assert self._is_sound(place), f"{NAME} is {mine['verdict']}, and {place.name} lacks its rows"

    def _is_sound(self, place: Place) -> bool:
        """The newest snapshot there brings back as many rows as there were when it was taken."""
        held = place.snapshots(NAME)
        if not held or held[0].origin not in self._held:
            return False
        key = (place.name, place.inits, held[0].id, place.files())
        if key not in self._sound:
            target = place.home / "walk-restored-notes"
            place.plain("restore", held[0].id, "--target", str(target))
            wanted = self._held[held[0].origin]
            self._sound[key] = any(_rows(file) >= wanted for file in target.rglob("notes.db"))
            shutil.rmtree(target, ignore_errors=True)
        return self._sound[key]


def _rows(file: Path) -> int:
    try:
        with closing(sqlite3.connect(file)) as database:
            ((sound,),) = database.execute("PRAGMA integrity_check").fetchall()
            ((rows,),) = database.execute("SELECT count(*) FROM note").fetchall()
    except sqlite3.DatabaseError:
        return -1
    return int(rows) if sound == "ok" else -1
