"""Notes on the mail itself: what does not go out, who is refused, and alarm tests that nobody saw."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.evidence.post import PUTS_OFF, UNSEEN, Post
from agent.core.model.notices import DeliveryRecord, Receipt
from agent.core.model.records import Verdict
from agent.core.text.phrases import moment
from agent.core.verdict.judgement import Reason

NOT_TAKEN = {"refused": "does not take", "deferred": PUTS_OFF}


def mail_notes(post: Post, configured: Sequence[str], now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    """Nothing of it changes the verdict: it says whether anybody hears of it. `configured`: all addresses."""
    yield from _blocked(post.deliveries, now, zone)
    newest = _newest_receipts(post.deliveries)
    found = [newest[address] for address in dict.fromkeys(configured) if address in newest]
    for fate, verb in NOT_TAKEN.items():
        for receipt in (each for each in found if each.fate == fate):
            to, said = receipt.recipient, f"{receipt.code} {receipt.reply}".rstrip()
            yield _reason(
                "mail-refused",
                f"The mail server {verb} mail to {to}: {said}",
                f"Correct {to} in [mail], or ask whoever runs that server; then: readiness mail test",
            )
    yield from _unseen(post, now, zone)


def _blocked(deliveries: Sequence[DeliveryRecord], now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    since: DeliveryRecord | None = None
    newest = ""
    for one in deliveries:
        if one.channel != "mail":
            continue
        if not one.trouble:
            break
        since, newest = one, newest or one.trouble
    if since is not None:
        begun = moment(since.started, zone, now)
        yield _reason(
            "mail-blocked", f"No mail has gone out since {begun}: {newest}", "Then try: readiness mail test"
        )


def _newest_receipts(deliveries: Sequence[DeliveryRecord]) -> Mapping[str, Receipt]:
    found: dict[str, Receipt] = {}
    for one in deliveries:
        for receipt in one.receipts if one.channel == "mail" else ():
            found.setdefault(receipt.recipient, receipt)
    return found


def _unseen(post: Post, now: datetime, zone: ZoneInfo) -> Iterator[Reason]:
    names = {one.name for one in post.acknowledged}
    for test in post.tests[:1]:
        if test.name not in names and now - test.started > UNSEEN:
            yield _reason(
                "alarm-test-unseen",
                f"Nobody acknowledged the alarm test of {moment(test.started, zone, now)}: whether an alarm "
                "reaches anybody is not known.",
                f"When you see it: readiness ack {test.name}",
            )


def _reason(code: str, sentence: str, hint: str) -> Reason:
    return Reason(code=code, verdict=Verdict.READY, sentence=sentence, hint=hint)
