"""Records of the service itself: what it ran when it was due, and what befell it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Outcome = Literal["passed", "failed", "not_tested"]


class RunRecord(Struct, frozen=True, kw_only=True):
    """One scheduled run: what was due, when it ran and what came of it.

    `outcome` is not_tested for a run that has to be tried again, failed for one that showed that
    something is bad. Each task has a kind of its own, so that its newest run is quickly found.
    """

    process: str
    repository: str
    due: datetime
    started: datetime
    seconds: float
    outcome: Outcome
    status: int  # exit status of the command; negative when a signal ended it
    missed: int = 0  # regular runs before this one that fell out


class SnapshotRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness snapshot`."""


class CopyRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness copy`."""


class DrillRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness drill`."""


class RetainRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness retain`."""


class CheckRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness check`."""


class PruneRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness prune`."""


class ReportRun(RunRecord, frozen=True, kw_only=True):
    """Of `readiness report`."""


Run = SnapshotRun | CopyRun | DrillRun | RetainRun | CheckRun | PruneRun | ReportRun

RUNS: dict[str, type[RunRecord]] = {
    "snapshot": SnapshotRun,
    "copy": CopyRun,
    "drill": DrillRun,
    "retain": RetainRun,
    "check": CheckRun,
    "prune": PruneRun,
    "report": ReportRun,
}


class AgentRecord(Struct, frozen=True, kw_only=True):
    """The service started or stopped, or saw the clock jump by `jump` seconds (+: forward)."""

    event: Literal["started", "stopped", "clock-jumped"]
    version: str = ""
    jump: int = 0
