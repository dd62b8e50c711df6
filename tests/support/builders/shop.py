"""A small business and its records, for tests of what is concluded from them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from agent.core.configuration.config import (
    Business,
    CommandProof,
    Config,
    CriticalProcess,
    Repository,
    Settings,
    WeeklyMoment,
)
from agent.core.evidence.evidence import Copy, Evidence
from agent.core.model.drills import DrillFiles, DrillRecord, DrillSeconds, ProofResult
from agent.core.model.findings import Finding, finding
from agent.core.model.records import CheckRecord
from agent.core.model.runs import Outcome
from agent.core.model.snapshots import SnapshotRecord
from agent.core.verdict.judgement import Assessment, Judgement
from agent.core.verdict.verdict import assess

HOUR, DAY = 3600, 86400
GIB = 1 << 30
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday; 13:00 in Berlin
BUSINESS = Business(
    name="Harbour Lane Mail Order",
    time_zone="Europe/Berlin",
    closes=WeeklyMoment(4, 17, 0),
    opens=WeeklyMoment(0, 8, 0),
)
PROOF = CommandProof(name="the orders are sound", command=("true",))


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def process(name: str = "orders", **changes: Any) -> CriticalProcess:
    usual = CriticalProcess(
        name=name,
        paths=(f"/srv/{name}",),
        tier=1,
        rto=24 * HOUR,
        rpo=2 * HOUR,
        mtd=48 * HOUR,
        max_proof_age=10 * DAY,
        proofs=(PROOF,),
    )
    return replace(usual, **changes)


def config(*processes: CriticalProcess, repositories: tuple[str, ...] = ("primary",)) -> Config:
    return Config(
        file="/etc/readiness/readiness.toml",
        business=BUSINESS,
        settings=Settings(
            state="/var/lib/readiness",
            scratch="/var/lib/readiness/scratch",
            restic="restic",
            host="shop",
            stall_timeout=300,
        ),
        repositories=tuple(
            Repository(name=name, url=f"/mnt/{name}", password_file="/etc/readiness/password")
            for name in repositories
        ),
        processes=processes or (process(),),
    )


def snapshot(hours: float = 1, outcome: Outcome = "passed", **changes: Any) -> SnapshotRecord:
    usual = SnapshotRecord(
        process="orders",
        repository="primary",
        started=ago(hours),
        outcome=outcome,
        seconds=4.0,
        snapshot=f"{int(hours * 100):064x}",
        snapshot_at=ago(hours),
        paths=("/srv/orders", "/var/lib/readiness/carried/orders"),
        files=1000,
        bytes=GIB,
        findings=()
        if outcome == "passed"
        else (wrong("source-missing" if outcome == "failed" else "timed-out"),),
    )
    return replace(usual, **changes)


def drill(
    hours: float = 0.5, outcome: Outcome = "passed", of: float | None = None, **changes: Any
) -> DrillRecord:
    """A drill so many hours ago; `of` the snapshot that was taken so many hours ago."""
    of = hours + 0.5 if of is None else of
    result: Outcome = "passed" if outcome == "passed" else "not_tested"
    usual = DrillRecord(
        process="orders",
        repository="primary",
        started=ago(hours),
        outcome=outcome,
        snapshot=f"{int(of * 100):064x}",
        snapshot_at=ago(of),
        rung="L5",
        seconds=DrillSeconds(restore=500, verify=80, prove=10, total=600),
        files=DrillFiles(expected=1200, restored=1200, verified=1200),
        bytes=GIB,
        total_files=1000,
        total_bytes=GIB,
        proofs=(ProofResult(name=PROOF.name, outcome=result, seconds=1.0),),
        isolation=("user", "network", "memory"),
        findings=()
        if outcome == "passed"
        else (wrong("file-damaged" if outcome == "failed" else "no-space"),),
    )
    return replace(usual, **changes)


def wrong(code: str, name: str = "orders", message: str = "") -> Finding:
    return finding(code, name, message or f"This is {code}.", f"Mend {code}.")


def damage() -> CheckRecord:
    """A check that found the first repository damaged."""
    return CheckRecord(
        repository="primary",
        started=datetime.now(UTC),
        outcome="failed",
        seconds=1,
        part=1,
        parts=28,
        findings=(wrong("repository-damaged", ""),),
    )


def copy(*records: SnapshotRecord | DrillRecord, name: str = "orders", repository: str = "primary") -> Copy:
    """Records newest first, of one process and repository whatever they say themselves."""
    mine = [replace(record, process=name, repository=repository) for record in records]
    return Copy(
        process=name,
        repository=repository,
        snapshots=tuple(record for record in mine if isinstance(record, SnapshotRecord)),
        drills=tuple(record for record in mine if isinstance(record, DrillRecord)),
    )


def judged(
    *records: SnapshotRecord | DrillRecord,
    of: CriticalProcess | None = None,
    more: tuple[Copy, ...] = (),
    now: datetime = NOW,
) -> Judgement:
    """The verdict on orders, made from records in the primary repository (newest first) and other copies."""
    copies = more if not records and more else (copy(*records), *more)
    names = tuple(dict.fromkeys(["primary", *(other.repository for other in copies)]))
    return assessed(*copies, shop=config(of or process(), repositories=names), now=now).judgements[0]


def assessed(*copies: Copy, shop: Config, now: datetime = NOW) -> Assessment:
    return assess(shop, Evidence(copies=copies, sequence=7, head="ab12" * 16), now)


def codes(judgement: Judgement) -> list[str]:
    return [reason.code for reason in judgement.reasons]
