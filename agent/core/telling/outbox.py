"""What waits to be sent, told from the ledger's records alone: each message for each recipient.

A message whose sending began and never ended may have gone out: it is sent once more, marked as a possible
duplicate, and after that not again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from agent.core.configuration.config import Mail
from agent.core.model.notices import DeliveryRecord, MessageRecord
from agent.core.telling.situation import recipients

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
MERGED_AFTER = timedelta(hours=1)  # messages that waited so long for the server are sent as one
SECOND_CHANNEL_AFTER = timedelta(hours=1)  # alarms that mail did not carry for so long take the other way
WEBHOOK_PATIENCE = timedelta(days=1)
PUT_OFF = timedelta(days=14)  # whoever took no mail for so long does not get this one any more
FINAL = ("accepted", "refused")


class Waiting(Struct, frozen=True, kw_only=True):
    """A message that some of its recipients have not got yet."""

    message: MessageRecord
    recipients: tuple[str, ...]
    duplicate: bool = False  # it may be the second copy
    tried: datetime | None = None  # the last attempt
    attempts: int = 0


class Outbox(Struct, frozen=True, kw_only=True):
    """Everything that waits, oldest first, and since when the way out is blocked."""

    waiting: tuple[Waiting, ...]
    blocked: datetime | None = None  # the first of the attempts that reached nobody, since one did
    trouble: str = ""
    blocked_tries: int = 0
    tried: datetime | None = None


def outbox(
    messages: Sequence[MessageRecord], deliveries: Sequence[DeliveryRecord], mail: Mail | None = None
) -> Outbox:
    """Both oldest first. `mail`: who has which role today, where that matters."""
    by_mail = [one for one in deliveries if one.channel == "mail"]
    of: dict[str, list[DeliveryRecord]] = {}
    for delivery in by_mail:
        of.setdefault(delivery.message, []).append(delivery)
    carried = _carried(messages, of)
    waiting = (_waiting(each, of.get(each.message, ())) for each in messages if each.message not in carried)
    found = (_readdressed(each, mail, of.get(each.message.message, ())) for each in waiting)
    blocked = _blocked(by_mail)
    return Outbox(
        waiting=tuple(one for one in found if one.recipients),
        blocked=blocked[0].started if blocked else None,
        trouble=blocked[-1].trouble if blocked else "",
        blocked_tries=len(blocked),
        tried=blocked[-1].started if blocked else None,
    )


def _carried(messages: Sequence[MessageRecord], of: Mapping[str, Sequence[DeliveryRecord]]) -> set[str]:
    """What is not sent by itself: what digests carry, and digests that no server takes."""
    found: set[str] = set()
    for digest in (message for message in messages if message.replaces):
        found.update([digest.message] if _is_not_taken(of.get(digest.message, ())) else digest.replaces)
    return found


def _is_not_taken(deliveries: Sequence[DeliveryRecord]) -> bool:
    """Nobody got it: it was refused, or put off for an hour."""
    answers = [one for one in deliveries if one.receipts]
    fates = {receipt.recipient: receipt.fate for one in answers for receipt in one.receipts}
    if not fates or not {*fates.values()} <= {"refused", "deferred"} or deliveries[-1].event == "begun":
        return False
    return "deferred" not in fates.values() or answers[-1].started - answers[0].started >= MERGED_AFTER


def _blocked(deliveries: Sequence[DeliveryRecord]) -> list[DeliveryRecord]:
    """The attempts at the end that reached no server that would take anything."""
    found: list[DeliveryRecord] = []
    for one in reversed(deliveries):
        if one.event == "ended" and not one.trouble:
            break
        if one.trouble:
            found.append(one)
    return found[::-1]


def _waiting(message: MessageRecord, deliveries: Sequence[DeliveryRecord]) -> Waiting:
    left = dict.fromkeys(message.recipients, 0)  # how often nobody knows whether it went there
    open_: tuple[str, ...] = ()  # to whom it was being sent, and no word since
    for one in deliveries:
        lost = open_ if one.event == "begun" else ()
        lost += tuple(receipt.recipient for receipt in one.receipts if receipt.fate == "perhaps")
        _count(left, lost)
        for receipt in one.receipts:
            if receipt.fate in FINAL or (
                receipt.fate == "deferred" and one.started - message.started >= PUT_OFF
            ):
                left.pop(receipt.recipient, None)
        open_ = one.recipients if one.event == "begun" else ()
    _count(left, open_)
    return Waiting(
        message=message,
        recipients=tuple(left),
        duplicate=any(left.values()),
        tried=deliveries[-1].started if deliveries else None,
        attempts=len([one for one in deliveries if one.event == "ended"]),
    )


def _readdressed(waiting: Waiting, mail: Mail | None, deliveries: Sequence[DeliveryRecord]) -> Waiting:
    """Who is not in the config any more gets nothing; when nobody got it, whoever has that role now does."""
    if mail is None:
        return waiting
    people = {*mail.owner, *mail.admin, *mail.deputy}
    left = tuple(who for who in waiting.recipients if who in people)
    fates = {receipt.recipient: receipt.fate for one in deliveries for receipt in one.receipts}
    if not left and waiting.recipients and "accepted" not in fates.values():
        left = tuple(who for who in recipients(mail, waiting.message.role) if fates.get(who) != "refused")
    return replace(waiting, recipients=left)


def _count(left: dict[str, int], lost: Sequence[str]) -> None:
    """Who may have two copies by now gets no third."""
    for recipient in lost:
        if left.get(recipient, 0) >= 1:
            del left[recipient]
        elif recipient in left:
            left[recipient] += 1


def refused(deliveries: Sequence[DeliveryRecord]) -> frozenset[str]:
    """The addresses that took no mail when it was tried last; `deliveries` oldest first."""
    fates = {
        receipt.recipient: receipt.fate
        for one in deliveries
        for receipt in one.receipts
        if one.channel == "mail"
    }
    return frozenset(who for who, fate in fates.items() if fate == "refused")


def due(box: Outbox, now: datetime) -> tuple[Waiting, ...]:
    """What may be tried now. While nobody is reached, all of it waits with growing pauses."""
    if box.tried is not None and now - box.tried < pause(box.blocked_tries) and now >= box.tried:
        return ()
    return tuple(
        one
        for one in box.waiting
        if one.tried is None or now < one.tried or now - one.tried >= pause(one.attempts)
    )


def pause(attempts: int) -> timedelta:
    """After so many attempts in a row that came to nothing."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10)))


