"""Tell people: notice what changed, write what is due, send what waits. Each step leaves a record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import Config, Mail
from agent.core.evidence.evidence import Standing
from agent.core.letters.trend import Trend
from agent.core.model.drills import DrillRecord
from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, IncidentRecord, MessageRecord
from agent.core.model.records import Entry
from agent.core.model.runs import AgentRecord, DrillRun
from agent.core.model.snapshots import SnapshotRecord
from agent.core.schedule.past import JUMPS, REMEMBERED, next_drill
from agent.core.schedule.schedule import following
from agent.core.telling.alarms import alarms
from agent.core.telling.concerns import concerns
from agent.core.telling.editions import due_mails
from agent.core.telling.incidents import Incident, News, happenings, incidents, untried
from agent.core.telling.messages import alarm_test_name
from agent.core.telling.outbox import Outbox, refused
from agent.core.telling.situation import Situation, acknowledgements, heard_of
from agent.core.verdict.judgement import Assessment
from agent.errors import UsageError
from agent.operations.ports.alarm import Webhook
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.mail import Courier, Paper
from agent.operations.telling.deliver import Letterbook, Ways, deliver
from agent.operations.telling.write import Desk

ACKNOWLEDGEMENTS = 500  # that are looked through
SILENT_AFTER = timedelta(days=7)  # whoever could not be told until then that it is fixed is not told any more


class Tools(Struct, frozen=True, kw_only=True):
    """What telling people needs of the world."""

    ledger: Ledger
    clock: Clock
    paper: Paper
    trend: Callable[[Assessment], Trend]
    courier: Courier | None = None  # None: no mail is configured
    second: Webhook | None = None


class Notified(Struct, frozen=True, kw_only=True):
    """What was done: what was written, what waits, what a drill has to prove, and what is open."""

    written: tuple[MessageRecord, ...]
    outbox: Outbox
    prove: tuple[str, ...]  # processes: what was wrong with them is gone, and no drill has shown it yet
    incidents: tuple[Incident, ...]  # that are open


class Sent(Struct, frozen=True, kw_only=True):
    """A message that was asked for, and what waits after it was tried to be sent."""

    message: MessageRecord
    outbox: Outbox

    @property
    def waits(self) -> bool:
        """Some of its recipients have not got it yet."""
        return self.message.message in [one.message.message for one in self.outbox.waiting]


Occasion = Callable[[Desk, Letterbook], MessageRecord]


def notify(config: Config, assessment: Assessment, tools: Tools) -> Notified:
    """One round. What a round before did not get done, because it was killed, this one does."""
    standings = {one.process: one.standings for one in assessment.judgements}
    entries = tools.ledger.search(IncidentRecord)
    known = incidents(entries)
    now = assessment.at
    book = Letterbook(tools.ledger, tools.clock, config.mail, now, _talked_of(known, now))
    before = len(book.messages)
    noted = _take_note(assessment, standings, known, book)
    known = incidents((*entries, *noted)) if noted else known
    box = Outbox(waiting=())
    if config.mail is not None:
        desk = _desk(config, config.mail, assessment, tools)
        for message in tuple(_due(desk, known, book)):
            book.write(message)
        _record_tests(book)
        box = _send(desk, book, tools)
    still_open = tuple(one for one in known if one.closed is None)
    return Notified(
        written=tuple(book.messages[before:]),
        outbox=box,
        prove=_to_prove(still_open, standings, assessment.at),
        incidents=still_open,
    )


def send_now(config: Config, assessment: Assessment, tools: Tools, write: Occasion) -> Sent:
    """Write one message because somebody asks for it, and send what waits."""
    if config.mail is None:
        raise UsageError(
            f"There is no [mail] in {config.file}.", "Say there who gets mail, and how it leaves."
        )
    desk = _desk(config, config.mail, assessment, tools)
    book = Letterbook(tools.ledger, tools.clock, config.mail, assessment.at)
    message = write(desk, book)
    book.write(message)
    return Sent(message=message, outbox=_send(desk, book, tools))


def owners_report(desk: Desk, book: Letterbook) -> MessageRecord:
    """The owner's mail, as it would be written now."""
    still_open = [one for one in known_incidents(book.ledger) if one.closed is None and one.gone is None]
    return desk.report_now(_last_report(book), still_open)


def _desk(config: Config, mail: Mail, assessment: Assessment, tools: Tools) -> Desk:
    return Desk(config=config, mail=mail, assessment=assessment, paper=tools.paper, trend=tools.trend)


def _send(desk: Desk, book: Letterbook, tools: Tools) -> Outbox:
    ways = Ways(courier=tools.courier, second=tools.second)
    return deliver(book, ways, desk.digest, desk.config.business.name)


def known_incidents(ledger: Ledger) -> tuple[Incident, ...]:
    """All that the ledger tells of, in the order of their opening."""
    return incidents(ledger.search(IncidentRecord))


