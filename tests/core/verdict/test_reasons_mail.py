"""Notes on the mail itself: what does not go out, who is refused, and alarm tests that nobody saw."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from agent.core.evidence.post import Post
from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, DeliveryRecord, Receipt
from agent.core.model.records import Verdict
from agent.core.verdict.judgement import Reason
from agent.core.verdict.reasons_mail import mail_notes
from support.builders.shop import NOW, ago

BERLIN = ZoneInfo("Europe/Berlin")
ADMIN = "admin@shop.example"


def tried(hours: float, trouble: str = "", channel: Any = "mail", **fates: Any) -> DeliveryRecord:
    receipts = [
        Receipt(recipient=f"{name}@shop.example", fate=fate, code=550, reply="no such user")
        for name, fate in fates.items()
    ]
    return DeliveryRecord(
        message="m",
        event="ended",
        started=ago(hours),
        channel=channel,
        trouble=trouble,
        receipts=tuple(receipts),
    )


def notes(*deliveries: DeliveryRecord, configured: Sequence[str] = (ADMIN,), **more: Any) -> list[Reason]:
    """`deliveries` newest first."""
    return list(mail_notes(Post(deliveries=deliveries, **more), configured, NOW, BERLIN))


def codes(found: list[Reason]) -> list[str]:
    return [reason.code for reason in found]


# ---- blocked --------------------------------------------------------------------------------


def test_mail_that_goes_out_is_nothing_to_note() -> None:
    assert notes(tried(1, admin="accepted")) == []


def test_since_when_no_mail_goes_out_is_told_with_the_newest_trouble() -> None:
    (blocked,) = notes(tried(1, "Timed out."), tried(2, "Connection refused."), tried(5), tried(9, "Old."))

    assert blocked.code == "mail-blocked"
    assert blocked.sentence == "No mail has gone out since Wednesday 11:00: Timed out."


def test_mail_that_went_out_in_the_end_is_not_blocked() -> None:
    assert notes(tried(1), tried(2, "Connection refused.")) == []


def test_the_second_channel_says_nothing_of_the_mail() -> None:
    assert codes(notes(tried(1, "", "webhook"), tried(2, "Connection refused."))) == ["mail-blocked"]
    assert notes(tried(1, "It is down.", "webhook"), tried(2)) == []


# ---- refused --------------------------------------------------------------------------------


def test_who_is_refused_is_named_with_what_the_server_said() -> None:
    (refused,) = notes(tried(1, admin="refused"))

    assert refused.code == "mail-refused"
    assert refused.sentence == f"The mail server does not take mail to {ADMIN}: 550 no such user"
    assert refused.hint.startswith(f"Correct {ADMIN} in [mail]")


def test_who_is_put_off_is_told_from_who_is_refused() -> None:
    (deferred,) = notes(tried(1, admin="deferred"))

    assert "puts off mail to" in deferred.sentence


def test_only_the_newest_answer_about_an_address_counts() -> None:
    assert notes(tried(1, admin="accepted"), tried(2, admin="refused")) == []
    assert codes(notes(tried(1), tried(2, admin="refused"), tried(3, admin="accepted"))) == ["mail-refused"]


def test_an_address_that_is_not_configured_any_more_is_not_spoken_of() -> None:
    assert notes(tried(1, admin="refused"), configured=("owner@shop.example",)) == []


def test_an_address_with_two_roles_is_named_once() -> None:
    assert len(notes(tried(1, admin="refused"), configured=(ADMIN, ADMIN))) == 1


def test_those_refused_come_before_those_put_off() -> None:
    both = ("late@shop.example", ADMIN)
    found = notes(tried(1, late="deferred", admin="refused"), configured=both)

    assert [ADMIN in reason.sentence for reason in found] == [True, False]


# ---- unseen ---------------------------------------------------------------------------------


def alarm_test(hours: float, name: str = "T-1") -> AlarmTestRecord:
    return AlarmTestRecord(name=name, started=ago(hours))


def test_an_alarm_test_is_called_unseen_after_a_day() -> None:
    assert notes(tests=(alarm_test(24),)) == []
    (unseen,) = notes(tests=(alarm_test(24.01),))
    assert unseen.code == "alarm-test-unseen"
    assert unseen.hint == "When you see it: readiness ack T-1"


def test_an_alarm_test_that_somebody_acknowledged_was_seen() -> None:
    seen = AcknowledgementRecord(name="T-1", started=ago(1), by="root")

    assert notes(tests=(alarm_test(50),), acknowledged=(seen,)) == []


def test_only_the_newest_alarm_test_is_asked_after() -> None:
    assert notes(tests=(alarm_test(1, "T-2"), alarm_test(50, "T-1"))) == []


def test_nothing_of_it_changes_the_verdict() -> None:
    found = notes(tried(1, "Timed out."), tried(2, admin="refused"), tests=(alarm_test(50),))

    assert codes(found) == ["mail-blocked", "mail-refused", "alarm-test-unseen"]
    assert {reason.verdict for reason in found} == {Verdict.READY}
