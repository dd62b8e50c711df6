"""Messages are written with their name, their thread and their recipients."""

from datetime import date
from typing import Any

from msgspec.structs import replace

from agent.adapters.mail.paper import LetterPaper
from agent.core.configuration.config import Mail
from agent.core.letters.trend import Trend
from agent.core.model.notices import Told
from agent.core.telling.editions import DueMail
from agent.core.verdict.judgement import Assessment
from agent.operations.telling.write import Desk
from support.builders.letters import broken, incident, news, ready, shop
from support.builders.mails import message
from support.builders.shop import NOW

MAIL = Mail(
    sender="readiness@shop.example",
    owner=("owner@shop.example",),
    admin=("admin@shop.example",),
    deputy=("deputy@shop.example",),
)


class Trends:
    """Counts how often somebody wants a year of records read."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _: Assessment) -> Trend:
        self.asked += 1
        return Trend(sentence="Restores went well.", cells="<table><tr><td>pictures</td></tr></table>")


def desk(assessment: Assessment | None = None, trend: Any = None) -> Desk:
    return Desk(
        config=replace(shop(), mail=MAIL),
        mail=MAIL,
        assessment=assessment or broken(),
        paper=LetterPaper(),
        trend=trend or Trends(),
    )


def test_an_alarm_goes_to_the_role_that_hears_of_it_and_tells_of_its_incidents() -> None:
    found = desk().alarm(news("escalated", "deputy", incident(number=7, severity=1)), [])
    assert (found.kind, found.role, found.recipients) == ("alarm", "deputy", ("deputy@shop.example",))
    assert (found.told, found.severity) == ((Told(7, "escalated"),), 1)
    assert found.message.startswith("F-7 escalated deputy ")


def test_an_alarm_hangs_in_the_thread_of_its_incident() -> None:
    before = message(message="first", message_id="<first@x>", told=(Told(7, "opened"),))
    other = message(message="other", message_id="<other@x>", told=(Told(8, "opened"),))
    found = desk().alarm(news("worse", "admin", incident(number=7)), [before, other])
    assert found.references == ("<first@x>",)


def test_no_two_messages_have_the_same_name_or_message_id() -> None:
    written = desk()
    made = [
        written.alarm(news("opened", role, incident(number=number)), [])
        for role in ("admin", "deputy")
        for number in (7, 8)
    ]
    assert len({one.message for one in made}) == len({one.message_id for one in made}) == 4


def test_the_owners_mail_has_its_pictures_and_keeps_the_state_for_the_next_one() -> None:
    written = desk(ready())
    found = written.owners_mail(DueMail(due=NOW, weekly=True), None, [])
    assert (found.kind, found.role, found.edition) == ("report", "owner", NOW)
    assert "pictures" in found.html
    assert found.state is not None
    assert found.state.verdict == "READY"


def test_the_mail_before_a_holiday_is_one_of_its_own_kind_and_one_that_is_asked_for_no_edition() -> None:
    written = desk(ready())
    assert written.owners_mail(DueMail(due=NOW, weekly=False), None, []).kind == "holiday"
    assert written.report_now(None, []).edition is None


def test_a_year_of_records_is_read_only_for_the_owner() -> None:
    trend = Trends()
    written = desk(trend=trend)
    written.alarm(news("opened", "admin", incident()), [])
    written.alarm_test("T-20261201")
    written.page("READY", "admin", "text", "<p>page</p>")
    assert trend.asked == 0
    written.report_now(None, [])
    assert trend.asked == 1


def test_an_alarm_test_asks_the_administrator_to_acknowledge_its_name() -> None:
    found = desk().alarm_test("T-20261201")
    assert (found.kind, found.role, found.message.split()[0]) == ("alarm-test", "admin", "T-20261201")
    assert "readiness ack T-20261201" in found.text


def test_a_digest_carries_all_that_waited_and_is_as_grave_as_the_gravest() -> None:
    waited = [message(message="one", severity=2), message(message="two", severity=1)]
    found = desk().digest(waited, "Nobody answers.")
    assert (found.kind, found.replaces, found.severity) == ("digest", ("one", "two"), 1)
    assert "Nobody answers." in found.text


def test_a_report_is_mailed_as_it_stands() -> None:
    found = desk().page("READY - report", "admin", "the text", "<p>the page</p>")
    assert (found.subject, found.text, found.html) == ("READY - report", "the text", "<p>the page</p>")
    assert found.recipients == ("admin@shop.example",)


def test_a_bundle_is_announced_to_the_owner_with_what_tells_that_it_is_the_same() -> None:
    found = desk().bundle("/root/bundle.zip", "ab" * 32, 12, (date(2026, 1, 1), date(2026, 6, 30)))
    assert (found.kind, found.recipients) == ("bundle", ("owner@shop.example",))
    assert "ab" * 32 in found.text.replace("\n", "").replace(" ", "")
    assert "/root/bundle.zip" in found.text
