"""A test mail goes to everybody at once, past the outbox."""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.adapters.mail.paper import LetterPaper
from agent.core.configuration.config import Mail
from agent.core.model.notices import MessageRecord, Receipt
from agent.operations.telling.try_mail import try_mail
from support.builders.shop import NOW, config
from support.doubles.fakes import FakeClock

MAIL = Mail(sender="r@x", owner=("o@x", "B@x"), admin=("a@x", "b@x"), deputy=("d@x",))


class Courier:
    def __init__(self) -> None:
        self.sent: list[MessageRecord] = []

    def deliver(self, what: MessageRecord, recipients: Sequence[str], begun: object) -> tuple[Receipt, ...]:
        self.sent.append(what)
        return tuple(Receipt(recipient=who, fate="accepted") for who in recipients)


def test_everybody_gets_it_once_and_what_was_said_of_each_is_told() -> None:
    courier = Courier()
    receipts = try_mail(replace(config(), mail=MAIL), MAIL, courier, LetterPaper(), FakeClock(NOW))  # type: ignore[arg-type]
    assert [receipt.recipient for receipt in receipts] == ["o@x", "B@x", "a@x", "d@x"]
    [sent] = courier.sent
    assert sent.recipients == ("o@x", "B@x", "a@x", "d@x")
    assert "Nothing is wrong" in sent.text
    assert sent.kind == "alarm-test"
