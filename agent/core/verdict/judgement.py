"""What a verdict consists of: the reasons, the objectives and what was really measured."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.feeding import drilling
from agent.core.evidence.evidence import Evidence, Freeze, Standing
from agent.core.forecast.recovery_time import RecoveryTime
from agent.core.forecast.timetable import Return, Timetable
from agent.core.model.findings import Finding
from agent.core.model.records import CheckRecord, UpkeepRecord, Verdict
from agent.core.model.sights import Look, Trouble
from agent.core.model.snapshots import DumpNote
from agent.core.schedule.window import Window
from agent.core.text.phrases import moment as phrase
from agent.core.text.phrases import span


class Badness(IntEnum):
    """The order of verdicts: what was tested and is bad outweighs what is not known."""

    READY = 0
    AT_RISK = 1
    UNKNOWN = 2
    NOT_READY = 3


class Reason(Struct, frozen=True, kw_only=True):
    """Why a verdict is not READY, or a note. `process` is empty when it concerns the whole business."""

    code: str
    verdict: Verdict  # the verdict that this reason alone causes; READY for a note
    sentence: str
    hint: str = ""
    process: str = ""
    repository: str = ""


class RecoveryPoint(Struct, frozen=True, kw_only=True):
    """What would be lost now, in seconds; None when there is no good snapshot."""

    objective_s: int
    actual_s: int | None = None
    met: bool | None = None
    dump: DumpNote | None = None  # that is so much older than the snapshot that it alone decides


class Judgement(Struct, frozen=True, kw_only=True):
    """The verdict on one process; reasons worst first."""

    process: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    rpo: RecoveryPoint
    rto: RecoveryTime
    last_snapshot_at: datetime | None
    last_proven_at: datetime | None
    findings: tuple[Finding, ...]
    standings: tuple[Standing, ...]


class Assessment(Struct, frozen=True, kw_only=True):
    """The answer for the whole business, with everything it was drawn from."""

    at: datetime
    verdict: Verdict
    reasons: tuple[Reason, ...]  # of the business as a whole, not those of single processes
    window: Window
    timetable: Timetable
    judgements: tuple[Judgement, ...]  # in the order of recovery
    config: Config
    evidence: Evidence


class Case(Struct, frozen=True, kw_only=True):
    """One process with everything that the rules look at."""

    process: CriticalProcess
    standings: tuple[Standing, ...]
    rpo: RecoveryPoint
    rto: RecoveryTime
    watched: tuple[Finding, ...] = ()  # what is open of the looks at its live files
    troubles: Mapping[str, tuple[Trouble, ...]] = {}  # what the accounts of its repositories know, by name
    looks: tuple[Look, ...] = ()  # what is seen to be wrong with repositories now
    feeds: Mapping[str, str] = {}  # the command that brings each repository up to date, by name
    moved: frozenset[str] = frozenset()  # repositories that nobody has met at their new address
    damage: tuple[CheckRecord, ...] = ()  # checks whose damage no later check saw mended
    freezes: tuple[Freeze, ...] = ()  # what forbids removing its snapshots
    upkeep: tuple[UpkeepRecord, ...] = ()  # of it, and of all repositories
    line: Return  # its place in the timetable
    now: datetime
    zone: ZoneInfo

    def reason(self, code: str, verdict: Verdict, sentence: str, hint: str, repository: str = "") -> Reason:
        """A reason for the verdict on this process."""
        name = self.process.name
        return Reason(
            code=code, verdict=verdict, sentence=sentence, hint=hint, process=name, repository=repository
        )

    def renew(self, repository: str) -> str:
        """The command that brings a repository up to date."""
        return self.feeds.get(repository, f"readiness snapshot {self.process.name}")

    def is_copied_to(self, repository: str) -> bool:
        """Its snapshots are made elsewhere, and copied."""
        return self.renew(repository).startswith("readiness copy ")

    def drill(self, repository: str) -> str:
        """The command that drills the process from a repository."""
        first = self.standings[0].repository if self.standings else repository
        return drilling(self.process.name, repository, first)

    def when(self, moment: datetime) -> str:
        """A moment as people say it, with its age."""
        age = span(max(0.0, (self.now - moment).total_seconds()))
        return f"{phrase(moment, self.zone, self.now)}, {age} ago"


def worst(reasons: tuple[Reason, ...]) -> Verdict:
    """The verdict of all reasons together; READY when there is none."""
    return max((reason.verdict for reason in reasons), key=badness, default=Verdict.READY)


def badness(verdict: Verdict) -> Badness:
    """How bad a verdict is, to compare it with others."""
    return Badness[verdict.name]
