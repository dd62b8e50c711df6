"""Incidents: one for each thing that is wrong, from when it was first seen until a drill proved it mended.

They are read from the ledger's records and held against what is wrong now; what differs makes new records.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from agent.core.evidence.evidence import Standing, is_full
from agent.core.model.drills import DrillRecord
from agent.core.model.notices import Event, Happening, IncidentRecord, Role, Severity
from agent.core.model.records import Entry, Verdict
from agent.core.telling.concerns import Concern
from agent.core.verdict.judgement import badness

A_DAY = timedelta(days=1)
RESTLESS, MEANWHILE = 3, timedelta(days=3)  # so often it came, or came back, within that time: it flaps
ENDED_BY_DRILLS = ("drill", "proof", "content", "time", "window-missed")  # what a drill says may end it
NO_MATTER_OF_DRILLS = ("mail-blocked", "mail-refused", "alarm-test-unseen", "ping-failing")
OF_SNAPSHOTS = (
    *("snapshot", "source-missing", "source-empty", "snapshots-vanished", "plan-b-behind", "vital-moving"),
)


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
    since: datetime  # when it came, or came back
    worst: tuple[int, int] = (-3, 0)  # how bad it ever was, as `weight` has it
    worse: datetime | None = None  # when it last became worse than it ever was
    comings: tuple[datetime, ...] = ()  # of all incidents of the same key: when it came or came back
    before: tuple[Earlier, ...] = ()  # newest first

    @property
    def name(self) -> str:
        """What people call it: "F-1207"."""
        return f"F-{self.number}"

    @property
    def topic(self) -> str:
        return self.key.split("|")[0]

    @property
    def needs_a_drill(self) -> bool:
        """Only a drill that passes shows that it is mended."""
        return self.topic not in NO_MATTER_OF_DRILLS

    def changes(self, now: datetime) -> int:
        """How often it came, or came back, within three days."""
        return len([coming for coming in self.comings if timedelta() <= now - coming < MEANWHILE])

    def flaps(self, now: datetime) -> bool:
        """It came and went so often that nobody wants to read of each time."""
        return self.changes(now) >= RESTLESS

    @property
    def restless(self) -> bool:
        """It flapped at some time while it was open."""
        return any(self.flaps(coming) for coming in self.comings if coming >= self.opened)

    @property
    def is_worst(self) -> bool:
        """It is as bad as it ever was."""
        return weight(self.severity, self.verdict) >= self.worst

    def is_calm(self, now: datetime) -> bool:
        """It is gone, and what came and went has stayed away for a day."""
        return self.gone is not None and (not self.restless or now - self.gone >= A_DAY)


class News(Struct, frozen=True, kw_only=True):
    """What is to be told to one role about one or more incidents, the worst first.

    Several have happened at once then, and make one message.
    """

    event: Event
    role: Role
    incidents: tuple[Incident, ...]
    days: int = 0  # of a reminder: after how many days
    changes: int = 0  # how often it came within three days
    escalates: tuple[Role, datetime] | None = None  # who hears of it next, and when
    drills: datetime | None = None  # when the next drill of it is due
    over_budget: int = 0  # messages of today beyond the budget, this one included
    again_by: datetime | None = None  # when there has been another mail on it, if mail gets through
    beside: tuple[Incident, ...] = ()  # of FIXED: what is not over, though one could think so


def incidents(entries: Sequence[Entry]) -> tuple[Incident, ...]:
    """All incidents that the records tell of, oldest record first; the order is that of their opening."""
    found: dict[int, Incident] = {}
    comings: dict[str, list[datetime]] = {}
    over: dict[str, tuple[Earlier, ...]] = {}  # by key, newest first
    for entry in entries:
        record = entry.body
        if not isinstance(record, IncidentRecord):
            continue
        if record.happening in ("opened", "back"):
            comings.setdefault(record.key, []).append(record.started)
        if record.happening == "opened":
            earlier = over.get(record.key, ())
            found[entry.sequence] = replace(_opened(entry.sequence, record), before=earlier)
        elif record.incident in found:
            one = found[record.incident] = _after(found[record.incident], record)
            if record.happening == "closed":
                over[one.key] = (Earlier(one.opened, record.started), *over.get(one.key, ()))
    return tuple(replace(one, comings=tuple(comings[one.key])) for one in found.values())


def _opened(number: int, record: IncidentRecord) -> Incident:
    return Incident(
        number=number,
        key=record.key,
        severity=record.severity,
        verdict=Verdict(record.verdict),
        code=record.code,
        processes=record.processes,
        repository=record.repository,
        sentence=record.sentence,
        hint=record.hint,
        opened=record.started,
        since=record.started,
        worst=weight(record.severity, Verdict(record.verdict)),
    )


def _after(incident: Incident, record: IncidentRecord) -> Incident:
    """What one more record makes of an incident."""
    if record.happening == "gone":
        return replace(incident, gone=record.started)
    if record.happening == "closed":
        return replace(incident, gone=incident.gone or record.started, closed=record.started)
    newer = replace(
        _opened(incident.number, record), opened=incident.opened, before=incident.before, worse=incident.worse
    )
    if newer.worst > incident.worst:
        newer = replace(newer, worse=record.started)
    else:  # whoever heard how bad it was, and not that it is better, need not hear it again
        newer = replace(newer, worst=incident.worst)
    return replace(newer, since=record.started if record.happening == "back" else incident.since)


def weight(severity: Severity, verdict: Verdict) -> tuple[int, int]:
    """To compare troubles: the greater, the worse."""
    return -severity, badness(verdict)


def happenings(
    concerns: Sequence[Concern],
    known: Sequence[Incident],
    told: Collection[int],
    standings: Mapping[str, Sequence[Standing]],
    now: datetime,
) -> Iterator[IncidentRecord]:
    """What became of the incidents that are `known`, and which are new. `told`: those that people heard of.

    What nobody heard of ends when it is gone; the others when a drill has passed besides.
    """
    still_open = {one.key: one for one in known if one.closed is None}
    for concern in concerns:
        incident = still_open.pop(concern.key, None)
        if incident is None:
            yield _record(concern, "opened", 0, now)
        elif incident.gone is not None:
            yield _record(concern, "back", incident.number, now)
        elif _differs(concern, incident):
            yield _record(concern, "changed", incident.number, now)
    for incident in still_open.values():
        if incident.number not in told or _is_over(incident, standings, now):
            yield _record(incident, "closed", incident.number, now)
        elif incident.gone is None:
            yield _record(incident, "gone", incident.number, now)


def _differs(concern: Concern, incident: Incident) -> bool:
    return (concern.severity, concern.verdict, concern.code, concern.processes) != (
        incident.severity,
        incident.verdict,
        incident.code,
        incident.processes,
    )


def _record(one: Concern | Incident, happening: Happening, number: int, now: datetime) -> IncidentRecord:
    return IncidentRecord(
        key=one.key,
        incident=number,
        happening=happening,
        started=now,
        severity=one.severity,
        verdict=one.verdict.value,
        code=one.code,
        processes=one.processes,
        repository=one.repository,
        sentence=one.sentence,
        hint=one.hint,
    )


def _is_over(incident: Incident, standings: Mapping[str, Sequence[Standing]], now: datetime) -> bool:
    """A drill has passed that proves it. What comes and goes has to stay away for a day first."""
    return (incident.is_calm(now) or not incident.restless) and not unproven(incident, standings)


def unproven(incident: Incident, standings: Mapping[str, Sequence[Standing]]) -> tuple[str, ...]:
    """The processes of which no drill has passed since the incident began.

    Where it was about snapshots, the drill has to be of one that was taken since. Of the whole business any
    process will do. What is not in the config any more needs none.
    """
    if not incident.needs_a_drill or not any(_there(incident, each) for each in standings.values()):
        return ()
    names = incident.processes or tuple(standings)
    lacking = tuple(name for name in names if not _is_proven(incident, standings.get(name, ())))
    if incident.processes:
        return tuple(name for name in lacking if name in standings)
    return () if len(lacking) < len(names) else lacking[:1]


def untried(incident: Incident, standings: Mapping[str, Sequence[Standing]]) -> tuple[str, ...]:
    """Of those the ones of which no drill that could prove it was even tried since it is gone."""
    if incident.gone is None:
        return ()
    gone = incident.gone
    return tuple(
        name
        for name in unproven(incident, standings)
        if not any(
            drill.started >= gone and _could_prove(incident, drill)
            for one in _there(incident, standings[name])
            for drill in one.copy.drills
        )
    )


def _is_proven(incident: Incident, standings: Sequence[Standing]) -> bool:
    return proving_drill(incident, standings) is not None


def proving_drill(incident: Incident, standings: Sequence[Standing]) -> DrillRecord | None:
    """The newest drill that proved that it is mended for the process of `standings`."""
    drills = (drill for one in _there(incident, standings) for drill in one.proofs)
    proofs = [drill for drill in drills if _could_prove(incident, drill)]
    return max(proofs, key=lambda drill: drill.started, default=None)


def _could_prove(incident: Incident, drill: DrillRecord) -> bool:
    """It was begun when the trouble was gone, unless it is what ended it; and where snapshots were bad, only
    one that was taken since can show that they are good again."""
    from_when = incident.opened if incident.topic in ENDED_BY_DRILLS else incident.gone
    taken = drill.snapshot_at or drill.started
    fresh = incident.topic not in OF_SNAPSHOTS or taken >= incident.opened
    whole = is_full(drill) or incident.topic not in ENDED_BY_DRILLS
    return from_when is not None and drill.started >= from_when and fresh and whole


def _there(incident: Incident, standings: Sequence[Standing]) -> Sequence[Standing]:
    """The copy that it is about, if that is still in the config; all of them where it is about none."""
    return [one for one in standings if incident.repository in ("", one.repository)]
