"""Incidents: one for each thing that is wrong, from when it was first seen until a drill proved it mended."""

from datetime import datetime

from msgspec import Struct

from agent.core.model import Verdict
from agent.core.notices import Event, Role, Severity


class Earlier(Struct, frozen=True):
    """The same trouble before: when it was opened and when it was proven to be mended."""

    opened: datetime
    closed: datetime


class Incident(Struct, frozen=True, kw_only=True):
    """One incident as it stands. `gone`: what was wrong is not seen any more, but no drill proved it yet."""

    number: int  # of the record that opened it
    key: str
    severity: Severity
    verdict: Verdict  # that it causes, READY for a note
    code: str
    processes: tuple[str, ...]  # empty: the whole business
    repository: str
    sentence: str
    hint: str
    opened: datetime
    gone: datetime | None = None
    closed: datetime | None = None
    before: tuple[Earlier, ...] = ()  # newest first

    @property
    def name(self) -> str:
        """What people call it: "F-1207"."""
        return f"F-{self.number}"


class News(Struct, frozen=True, kw_only=True):
    """What is to be told to one role about one or more incidents, the worst first.

    Several have happened at once then, and make one message.
    """

    event: Event
    role: Role
    incidents: tuple[Incident, ...]
    days: int = 0  # of a reminder: after how many days
    changes: int = 0  # of flapping: how often it changed within a day
    escalates: tuple[Role, datetime] | None = None  # who hears of it next, and when
    drills: datetime | None = None  # when the next drill of it is due
    over_budget: int = 0  # messages of today beyond the budget, this one included
