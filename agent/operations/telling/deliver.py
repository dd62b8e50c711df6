"""Send what waits in the outbox and record every attempt; what was blocked for long goes out as one."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import Mail
from agent.core.model.notices import DeliveryRecord, MessageRecord, Receipt
from agent.core.telling.outbox import Outbox, Waiting, due, for_second_channel, merged, outbox
from agent.errors import MailError
from agent.operations.ports.alarm import Webhook
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.mail import Courier

KEPT = timedelta(days=60)  # what waited longer is not sent any more, unless it is of an open incident

Digest = Callable[[Sequence[MessageRecord], str], MessageRecord]  # of what waited, and why it did


class Letterbook:
    """The messages that still matter and what became of each, oldest first: read once, and kept up.

    Those of the last weeks, and all that told of an incident of `numbers`, however old.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, mail: Mail | None, now: datetime, numbers: Sequence[int] = ()
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.mail = mail
        found = {entry.sequence: entry.body for entry in ledger.since(MessageRecord, now - KEPT)}
        for number in numbers:
            told = ledger.search(MessageRecord, [f'"incident":{number}}}'], after=number)
            found |= {entry.sequence: entry.body for entry in told}
        first = min(found, default=0)  # all deliveries of a message stand behind it
        deliveries = ledger.search(DeliveryRecord, after=first) if found else []
        self.messages = [body for _, body in sorted(found.items()) if isinstance(body, MessageRecord)]
        self.deliveries = [entry.body for entry in deliveries if isinstance(entry.body, DeliveryRecord)]

    def write(self, message: MessageRecord) -> None:
        """From now on it waits to be sent."""
        self.ledger.append(message, self.clock.now())
        self.messages.append(message)

    def note(self, delivery: DeliveryRecord) -> None:
        """An attempt began or ended."""
        self.ledger.append(delivery, self.clock.now())
        self.deliveries.append(delivery)

    def outbox(self) -> Outbox:
        """What waits."""
        return outbox(self.messages, self.deliveries, self.mail)


class Ways(Struct, frozen=True, kw_only=True):
    """The ways out of this machine; None for one that is not configured."""

    courier: Courier | None
    second: Webhook | None


def deliver(book: Letterbook, ways: Ways, digest: Digest, business: str) -> Outbox:
    """Try everything that is due once; returns what still waits."""
    if ways.courier is not None:
        _by_mail(book, ways.courier, digest)
    if ways.second is not None:
        _by_second_channel(book, ways.second, business)
    return book.outbox()


def _by_mail(book: Letterbook, courier: Courier, digest: Digest) -> None:
    box = book.outbox()
    ready = due(box, book.clock.now())
    groups = merged(box, book.clock.now()) if ready else ()
    try:
        if groups:
            courier.check()  # only then is a digest written: each says how things are now
    except MailError as error:
        _note(book, groups[0][0], trouble=f"{error.message} {error.hint}".strip())
        return
    for group in groups:
        book.write(_digest(book, group, digest, box.trouble))
    for one in due(book.outbox(), book.clock.now()) if groups else ready:
        if not _send(book, courier, one):
            return  # nobody is reached: the others wait as well


def _digest(book: Letterbook, group: Sequence[Waiting], digest: Digest, trouble: str) -> MessageRecord:
    """Of what waits, with what a digest among it carries in place of that, as far as it is remembered."""
    known = {one.message for one in book.messages}
    folded = {one.message for one in book.messages if one.replaces and known.issuperset(one.replaces)}
    names = {name for one in group for name in (one.message.message, *one.message.replaces)}
    told = [one for one in book.messages if one.message in names - folded]
    message = digest(told, trouble)
    return replace(message, replaces=(*message.replaces, *sorted(names & folded)))


def _send(book: Letterbook, courier: Courier, one: Waiting) -> bool:
    """False when the server could not be reached, or takes nothing from us."""

    def begun() -> None:
        record = DeliveryRecord(
            message=one.message.message,
            event="begun",
            started=book.clock.now(),
            channel="mail",
            recipients=one.recipients,
            duplicate=one.duplicate,
        )
        book.note(record)

    try:
        receipts = courier.deliver(one.message, one.recipients, begun, duplicate=one.duplicate)
    except MailError as error:
        if _reaches_nobody(courier):
            _note(book, one, trouble=f"{error.message} {error.hint}".strip())
            return False
        # it is this message that the server cannot bear: the others need not wait for it
        receipts = tuple(
            Receipt(recipient=who, fate="deferred", reply=error.message) for who in one.recipients
        )
    _note(book, one, receipts)
    return True


def _reaches_nobody(courier: Courier) -> bool:
    try:
        courier.check()
    except MailError:
        return True
    return False


def _note(book: Letterbook, one: Waiting, receipts: tuple[Receipt, ...] = (), trouble: str = "") -> None:
    record = DeliveryRecord(
        message=one.message.message,
        event="ended",
        started=book.clock.now(),
        channel="mail",
        recipients=one.recipients,
        receipts=receipts,
        trouble=trouble,
        duplicate=one.duplicate,
    )
    book.note(record)


def _by_second_channel(book: Letterbook, second: Webhook, business: str) -> None:
    now = book.clock.now()
    for message in for_second_channel(book.outbox(), book.messages, book.deliveries, now):
        state = message.subject.split(" - ")[0]
        answer = second.post(message.subject, message.text, state, business)
        receipt = Receipt(recipient=second.host, fate=answer.fate, code=answer.code, reply=answer.message)
        record = DeliveryRecord(
            message=message.message,
            event="ended",
            started=book.clock.now(),
            channel="webhook",
            recipients=(receipt.recipient,),
            receipts=(receipt,),
        )
        book.note(record)
        if receipt.fate == "deferred":
            return
