"""Records for the tests of the ledger, and the tools of somebody who tampers with it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.adapters.ledger.schema import GUARDS
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Body, RepositoryRecord
from agent.core.model.runs import Outcome
from support.places import ROOT

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
CONFIG = """
[business]
name = "Harbour Lane"
time_zone = "Europe/Berlin"
closes = "Fri 17:00"
opens = "Mon 08:00"

[agent]
state = "{state}"
scratch = "{state}/scratch"

[repository.primary]
url = "{state}/repository"
password_file = "{state}/password"

[process.orders]
rto = "24h"
rpo = "1h"
mtd = "48h"
paths = ["{state}"]
"""


def drill(number: int, process: str = "orders", outcome: Outcome = "passed") -> DrillRecord:
    return DrillRecord(
        process=process, repository="primary", started=NOW, outcome=outcome, total_files=number
    )


def write(path: Path, count: int, start: int = 1) -> list[str]:
    """Append drills numbered from `start`; the hashes they got."""
    with open_ledger(path) as ledger:
        return [ledger.append(drill(number), NOW).hash for number in range(start, start + count)]


def bodies(path: Path) -> list[Body]:
    with open_ledger(path) as ledger:
        return [entry.body for entry in ledger.entries()]


def hashes(path: Path) -> list[str]:
    """Of all records, oldest first."""
    with open_reader(path) as ledger:
        return [entry.hash for entry in ledger.entries()]


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The database with its guards down, put up again afterwards."""
    with closing(sqlite3.connect(path)) as database:
        for guard in GUARDS:
            database.execute(f"DROP TRIGGER {guard}")
        yield database
        for statement in GUARDS.values():
            database.execute(statement)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def python(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """A child that can import the agent."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[Path]:
    """A tmpfs of its own at `directory`; needs root."""
    directory.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", options, "readiness-test", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


REPOSITORY = RepositoryRecord(repository="primary", repository_id="4a5b")
