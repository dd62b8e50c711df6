"""What waits is sent and every attempt recorded; what was blocked for long goes out as one."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from agent.core.configuration.config import Mail
from agent.core.model.notices import DeliveryRecord, IncidentRecord, MessageRecord, Receipt, Told
from agent.core.telling.heartbeat import Answer
from agent.core.telling.outbox import Outbox
from agent.errors import MailError
from agent.operations.telling.deliver import KEPT, Letterbook, Ways, deliver
from support.builders.mails import message
from support.builders.shop import NOW
from support.doubles.fakes import FakeClock, FakeLedger

MAIL = Mail(sender="r@shop.example", owner=(), admin=("admin@shop.example", "deputy@shop.example"))
HOUR = timedelta(hours=1)


class Courier:
    """Takes everything, or fails as a test says: for all, or for the messages in `poison`."""

    def __init__(self) -> None:
        self.down = False
        self.breaks = False  # when a message is handed to it
        self.dies = False
        self.poison: set[str] = set()
        self.fate = "accepted"
        self.sent: list[tuple[str, bool]] = []

    def check(self) -> None:
        if self.down:
            raise MailError("Nobody answers.", "Is it up?")

    def deliver(
        self,
        what: MessageRecord,
        recipients: Sequence[str],
        begun: Callable[[], None],
        *,
        duplicate: bool = False,
    ) -> tuple[Receipt, ...]:
        self.down = self.down or self.breaks
        self.check()
        if what.message in self.poison:
            raise MailError("It cannot bear this.")
        begun()
        if self.dies:
            raise KeyboardInterrupt
        self.sent.append((what.message, duplicate))
        return tuple(Receipt(recipient=who, fate=self.fate) for who in recipients)  # type: ignore[arg-type]


class Webhook:
    host = "hook.example"

    def __init__(self, fate: str = "accepted") -> None:
        self.fate = fate
        self.posted: list[tuple[str, str]] = []

    def post(self, title: str, text: str, state: str, business: str) -> Answer:
        self.posted.append((title, state))
        return Answer(fate=self.fate)  # type: ignore[arg-type]


class Post:
    def __init__(self, *messages: MessageRecord) -> None:
        self.ledger, self.clock, self.courier = FakeLedger(), FakeClock(NOW), Courier()
        for one in messages:
            self.ledger.append(one, one.started)

    def send(self, second: Webhook | None = None, by_mail: bool = True) -> Outbox:
        book = Letterbook(self.ledger, self.clock, MAIL, self.clock.now())
        ways = Ways(courier=self.courier if by_mail else None, second=second)
        return deliver(book, ways, digest, "Harbour Lane")

    def later(self, by: timedelta) -> None:
        self.clock.time += by

    def events(self) -> list[tuple[str, str]]:
        records = reversed(self.ledger.newest(DeliveryRecord, limit=99))
        return [(one.message, one.event) for one in records]


def digest(told: Sequence[MessageRecord], trouble: str) -> MessageRecord:
    names = tuple(one.message for one in told)
    return letter(f"digest of {'+'.join(names)}", kind="digest", replaces=names, text=trouble)


def letter(name: str, **changes: Any) -> MessageRecord:
    return message(message=name, **{"started": NOW, **changes})


def test_what_waits_is_sent_once_and_both_ends_of_it_are_recorded() -> None:
    post = Post(letter("one"), letter("two"))
    assert post.send().waiting == ()
    post.send()
    assert post.courier.sent == [("one", False), ("two", False)]
    assert post.events() == [("one", "begun"), ("one", "ended"), ("two", "begun"), ("two", "ended")]


def test_after_a_crash_in_between_it_is_sent_once_more_as_a_possible_duplicate() -> None:
    post = Post(letter("one"))
    post.courier.dies = True
    with pytest.raises(KeyboardInterrupt):
        post.send()
    post.courier.dies = False
    post.later(HOUR)
    post.send()
    post.later(HOUR)
    post.send()
    assert post.courier.sent == [("one", True)]


def test_where_nobody_is_reached_the_others_wait_as_well_and_why_is_told() -> None:
    post = Post(letter("one"), letter("two"))
    post.courier.down = True
    box = post.send()
    assert (len(box.waiting), box.trouble, box.blocked) == (2, "Nobody answers. Is it up?", NOW)
    assert post.events() == [("one", "ended")]


def test_a_message_that_the_server_cannot_bear_holds_up_no_other() -> None:
    post = Post(letter("one"), letter("two"))
    post.courier.poison = {"one"}
    box = post.send()
    assert post.courier.sent == [("two", False)]
    assert ([one.message.message for one in box.waiting], box.trouble) == (["one"], "")


def test_what_was_blocked_for_long_goes_out_as_one() -> None:
    post = Post(letter("one"), letter("two"))
    post.courier.down = True
    post.send()
    post.courier.down = False
    post.later(2 * HOUR)
    assert post.send().waiting == ()
    assert post.courier.sent == [("digest of one+two", False)]


def test_no_digest_is_written_while_still_nobody_answers() -> None:
    post = Post(letter("one"), letter("two"))
    post.courier.down = True
    post.send()
    post.later(2 * HOUR)
    post.send()
    assert post.ledger.newest(MessageRecord, limit=9) == [letter("two"), letter("one")]


def test_a_digest_that_could_not_be_sent_is_carried_by_the_next_one_with_all_that_it_told() -> None:
    post = Post(letter("one"), letter("two"))
    post.courier.down = True
    post.send()
    post.courier.down, post.courier.breaks = False, True
    post.later(2 * HOUR)
    post.send()
    post.courier.down = post.courier.breaks = False
    post.ledger.append(letter("three", started=post.clock.now()), post.clock.now())
    post.later(2 * HOUR)
    assert post.send().waiting == ()
    assert post.courier.sent == [("digest of one+two+three", False)]


def test_the_worst_alarms_take_the_second_channel_at_once_and_once() -> None:
    post, second = Post(letter("one", severity=1, subject="NOT READY - orders")), Webhook()
    post.send(second)
    post.send(second)
    assert second.posted == [("NOT READY - orders", "NOT READY")]


def test_a_second_channel_that_does_not_answer_is_tried_again_and_not_asked_for_more() -> None:
    post, second = Post(letter("one", severity=1), letter("two", severity=1)), Webhook("deferred")
    post.send(second, by_mail=False)
    assert len(second.posted) == 1
    second.fate = "accepted"
    post.send(second, by_mail=False)
    assert len(second.posted) == 3


def test_what_waited_for_months_is_not_sent_any_more_unless_it_is_of_an_open_incident() -> None:
    opened = IncidentRecord(
        key="drill|orders|primary",
        incident=0,
        happening="opened",
        started=NOW - KEPT,
        severity=1,
        verdict="NOT_READY",
        code="drill-failed",
    )
    old = [letter(f"old {n}", started=NOW - KEPT - HOUR, told=(Told(1, "opened"),)) for n in (1, 2)]
    ledger = FakeLedger(opened, *old)

    def remembered(*numbers: int) -> list[str]:
        return [one.message for one in Letterbook(ledger, FakeClock(NOW), MAIL, NOW, numbers).messages]

    assert remembered() == ["old 2"]  # the newest of them tells that nothing is missing
    assert remembered(1) == ["old 1", "old 2"]
