"""Write messages: a letter for its occasion, put on paper, with its name, its thread and its recipients."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import Config, Mail
from agent.core.letters.alarm import alarm_letter, alarm_test_letter
from agent.core.letters.digest import bundle_letter, digest_letter
from agent.core.letters.letter import Letter
from agent.core.letters.owner import in_window, owner_letter, state_then
from agent.core.letters.trend import Trend
from agent.core.model.notices import Kind, MessageRecord, Role, Told
from agent.core.schedule.window import Window
from agent.core.telling.editions import DueMail, next_by
from agent.core.telling.incidents import Incident, News
from agent.core.telling.messages import message_id, stamped, thread
from agent.core.telling.situation import recipients
from agent.core.verdict.judgement import Assessment
from agent.operations.ports.mail import Paper


class Desk(Struct, frozen=True, kw_only=True):
    """Where messages on one assessment are written."""

    config: Config
    mail: Mail
    assessment: Assessment
    paper: Paper
    trend: Callable[[Assessment], Trend]  # asked for only where it is shown: it reads a year of records

    def alarm(self, news: News, messages: Sequence[MessageRecord]) -> MessageRecord:
        """News of one or several incidents; `messages` are those before, oldest first."""
        numbers = [incident.number for incident in news.incidents]
        letter = alarm_letter(self.assessment, news)
        words = f"{news.incidents[0].name} {news.event} {news.role}"
        return self._message(
            letter,
            "alarm",
            news.role,
            words,
            references=thread(numbers, messages),
            told=tuple(Told(number, news.event) for number in numbers),
            severity=news.incidents[0].severity,
        )

    def owners_mail(
        self, due: DueMail, previous: MessageRecord | None, incidents: Sequence[Incident]
    ) -> MessageRecord:
        """The weekly mail, or the one before a holiday weekend."""
        kind: Kind = "report" if due.weekly else "holiday"
        written = self._owners(kind, f"{kind} owner", due.holiday, previous, incidents)
        return replace(written, edition=due.due)

    def report_now(self, previous: MessageRecord | None, incidents: Sequence[Incident]) -> MessageRecord:
        """The owner's mail because somebody asks for it: the weekly one comes all the same."""
        return self._owners("report", "asked owner", None, previous, incidents)

    def page(self, subject: str, role: Role, text: str, html: str) -> MessageRecord:
        """A report that is mailed as it stands."""
        name = stamped(f"asked {role}", self.assessment.at)
        return MessageRecord(
            message=name,
            kind="report",
            role=role,
            started=self.assessment.at,
            recipients=recipients(self.mail, role),
            subject=subject,
            text=text,
            html=html,
            message_id=message_id(self.config, name),
        )

    def bundle(self, file: str, sha256: str, drills: int, days: tuple[date, date]) -> MessageRecord:
        """That evidence for the auditor is ready, and how to know that it is the same."""
        zone = ZoneInfo(self.config.business.time_zone)
        first, last = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in days)
        letter = bundle_letter(self.assessment, file, sha256, drills, (first, last))
        return self._message(letter, "bundle", "owner", "bundle owner")

    def alarm_test(self, name: str) -> MessageRecord:
        """A mail to the administrator that only asks to be acknowledged."""
        business, alarm = self.config.business, self.config.alarm
        zone = ZoneInfo(business.time_zone)
        letter = alarm_test_letter(business.name, name, self.assessment.at, zone, alarm.contact)
        return self._message(letter, "alarm-test", "admin", name)

    def digest(self, messages: Sequence[MessageRecord], trouble: str) -> MessageRecord:
        """What could not be sent for long, all of one role, as one mail; `trouble` says why."""
        role = messages[0].role
        return self._message(
            digest_letter(self.assessment, messages, trouble),
            "digest",
            role,
            f"digest {role}",
            severity=min(message.severity for message in messages),
            replaces=tuple(message.message for message in messages),
        )

    def _owners(
        self,
        kind: Kind,
        words: str,
        holiday: Window | None,
        previous: MessageRecord | None,
        incidents: Sequence[Incident],
    ) -> MessageRecord:
        trend = self.trend(self.assessment)
        by = next_by(self.config, self.assessment.at)
        then = previous.state if previous else None
        letter = owner_letter(self.assessment, holiday, then, by, incidents, trend.sentence)
        state = state_then(in_window(self.assessment, holiday))
        return self._message(letter, kind, "owner", words, trend.cells, state=state)

    def _message(
        self, letter: Letter, kind: Kind, role: Role, words: str, cells: str = "", **more: object
    ) -> MessageRecord:
        name = stamped(words, self.assessment.at)
        return MessageRecord(
            message=name,
            kind=kind,
            role=role,
            started=self.assessment.at,
            recipients=recipients(self.mail, role),
            subject=letter.subject,
            text=self.paper.text(letter),
            html=self.paper.html(letter, cells),
            message_id=message_id(self.config, name),
            **more,  # type: ignore[arg-type]
        )
