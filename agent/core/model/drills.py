"""What a rehearsed restore showed, as its record holds it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from agent.core.model.findings import Finding
from agent.core.model.objectives import Objectives
from agent.core.model.runs import Outcome


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


# being written while the snapshot was taken, nothing but zero bytes, not readable, not in the snapshot
Why = Literal["moving", "zeros", "unreadable", "absent"]


class Uncompared(Struct, frozen=True):
    """A file of a drill whose content could not be compared, and why."""

    path: str  # absolute
    bytes: int
    why: Why


class Compared(Struct, frozen=True, kw_only=True):
    """What a drill compared of witnessed content: regular files, never directories or links.

    A consistent copy of a SQLite database that the snapshot carries stands for the live one.
    """

    files: int = 0  # whose content was compared
    bytes: int = 0
    of_files: int = 0  # that were to be compared in this drill: its part of the witness
    of_bytes: int = 0
    uncompared_files: int = 0
    uncompared_bytes: int = 0
    uncompared: tuple[Uncompared, ...] = ()  # all vital ones and the largest first, at most 1,000
    large: tuple[str, ...] = ()  # compared, and 0.5 % of all bytes or more each: an older drill may tell
    behind: str = ""  # of a sample: the path behind which it began; it went up to `cursor`


class ProofResult(Struct, frozen=True, kw_only=True):
    name: str
    outcome: Outcome
    seconds: float
    fingerprint: str = ""  # of the definition that it answers; empty where that was not noted
    message: str = ""  # why it failed or was not run; empty when it passed
    output: str = ""  # start and end of what it printed, made safe for terminals


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
    paths: tuple[str, ...] = ()  # of the snapshot; empty where that was not noted
    excluded: tuple[str, ...] = ()  # topmost directories and files that `exclude` kept out of it
    copy_of: str = ""  # the ID with which it was taken, where it has another one here
    selection: str = "latest"  # latest, last-good, random, or an ID
    rung: str = "L0"  # the highest step of the proof ladder that was reached
    share: float = 1.0  # of what there is, by bytes and 64 KiB an entry; 1.0 is a full drill
    sampled: bool = False  # a part was asked for, however much of the whole it was; old records do not say
    cursor: str = ""  # last path of a sampled drill; the next one goes on behind it
    seconds: DrillSeconds = field(default_factory=DrillSeconds)
    files: DrillFiles = field(default_factory=DrillFiles)
    bytes: int = 0  # restored in this drill
    total_files: int = 0  # regular ones in the whole snapshot
    total_bytes: int = 0
    total_entries: int = 0  # of every type; 0 where that was not noted
    recovery_point_age: int | None = None  # seconds from the snapshot to the start of the drill
    compared: Compared | None = None  # null where that was not noted
    vital: tuple[str, ...] = ()  # the vital paths of which the content was compared
    vital_uncompared: tuple[str, ...] = ()  # those of which it was not
    proofs: tuple[ProofResult, ...] = ()
    isolation: tuple[str, ...] = ()  # which walls really stood around the proof commands
    refused: tuple[RefusedSnapshot, ...] = ()
    restic: str = ""
    instead_of: str = ""  # the repository that was drilled just before and could not be used
    statement: str = ""  # what this drill supports, in one sentence
    objectives: Objectives | None = None  # as they stood; None where that was not noted
    findings: tuple[Finding, ...] = ()
