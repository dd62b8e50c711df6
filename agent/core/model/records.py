"""What a record of the ledger holds: every kind of body, those of snapshots and drills from beside it.

Durations are whole seconds unless a name says otherwise, sizes are bytes, times are aware datetimes.
Paths of files found on disk are text with surrogateescape.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from agent.core.model.config_record import ConfigRecord
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.notices import (
    AcknowledgementRecord,
    AlarmTestRecord,
    DeliveryRecord,
    IncidentRecord,
    MessageRecord,
    PingRecord,
)
from agent.core.model.runs import RUNS, AgentRecord, Outcome, Run
from agent.core.model.sights import SightRecord
from agent.core.model.snapshots import SnapshotRecord

# ---- what was observed ----------------------------------------------------------------------


class RepositoryRecord(Struct, frozen=True, kw_only=True):
    """The identity of a repository, noted when it was first used under its name, and at each new address."""

    repository: str
    repository_id: str
    address: str = ""  # fingerprint of where it lies; empty where that was not noted


class CopyRecord(Struct, frozen=True, kw_only=True):
    """What one run of `readiness copy` did: a SnapshotRecord follows for each snapshot that it copied."""

    process: str
    repository: str  # that was copied into
    source: str  # the repository that was copied from
    started: datetime
    outcome: Outcome
    seconds: float
    copied: int = 0
    behind: int = 0  # snapshots of the source that are still not in this repository
    lag: int | None = None  # seconds between the newest snapshot of the source and the newest here
    findings: tuple[Finding, ...] = ()


class CheckRecord(Struct, frozen=True, kw_only=True):
    """What one `restic check` of a repository found; it read the data of part `part` of `parts`."""

    repository: str
    started: datetime
    outcome: Outcome
    seconds: float
    part: int
    parts: int
    repository_id: str = ""
    restic: str = ""
    findings: tuple[Finding, ...] = ()


class RetentionRecord(Struct, frozen=True, kw_only=True):
    """Which snapshots of a process the retention removed from one repository, or why it did not."""

    process: str
    repository: str
    started: datetime
    outcome: Outcome
    seconds: float
    host: str = ""
    removed: tuple[str, ...] = ()  # full IDs; in a record of a removal that was only begun: that were to go
    kept: tuple[str, ...] = ()  # full IDs of all that were left, where that was noted
    frozen: tuple[str, ...] = ()  # codes of the open findings that forbid removing anything
    findings: tuple[Finding, ...] = ()


class ListingRecord(Struct, frozen=True, kw_only=True):
    """All snapshots of a process that a repository held, noted where the ledger did not know them all."""

    process: str
    repository: str
    started: datetime
    host: str
    snapshots: tuple[str, ...]  # full IDs, newest first


class PruneRecord(Struct, frozen=True, kw_only=True):
    """What freeing the space of removed snapshots came to."""

    repository: str
    started: datetime
    outcome: Outcome
    seconds: float
    frozen: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


UpkeepRecord = RetentionRecord | CheckRecord | PruneRecord | CopyRecord


class WatchRecord(Struct, frozen=True, kw_only=True):
    """What the service saw of a process's files; written when its findings change."""

    process: str
    started: datetime
    outcome: Outcome
    files: int = 0  # changed since the last good snapshot
    bytes: int = 0  # in them
    findings: tuple[Finding, ...] = ()


Body = (
    SnapshotRecord
    | DrillRecord
    | RepositoryRecord
    | SightRecord
    | CopyRecord
    | CheckRecord
    | RetentionRecord
    | ListingRecord
    | PruneRecord
    | WatchRecord
    | AgentRecord
    | ConfigRecord
    | Run
    | IncidentRecord
    | MessageRecord
    | DeliveryRecord
    | AcknowledgementRecord
    | AlarmTestRecord
    | PingRecord
)

KINDS: dict[type, str] = {
    SnapshotRecord: "snapshot",
    DrillRecord: "drill",
    RepositoryRecord: "repository",
    SightRecord: "sight",
    CopyRecord: "copy",
    CheckRecord: "check",
    RetentionRecord: "retention",
    ListingRecord: "listing",
    PruneRecord: "prune",
    WatchRecord: "watch",
    AgentRecord: "agent",
    ConfigRecord: "config",
    IncidentRecord: "incident",
    MessageRecord: "message",
    DeliveryRecord: "delivery",
    AcknowledgementRecord: "acknowledgement",
    AlarmTestRecord: "alarm-test",
    PingRecord: "ping",
    **{record: f"run-{task}" for task, record in RUNS.items()},
}


class Entry(Struct, frozen=True, kw_only=True):
    """One record as it stands in the ledger's chain."""

    sequence: int
    at: datetime
    body: Body
    hash: str


# ---- what is concluded ----------------------------------------------------------------------


class Verdict(StrEnum):
    """The answer, for one process or for the whole business."""

    READY = "READY"
    AT_RISK = "AT_RISK"
    NOT_READY = "NOT_READY"
    UNKNOWN = "UNKNOWN"
