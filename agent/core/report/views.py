"""View models: one report in words, the same for the terminal, HTML and JSON.

Every string is ready for people: times in the business's zone, sizes and durations with units, and
whatever comes from outside made printable, so that a renderer only places words.
"""

from typing import Literal

from msgspec import Struct

Audience = Literal["owner", "admin", "auditor"]


class ProcessLine(Struct, frozen=True, kw_only=True):
    """One process in one line of a table."""

    process: str
    state: str
    promise: str
    owner: str
    proven: str  # when a restore was last proven
    takes: str  # how long its recovery takes, "~" in front when extrapolated; "unknown" without a promise
    takes_promised: str
    loses: str  # what would be lost now; "everything", "the new paths" or "unknown" where that is no time
    loses_promised: str
    back: str  # when it is back if the failure happens at closing time; "unknown" without a promise

    @property
    def takes_of(self) -> str:
        """Behind `takes`: "of 24 h", or "(aim 24 h)" where nothing is measured."""
        return _of(self.takes, self.takes_promised)

    @property
    def loses_of(self) -> str:
        """The same behind `loses`."""
        return _of(self.loses, self.loses_promised)


def _of(measured: str, promised: str) -> str:
    return f"of {promised}" if any(map(str.isdigit, measured)) else f"(aim {promised})"


class ReasonLine(Struct, frozen=True, kw_only=True):
    """Why not READY, or a note, and what to do. `process` is empty for the whole business."""

    process: str
    state: str  # the state that this reason alone causes, or NOTE
    code: str
    sentence: str
    hint: str


class FindingLine(Struct, frozen=True, kw_only=True):
    process: str
    code: str
    severity: str
    message: str
    hint: str


class Fact(Struct, frozen=True):
    """A label and what it says."""

    label: str
    text: str


class Proofs(Struct, frozen=True, kw_only=True):
    """The evidence for one process in one repository."""

    process: str
    repository: str
    facts: tuple[Fact, ...]


class Report(Struct, frozen=True, kw_only=True):
    """The whole report; sections that an audience does not need are empty."""

    audience: Audience
    business: str
    question: str
    state: str
    answer: str  # one or two sentences after the state
    at: str
    window: str
    first: str  # the one thing to do first; empty when there is nothing to do
    processes: tuple[ProcessLine, ...]  # in the order of recovery
    reasons: tuple[ReasonLine, ...]  # worst first
    not_tested: tuple[Fact, ...]
    plan_b: str
    places: str = ""  # where every copy lies: "primary: same disk; planb: elsewhere"
    seal: str  # the ledger's head
    findings: tuple[FindingLine, ...] = ()
    methods: tuple[Fact, ...] = ()  # how each number was obtained
    evidence: tuple[Proofs, ...] = ()


class ForecastLine(Struct, frozen=True, kw_only=True):
    """One process of the timetable."""

    process: str
    back: str
    machine: str  # how long restoring takes, "~" in front when extrapolated
    people: str  # how long the declared steps take
    promised: str
    in_time: str  # "yes", "no" or "unknown"


class Forecast(Struct, frozen=True, kw_only=True):
    """When each process is back if everything is lost at closing time."""

    answer: str
    window: str
    probability: str  # for now why there is none
    notice: str  # how long it takes until a person sees an alarm
    lines: tuple[ForecastLine, ...]
