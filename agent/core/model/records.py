"""The words of DESIGN.md section 2 as types: what a record of the ledger holds.

Durations are whole seconds unless a name says otherwise, sizes are bytes, times are aware datetimes.
Paths of files found on disk are text with surrogateescape.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from agent.core.model import runs
from agent.core.model.config_record import ConfigRecord
from agent.core.model.notices import (
    AcknowledgementRecord,
    AlarmTestRecord,
    DeliveryRecord,
    IncidentRecord,
    MessageRecord,
    PingRecord,
)
from agent.core.model.objectives import Objectives
from agent.core.model.runs import RUNS, AgentRecord, Run

Severity = Literal["info", "warning", "error"]
Outcome = runs.Outcome


# ---- what was observed ----------------------------------------------------------------------


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: what, where, and what to do about it."""

    code: str
    severity: Severity
    process: str
    message: str
    hint: str = ""
    path: str | None = None


class RootIdentity(Struct, frozen=True):
    """What a source root was when it was last good: enough to notice another disk in its place."""

    path: str
    device: int
    inode: int
    files: int = 0  # regular files below it


class TableCounts(Struct, frozen=True):
    """The row count of every table of one SQLite database, noted from its consistent copy."""

    database: str  # the path in the config
    copy: str  # name of the consistent copy inside the snapshot's carried directory
    rows: dict[str, int]
    sha256: str = ""  # of the copy, in hexadecimal


class SnapshotRecord(Struct, frozen=True, kw_only=True):
    """What one run of `readiness snapshot` saw for one process and one repository."""

    process: str
    repository: str
    started: datetime
    outcome: Outcome
    seconds: float
    snapshot: str = ""  # the full restic ID; empty when none was made
    snapshot_at: datetime | None = None  # the time restic gave it
    repository_id: str = ""
    host: str = ""
    restic: str = ""
    paths: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    allocated: int = 0  # bytes on disk, less than `bytes` where files are sparse
    moving: int = 0
    moving_paths: tuple[str, ...] = ()
    witness_sha256: str = ""
    roots: tuple[RootIdentity, ...] = ()
    tables: tuple[TableCounts, ...] = ()
    excluded: tuple[str, ...] = ()  # topmost directories and files that `exclude` kept out
    same_device: bool = False  # the repository lies on the same device as a source
    accepted: bool = False  # a person took this extent as the new normal
    copy_of: str = ""  # the ID in the repository that it was copied from
    findings: tuple[Finding, ...] = ()


class DrillSeconds(Struct, frozen=True, kw_only=True):
    restore: float = 0.0
    verify: float = 0.0
    prove: float = 0.0
    total: float = 0.0


class DrillFiles(Struct, frozen=True, kw_only=True):
    """Entries of every type (files, directories, links ...) counted by what became of them."""

    expected: int = 0
    restored: int = 0
    verified: int = 0
    damaged: int = 0
    missing: int = 0
    unexpected: int = 0
    moving: int = 0


class ProofResult(Struct, frozen=True, kw_only=True):
    name: str
    outcome: Outcome
    seconds: float
    message: str = ""  # why it failed or was not run; empty when it passed
    output: str = ""  # the start of what it printed, made safe for terminals


class RefusedSnapshot(Struct, frozen=True):
    """A newer snapshot that `--snapshot last-good` walked past, and why."""

    snapshot: str
    at: datetime
    reason: str


class DrillRecord(Struct, frozen=True, kw_only=True):
    """What one rehearsed restore of one process from one repository showed."""

    process: str
    repository: str
    started: datetime
    outcome: Outcome
    snapshot: str = ""
    snapshot_at: datetime | None = None
    repository_id: str = ""
    selection: str = "latest"  # latest, last-good, random, or an ID
    rung: str = "L0"  # the highest step of the proof ladder that was reached
    share: float = 1.0  # of the witnessed entries that were drilled; 1.0 is a full drill
    cursor: str = ""  # last path of a sampled drill; the next one goes on behind it
    seconds: DrillSeconds = field(default_factory=DrillSeconds)
    files: DrillFiles = field(default_factory=DrillFiles)
    bytes: int = 0  # restored in this drill
    total_files: int = 0  # in the whole snapshot
    total_bytes: int = 0
    recovery_point_age: int | None = None  # seconds from the snapshot to the start of the drill
    proofs: tuple[ProofResult, ...] = ()
    isolation: tuple[str, ...] = ()  # which walls really stood around the proof commands
    refused: tuple[RefusedSnapshot, ...] = ()
    restic: str = ""
    instead_of: str = ""  # the repository that was drilled just before and could not be used
    statement: str = ""  # what this drill supports, in one sentence
    objectives: Objectives | None = None  # as they stood; None where that was not noted
    findings: tuple[Finding, ...] = ()


class RepositoryRecord(Struct, frozen=True, kw_only=True):
    """The identity of a repository, noted when it was first used under its name."""

    repository: str
    repository_id: str


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