def merged(box: Outbox, now: datetime) -> tuple[tuple[Waiting, ...], ...]:
    """What one digest for each role would carry, after nobody was reached for long: two or more messages
    that none of their recipients got."""
    if box.blocked is None:
        return ()
    roles: dict[str, list[Waiting]] = {}
    for one in box.waiting:
        if one.recipients == one.message.recipients and not one.duplicate:
            roles.setdefault(one.message.role, []).append(one)
    return tuple(
        tuple(group)
        for group in roles.values()
        if len(group) > 1 and any(now - one.message.started >= MERGED_AFTER for one in group)
    )


def for_second_channel(
    box: Outbox, messages: Sequence[MessageRecord], deliveries: Sequence[DeliveryRecord], now: datetime
) -> tuple[MessageRecord, ...]:
    """Alarms for the webhook: the worst at once, others that mail did not take; each until it is taken."""
    taken = {
        one.message
        for one in deliveries
        if one.channel == "webhook" and any(receipt.fate in FINAL for receipt in one.receipts)
    }
    stuck = {
        one.message.message
        for one in box.waiting
        if (one.tried or box.blocked) and now - one.message.started >= SECOND_CHANNEL_AFTER
    }
    return tuple(
        message
        for message in messages
        if message.kind == "alarm"
        and message.role == "admin"
        and message.message not in taken
        and (message.severity == 1 or message.message in stuck)
        and now - message.started < WEBHOOK_PATIENCE
    )
