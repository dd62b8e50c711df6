"""A year of a small business in the ledger, and the auditor's bundle that is made from it."""

import contextlib
import io
import runpy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agent.adapters.ledger.ledger import SqliteLedger, open_ledger, open_raw
from agent.core.audit.bundle import Bundle, Paper, bundle
from agent.core.audit.records import Item, Period, period_of
from agent.core.configuration.config import Config, Rhythm
from agent.core.model.config_record import config_to_note
from agent.core.model.drills import DrillFiles, DrillRecord, DrillSeconds, ProofResult
from agent.core.model.runs import AgentRecord, DrillRun, Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.report.views import Fact, Report
from agent.operations.reading.audit import gather
from support.builders.shop import PROOF, config, process
from support.places import ROOT

DAY, WEEK, MINUTE = timedelta(days=1), timedelta(days=7), timedelta(minutes=1)
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)  # a Monday
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
YEAR = period_of(START.date().replace(day=1), datetime(2026, 12, 31).date(), "Europe/Berlin")
SCRIPT = ROOT / "agent/verify_bundle.py"
JANUARY = period_of(date(2026, 1, 1), date(2026, 1, 31), "Europe/Berlin")
END = START + 27 * DAY
BEFORE = START - 10 * DAY  # before that January
WEEKLY = Rhythm(every=7 * 86400)
verifier: dict[str, Any] = runpy.run_path(str(SCRIPT))


class Business:
    """Writes what the service, its drills and people leave in a ledger."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self.ledger = ledger
        self.snapshots = 0

    def configure(self, at: datetime, made: Config) -> None:
        record = config_to_note(made, [])
        assert record is not None
        self.ledger.append(record, at)

    def service(self, at: datetime, event: str, jump: int = 0) -> None:
        self.ledger.append(AgentRecord(event=event, version="1", jump=jump), at)  # type: ignore[arg-type]

    def snapshot(self, at: datetime, name: str = "orders", repository: str = "primary") -> str:
        self.snapshots += 1
        made = f"{self.snapshots:064x}"
        record = SnapshotRecord(
            process=name,
            repository=repository,
            started=at,
            outcome="passed",
            seconds=3.0,
            snapshot=made,
            snapshot_at=at,
            witness_sha256=f"{self.snapshots:064x}",
        )
        self.ledger.append(record, at)
        return made

    def drill(self, at: datetime, outcome: Outcome = "passed", **changes: Any) -> int:
        """A drill of a snapshot that is half an hour old."""
        name, repository = changes.get("process", "orders"), changes.get("repository", "primary")
        taken = at - 30 * MINUTE
        usual = DrillRecord(
            process=name,
            repository=repository,
            started=at,
            outcome=outcome,
            snapshot=self.snapshot(taken, name, repository),
            snapshot_at=taken,
            rung="L5",
            seconds=DrillSeconds(restore=500, verify=80, prove=10, total=600),
            files=DrillFiles(expected=1200, restored=1200, verified=1200),
            recovery_point_age=1800,
            proofs=(ProofResult(name=PROOF.name, outcome=outcome, seconds=1.0),),
            isolation=("user", "network"),
        )
        return self.ledger.append(replace(usual, **changes), at + 10 * MINUTE).sequence

    def run(self, at: datetime, outcome: Outcome = "passed", **about: Any) -> int:
        """A run of the service that made a drill, or `drills=False` that came to none."""
        drills = about.pop("drills", True)
        changes = about.pop("drill", {})
        name = changes.get("process", "orders")
        due = about.pop("due", at)
        if drills:
            self.drill(at + 2 * MINUTE, outcome, **changes)
        record = DrillRun(
            process=name,
            repository=changes.get("repository", "primary"),
            due=due,
            started=at,
            seconds=900,
            outcome=outcome,
            status={"passed": 0, "failed": 1, "not_tested": 3}[outcome],
            **about,
        )
        return self.ledger.append(record, at + 15 * MINUTE).sequence


def promising(**changes: Any) -> Config:
    """Orders with a drill every week, and objectives that can be changed."""
    usual = {"owner": "head of orders", "drill": WEEKLY, "rpo": 3600}
    return replace(config(process(**{**usual, **changes})), sha256=f"{len(str(changes)):064x}")


def write_year(path: Path) -> dict[str, int]:
    """Fifty weekly drills; what befell them by name, with the record that tells of it."""
    told: dict[str, int] = {}
    with open_ledger(path) as ledger:
        shop = Business(ledger)
        shop.configure(START - 5 * DAY, promising())
        shop.service(START - 5 * DAY, "started")
        week = START
        while week < NOW - 3 * DAY:
            number = (week - START).days // 7
            if number == 10:
                told["failed"] = ledger.head()[0] + 2  # behind the snapshot
                shop.run(week, "failed")
                told["again"] = shop.run(week + DAY)
            elif number in (20, 21, 22):
                pass  # the machine was off
            elif number == 23:
                told["missed"] = shop.run(week, due=START + 20 * WEEK, missed=3)
            elif number == 26:
                shop.configure(week - DAY, promising(rto=300, rpo=3600))  # ten minutes are too long now
                told["too slow"] = shop.run(week)
            elif number == 27:
                shop.configure(week - DAY, promising(rto=7200, rpo=900))  # half an hour is too old now
                told["too old"] = shop.run(week)
                shop.configure(week + DAY, promising())
            elif number == 30:
                told["not tested"] = shop.run(week, "not_tested", drills=False)
                shop.run(week + MINUTE * 20)
            elif number == 35:
                told["by hand"] = shop.drill(week - 2 * DAY, selection="random")
                shop.run(week)
            else:
                shop.run(week)
            week += WEEK
    return told


def report() -> Report:
    """What the bundle shows of the day it was written."""
    return Report(
        audience="auditor",
        business="Harbour Lane Mail Order",
        question="Could it?",
        state="READY",
        answer="It could.",
        at="Sunday 13:00, 2027-01-10 13:00 CET",
        window="",
        first="",
        processes=(),
        reasons=(),
        not_tested=(Fact("everything", "Another machine was not tried."),),
        plan_b="None",
        seal="record 1",
    )


PAPER = Paper(report=report(), text="READY", html="<p>READY", script=SCRIPT.read_bytes(), version="1")


def made(path: Path, period: Period = YEAR, now: datetime = NOW, paper: Paper = PAPER) -> Bundle:
    """The bundle of a ledger."""
    with open_ledger(path) as ledger:
        until = ledger.head()[0]
    with open_raw(path) as records:
        return bundle(gather(records, until, now), period, paper)


def verified(path: Path, head: str = "", sha256: str = "") -> list[str]:
    """The faults that the script finds; an exception counts as one, as it does in the script."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return list(verifier["verify"](str(path), head, sha256))
        except Exception as error:  # noqa: BLE001 - as the script does
            return [f"it cannot be read as a bundle: {error!r}"]


def items(
    tmp_path: Path, write: Callable[[Business], Any], period: Period = JANUARY, first: Config | None = None
) -> dict[int, Item]:
    """The checklist of what a business wrote, by the number of the question."""
    with open_ledger(tmp_path / "ledger.db") as ledger:
        shop = Business(ledger)
        if first:
            shop.configure(BEFORE, first)
        write(shop)
    return {item.number: item for item in made(tmp_path / "ledger.db", period, END).items}


def weekly(shop: Business, **changes: Any) -> None:
    for week in range(4):
        shop.run(START + week * WEEK, drill=changes)
