"""Records of what people were told: what went wrong, what was written to whom, and whether it arrived.

Noticing, writing and sending are separate steps, each with a record of its own, so that a crash between
two of them loses nothing and a mail server that is down delays nothing but the mail.

The words of all modules that tell people something: a *finding* is what one operation noted, a *reason* what
a rule of the verdict makes of it. The reasons on one subject make a *concern*, as it is at one moment; an
*incident* is its history, from when it was first seen until it was proven mended. People know it as the
finding "F-1207". A *letter* is words, a *message* a letter as it waits for its recipients, a *delivery* one
attempt to send it; the channels are mail and webhook.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Role = Literal["owner", "admin", "deputy"]
Happening = Literal["opened", "changed", "gone", "back", "closed"]
Event = Literal["opened", "worse", "reminder", "escalated", "flapping", "fixed"]
Kind = Literal["report", "holiday", "alarm", "digest", "alarm-test", "bundle"]
Severity = Literal[1, 2, 3]  # 1 wakes people, 2 waits for the morning, 3 stands in the weekly mail only
Fate = Literal["accepted", "refused", "deferred", "perhaps"]  # perhaps: handed over whole, and no answer


class IncidentRecord(Struct, frozen=True, kw_only=True):
    """Something that is wrong appeared, changed, went away, or was proven to be mended.

    `key` says what it is about, the same for every time it happens. `incident` is the number of the
    record that opened it, 0 in that record itself.
    """

    key: str
    incident: int
    happening: Happening
    started: datetime
    severity: Severity
    verdict: str
    code: str
    processes: tuple[str, ...] = ()  # empty: the whole business
    repository: str = ""
    sentence: str = ""
    hint: str = ""


class Told(Struct, frozen=True):
    """What a message says of an incident."""

    incident: int
    event: Event


class StateThen(Struct, frozen=True, kw_only=True):
    """The answer when a weekly report was written, for the next one to tell what changed."""

    verdict: str
    back: datetime | None  # when everything would be back
    opens: datetime  # the deadline
    processes: dict[str, str]  # verdicts
    bytes: dict[str, int]  # in the newest good snapshot
    reasons: tuple[str, ...] = ()  # codes
    probability: float | None = None  # that everything is back before the deadline


class MessageRecord(Struct, frozen=True, kw_only=True):
    """One message as it waits to be sent, whole. What became of it says DeliveryRecord."""

    message: str  # its name: no two have the same
    kind: Kind
    role: Role
    started: datetime
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    message_id: str
    references: tuple[str, ...] = ()  # Message-IDs, the first of the thread first
    told: tuple[Told, ...] = ()
    severity: Severity = 3
    edition: datetime | None = None  # of a report: for which moment of the calendar it was written
    state: StateThen | None = None
    replaces: tuple[str, ...] = ()  # names of messages that this one carries, as they could not be sent


class Receipt(Struct, frozen=True, kw_only=True):
    """What the next mail server said about one recipient."""

    recipient: str
    fate: Fate
    code: int = 0  # of SMTP or HTTP; 0 when there was no answer
    reply: str = ""  # made safe for terminals


class DeliveryRecord(Struct, frozen=True, kw_only=True):
    """One attempt to send a message: `begun` just before its text is handed over, `ended` behind it.

    A `begun` without its `ended` means a crash in between: nobody knows whether the message went out.
    """

    message: str
    event: Literal["begun", "ended"]
    started: datetime
    channel: Literal["mail", "webhook"]
    recipients: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()  # of an ended one
    trouble: str = ""  # why nobody was reached at all
    duplicate: bool = False  # it may be the second copy, and says so


class AlarmTestRecord(Struct, frozen=True, kw_only=True):
    """An alarm test was written, with the name that has to be acknowledged."""

    name: str
    started: datetime


class AcknowledgementRecord(Struct, frozen=True, kw_only=True):
    """A person has seen an incident ("F-1207") or an alarm test ("T-20261201")."""

    name: str
    started: datetime
    by: str  # the user's name on this machine


class PingRecord(Struct, frozen=True, kw_only=True):
    """What an outside watcher was told, where that or its answer is another than the time before."""

    host: str  # all that may be shown of its address
    word: Literal["success", "fail", "start"]
    started: datetime
    fate: Fate
    trouble: str = ""
