"""What an auditor's bundle is made from: a period, the records that count for it, one row for each drill."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.core.model.config_record import ConfigRecord, PromisedProcess
from agent.core.model.records import Entry

Result = Literal["passed", "failed", "not tested", "fell out", "never run"]
Answer = Literal["met", "missed", "not shown", "unknown"]


class Period(Struct, frozen=True, kw_only=True):
    """Days in the business's zone, both inclusive; `begins` and `ends` (exclusive) are instants in UTC."""

    first: date
    last: date
    zone: str
    begins: datetime
    ends: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies in it."""
        return self.begins <= moment < self.ends


class History(Struct, frozen=True, kw_only=True):
    """The records of a ledger that count, oldest first; `at` is the moment that all is seen from."""

    at: datetime
    records: int  # in the whole ledger
    head: str
    drills: tuple[Entry, ...]  # records of drills, and of runs of the service that were to drill
    configs: tuple[Entry, ...]
    agents: tuple[Entry, ...] = ()  # of the service: started, stopped, clock jumped
    retentions: tuple[Entry, ...] = ()
    tests: tuple[Entry, ...] = ()  # messages that tested the alarm, and what was acknowledged
    witnesses: dict[str, int] = {}  # by snapshot: the record that holds the digest of its witness


class Row(Struct, frozen=True, kw_only=True):
    """One drill that was due or made in the period. Texts are plain ASCII, times as they were recorded."""

    result: Result
    process: str
    repository: str = ""
    how: str = ""  # schedule, again, by hand, instead of NAME
    due: str = ""
    started: str = ""
    local: str = ""  # when it started, or was due, on the business's clock
    drill_record: int | None = None
    run_record: int | None = None
    config_record: int | None = None  # the objectives that held
    hash: str = ""  # of the drill's record, otherwise of the run's
    snapshot: str = ""
    snapshot_at: str = ""
    part: str = ""  # full, or sample of N %
    rung: str = ""
    tier: int | None = None
    owner: str = ""
    mtd_s: int | None = None
    rto_s: int | None = None
    recovery_s: float | None = None  # measured, with the steps that are declared for people
    rto: Answer = "unknown"
    rpo_s: int | None = None
    point_s: int | None = None  # the age of what was restored
    rpo: Answer = "unknown"
    sentence: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """One question of the auditor's checklist, answered from records."""

    number: int
    question: str
    state: Literal["met", "not met", "unknown"]
    why: str
    records: tuple[int, ...] = ()


def period_of(first: date, last: date, zone_name: str) -> Period:
    """From the beginning of `first` to the end of `last`, in the zone of that name."""
    zone = ZoneInfo(zone_name)
    after = last + timedelta(days=1)
    return Period(
        first=first,
        last=last,
        zone=zone_name,
        begins=datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC),
        ends=datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC),
    )


def config_at(history: History, moment: datetime) -> Entry | None:
    """The newest record of the config that was written by then."""
    return next((entry for entry in reversed(history.configs) if entry.at <= moment), None)


def promised(entry: Entry | None, process: str) -> PromisedProcess | None:
    """What that config promised of a process."""
    if entry is None or not isinstance(entry.body, ConfigRecord):
        return None
    return next((one for one in entry.body.processes if one.name == process), None)
