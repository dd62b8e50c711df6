"""When nothing can be recorded, that itself is said, to the administrator and past the mail."""

import pytest
from msgspec.structs import replace

from agent.adapters.mail.paper import LetterPaper
from agent.core.configuration.config import Config, Mail
from agent.core.model.notices import MessageRecord, Receipt
from agent.core.telling.heartbeat import Answer
from agent.errors import MailError, StateError
from agent.operations.telling.emergency import emergency_message, mailed, posted
from support.builders.mails import message
from support.builders.shop import NOW, config
from support.doubles.fakes import FakeClock

MAIL = Mail(sender="r@shop.example", owner=("owner@shop.example",), admin=("admin@shop.example",))
TROUBLE = StateError("The ledger cannot be read.", "Put the disk back.")


def written(shop: Config) -> MessageRecord:
    return emergency_message(shop, TROUBLE, "ledger", FakeClock(NOW), LetterPaper())


def test_it_goes_to_the_administrator_and_says_what_is_wrong_and_what_to_do() -> None:
    found = written(replace(config(), mail=MAIL))
    assert (found.recipients, found.role, found.severity) == (("admin@shop.example",), "admin", 1)
    assert "The ledger cannot be read." in found.text
    assert "Put the disk back." in found.text
    assert "Put the disk back." in found.html


def test_without_mail_it_goes_to_nobody() -> None:
    assert written(config()).recipients == ()


def test_mails_on_the_same_stand_in_one_thread() -> None:
    shop = replace(config(), mail=MAIL)
    first = written(shop)
    later = emergency_message(shop, TROUBLE, "ledger", FakeClock(NOW.replace(hour=13)), LetterPaper())
    other = emergency_message(shop, TROUBLE, "config", FakeClock(NOW), LetterPaper())
    assert first.references == later.references != other.references
    assert first.message_id != later.message_id


class Courier:
    def __init__(self, *fates: str) -> None:
        self.fates = fates

    def deliver(self, what: MessageRecord, recipients: object, begun: object) -> tuple[Receipt, ...]:
        if not self.fates:
            raise MailError("Nobody answers.")
        return tuple(Receipt(recipient="x", fate=fate) for fate in self.fates)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fates", "has"),
    [
        (("accepted", "refused"), True),
        (("perhaps",), True),
        (("refused",), False),
        (("deferred",), False),
        ((), False),
    ],
)
def test_it_is_told_when_somebody_has_it_as_far_as_is_known(fates: tuple[str, ...], has: bool) -> None:
    assert mailed(message(), Courier(*fates)) is has  # type: ignore[arg-type]


class Webhook:
    host = "hook.example"

    def __init__(self, fate: str) -> None:
        self.fate = fate
        self.states: list[str] = []

    def post(self, title: str, text: str, state: str, business: str) -> Answer:
        self.states.append(state)
        return Answer(fate=self.fate)  # type: ignore[arg-type]


@pytest.mark.parametrize(("fate", "taken"), [("accepted", True), ("refused", True), ("deferred", False)])
def test_a_second_channel_that_will_never_take_it_is_not_tried_again(fate: str, taken: bool) -> None:
    second = Webhook(fate)
    assert posted(message(), second, "Harbour Lane") is taken
    assert second.states == ["UNKNOWN"]