def _talked_of(known: Sequence[Incident], now: datetime) -> list[int]:
    """The numbers of those of which something may still have to be told."""
    return [one.number for one in known if one.closed is None or now - one.closed < SILENT_AFTER]


def _take_note(
    assessment: Assessment,
    standings: Mapping[str, Sequence[Standing]],
    known: Sequence[Incident],
    book: Letterbook,
) -> list[Entry]:
    told = {told.incident for message in book.messages for told in message.told}
    records = happenings(concerns(assessment), known, told, standings, assessment.at)
    return [book.ledger.append(record, assessment.at) for record in records]


def _due(desk: Desk, known: Sequence[Incident], book: Letterbook) -> Iterator[MessageRecord]:
    """Every message that has to be written now, the worst first."""
    acknowledged = book.ledger.newest_entries(AcknowledgementRecord, limit=ACKNOWLEDGEMENTS)[::-1]
    situation = Situation(
        incidents=tuple(known),
        heard=heard_of(book.messages),
        acknowledged=acknowledgements(acknowledged),
        failed_drills=_failed_drills(desk.assessment),
        refused=refused(book.deliveries),
        mail=desk.mail,
        alarm=desk.config.alarm,
        zone=ZoneInfo(desk.config.business.time_zone),
        now=desk.assessment.at,
    )
    for news in alarms(situation):
        due = _next_drill(desk.config, news, book, situation.now)
        yield desk.alarm(replace(news, drills=due), book.messages)
    began = _began(book.ledger, desk.assessment.at)
    yield from _owners_mail(desk, known, book, began)
    yield from _alarm_test(desk, book, began)


def _owners_mail(
    desk: Desk, known: Sequence[Incident], book: Letterbook, began: datetime
) -> Iterator[MessageRecord]:
    now = desk.assessment.at
    # what was written while the clock was ahead silences nothing
    regular = [one for one in book.messages if one.edition is not None and one.started <= now]
    weekly = max((one.edition for one in regular if one.kind == "report" and one.edition), default=began)
    written = max((one.started for one in regular), default=began)
    for due in due_mails(desk.config, weekly, written, now):
        seen = [one for one in known if one.closed is None and one.gone is None]
        yield desk.owners_mail(due, _last_report(book), seen)


def _last_report(book: Letterbook) -> MessageRecord | None:
    """The regular one before, to tell what changed since."""
    return next((one for one in reversed(book.messages) if one.edition is not None), None)


def _alarm_test(desk: Desk, book: Letterbook, began: datetime) -> Iterator[MessageRecord]:
    rhythm = desk.config.alarm.test
    if rhythm is None:
        return
    now = desk.assessment.at
    made = [one.started for one in book.ledger.newest(AlarmTestRecord, limit=9)]
    made += [one.started for one in book.messages if one.kind == "alarm-test"]
    last = max((at for at in made if at <= now), default=began)
    if following(rhythm, last, ZoneInfo(desk.config.business.time_zone)) <= now:
        yield desk.alarm_test(alarm_test_name(now))


def _record_tests(book: Letterbook) -> None:
    """Behind the message: who is killed between the two does it the next time."""
    recorded = {one.started for one in book.ledger.newest(AlarmTestRecord, limit=9)}
    for at in [one.started for one in book.messages if one.kind == "alarm-test"][-1:]:
        if at not in recorded:
            book.ledger.append(AlarmTestRecord(name=alarm_test_name(at), started=at), book.clock.now())


def _began(ledger: Ledger, now: datetime) -> datetime:
    """From when on mails are due: since the service, or whatever was first, was first used."""
    first = ledger.first(AgentRecord) or ledger.first(SnapshotRecord)
    return min(first.at, now) if first else now


def _failed_drills(assessment: Assessment) -> dict[str, int]:
    return {
        one.process: max((len(standing.failures) for standing in one.standings), default=0)
        for one in assessment.judgements
    }


def _next_drill(config: Config, news: News, book: Letterbook, now: datetime) -> datetime | None:
    """Of the first process that the news is about, as the service will make it."""
    names = news.incidents[0].processes
    process = next((p for p in config.processes if p.name in names), None)
    if process is None:
        return None
    runs = book.ledger.newest_entries(DrillRun, process=process.name, limit=REMEMBERED)
    drills = book.ledger.newest_entries(DrillRecord, process=process.name, limit=REMEMBERED)
    jumps = book.ledger.newest_entries(AgentRecord, limit=JUMPS)
    due = next_drill(process.drill, runs, drills, jumps, ZoneInfo(config.business.time_zone))
    return due if due and due > now else None


def _to_prove(
    open_ones: Sequence[Incident], standings: Mapping[str, Sequence[Standing]], now: datetime
) -> tuple[str, ...]:
    """What is mended but not proven, where no drill that could prove it was tried since."""
    calm = (one for one in open_ones if one.is_calm(now))
    return tuple(dict.fromkeys(name for incident in calm for name in untried(incident, standings)))
