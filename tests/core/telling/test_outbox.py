"""The outbox: nothing is lost, nothing is sent twice without saying so, and long outages end in one mail."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from agent.core.configuration.config import Mail
from agent.core.model.notices import DeliveryRecord, MessageRecord, Receipt
from agent.core.telling.messages import message_id
from agent.core.telling.outbox import due, for_second_channel, merged, outbox, pause, refused
from support.builders.shop import config

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def message(name: str = "a", started: datetime = NOON, **changes: Any) -> MessageRecord:
    usual = MessageRecord(
        message=name,
        kind="alarm",
        role="admin",
        started=started,
        recipients=("x@shop.example", "y@shop.example"),
        subject="NOT READY - it broke",
        text="",
        html="",
        message_id=f"<{name}@x>",
    )
    return replace(usual, **changes)


def begun(
    name: str = "a", at: datetime = NOON, recipients: Any = ("x@shop.example", "y@shop.example")
) -> Any:
    return DeliveryRecord(message=name, event="begun", started=at, channel="mail", recipients=recipients)


def ended(name: str = "a", at: datetime = NOON, trouble: str = "", **fates: str) -> DeliveryRecord:
    receipts = tuple(
        Receipt(recipient=f"{who}@shop.example", fate=fate)  # type: ignore[arg-type]
        for who, fate in fates.items()
    )
    return DeliveryRecord(
        message=name, event="ended", started=at, channel="mail", receipts=receipts, trouble=trouble
    )


def waits(*deliveries: DeliveryRecord) -> tuple[str, ...]:
    (*found,) = outbox([message()], deliveries).waiting
    return tuple(who[0] for one in found for who in one.recipients)


def test_a_message_waits_until_each_recipient_has_an_answer() -> None:
    assert waits() == ("x", "y")
    assert waits(begun(), ended(x="accepted", y="deferred")) == ("y",)
    assert waits(begun(), ended(x="accepted", y="accepted")) == ()


def test_one_who_is_refused_for_good_waits_no_longer_and_keeps_nobody_waiting() -> None:
    assert waits(begun(), ended(x="refused", y="deferred")) == ("y",)


def test_a_server_that_is_not_reached_loses_nothing() -> None:
    many = [ended(at=NOON + HOUR * n, trouble="connection refused") for n in range(120)]
    box = outbox([message()], many)
    assert len(box.waiting) == 1
    assert (box.blocked, box.blocked_tries, box.trouble) == (NOON, 120, "connection refused")


def test_an_answer_ends_the_time_in_which_it_was_blocked() -> None:
    box = outbox([message()], [ended(trouble="no"), ended(x="accepted", y="deferred")])
    assert box.blocked is None


def test_a_crash_while_sending_makes_one_copy_that_says_so_and_no_third() -> None:
    (once,) = outbox([message()], [begun()]).waiting
    assert once.duplicate
    assert outbox([message()], [begun(), begun(at=NOON + HOUR)]).waiting == ()


def test_a_server_that_took_all_and_did_not_answer_is_the_same_as_a_crash() -> None:
    (once,) = outbox([message()], [begun(), ended(x="accepted", y="perhaps")]).waiting
    assert (once.recipients, once.duplicate) == (("y@shop.example",), True)
    again = [
        begun(),
        ended(x="accepted", y="perhaps"),
        begun(recipients=("y@shop.example",)),
        ended(y="perhaps"),
    ]
    assert outbox([message()], again).waiting == ()


def test_a_crash_concerns_only_those_to_whom_it_was_being_sent() -> None:
    second = begun(at=NOON + HOUR, recipients=("y@shop.example",))
    (once,) = outbox([message()], [begun(), ended(x="accepted", y="deferred"), second]).waiting
    assert (once.recipients, once.duplicate) == (("y@shop.example",), True)


def test_a_message_that_a_digest_carries_is_not_sent_by_itself() -> None:
    digest = message("d", replaces=("a", "b"))
    assert [one.message.message for one in outbox([message(), message("b"), digest], []).waiting] == ["d"]


def test_what_a_digest_carries_goes_by_itself_when_the_digest_is_not_taken() -> None:
    digest = message("d", replaces=("a", "b"))
    everything = [message(), message("b"), digest]

    def waiting(*deliveries: DeliveryRecord) -> list[str]:
        return [one.message.message for one in outbox(everything, deliveries).waiting]

    late = NOON + HOUR
    assert waiting(begun("d"), ended("d", x="refused", y="refused")) == ["a", "b"]
    assert waiting(begun("d"), ended("d", x="accepted", y="refused")) == []
    put_off = [begun("d"), ended("d", x="deferred", y="refused")]
    assert waiting(*put_off) == ["d"]
    assert waiting(*put_off, begun("d", late), ended("d", late, x="deferred")) == ["a", "b"]
    assert waiting(*put_off, begun("d", late), ended("d", late, x="perhaps")) == ["d"]
    assert waiting(*put_off, begun("d", late)) == ["d"]
    assert waiting(*put_off, ended("d", late, trouble="no answer")) == ["d"]


def test_attempts_come_with_growing_pauses_of_an_hour_at_most() -> None:
    assert [pause(n) / MINUTE for n in (1, 2, 3, 6, 7, 200)] == [1, 2, 4, 32, 60, 60]


def test_while_nobody_is_reached_all_of_it_waits() -> None:
    box = outbox([message(), message("b")], [ended(trouble="down"), ended(trouble="down")])
    assert due(box, NOON + MINUTE) == ()
    assert len(due(box, NOON + 2 * MINUTE)) == 2


def test_one_that_was_deferred_keeps_no_other_waiting() -> None:
    box = outbox([message(), message("b")], [begun(), ended(x="accepted", y="deferred")])
    assert [one.message.message for one in due(box, NOON)] == ["b"]


def test_a_clock_that_went_back_keeps_nothing_waiting() -> None:
    box = outbox([message()], [ended(trouble="down")])
    assert len(due(box, NOON - 5 * HOUR)) == 1


def test_what_waited_for_an_hour_is_sent_as_one_for_each_role() -> None:
    messages = [message(), message("b"), message("c", role="owner"), message("d", NOON + 5 * HOUR)]
    box = outbox(messages, [ended(trouble="down")])
    assert merged(box, NOON + HOUR * 0.9) == ()
    (group,) = merged(box, NOON + 6 * HOUR)
    assert [one.message.message for one in group] == ["a", "b", "d"]


def test_where_the_server_is_reached_everything_is_sent_by_itself() -> None:
    assert merged(outbox([message(), message("b")], []), NOON + 6 * HOUR) == ()


def test_what_some_have_got_already_is_in_no_digest() -> None:
    box = outbox(
        [message(), message("b")], [begun(), ended(x="accepted", y="deferred"), ended("b", trouble="down")]
    )
    assert merged(box, NOON + 6 * HOUR) == ()


def second(deliveries: list[DeliveryRecord], now: datetime, **changes: Any) -> list[str]:
    messages = [message(**changes)]
    found = for_second_channel(outbox(messages, deliveries), messages, deliveries, now)
    return [one.message for one in found]


def webhook(fate: Any, at: datetime = NOON) -> DeliveryRecord:
    receipts = (Receipt(recipient="chat.example", fate=fate),)
    return DeliveryRecord(message="a", event="ended", started=at, channel="webhook", receipts=receipts)


def test_the_worst_goes_the_second_way_at_once_and_until_it_is_taken() -> None:
    assert second([], NOON, severity=1) == ["a"]
    assert second([webhook("deferred")], NOON + HOUR, severity=1) == ["a"]
    assert second([webhook("accepted")], NOON + HOUR, severity=1) == []
    assert second([], NOON + 24 * HOUR - MINUTE, severity=1) == ["a"]
    assert second([], NOON + 24 * HOUR, severity=1) == []


def test_other_alarms_go_there_when_mail_does_not_go_out() -> None:
    down = ended(trouble="down")
    assert second([down], NOON + HOUR * 0.9, severity=2) == []
    assert second([down], NOON + HOUR, severity=2) == ["a"]
    assert second([begun(), ended(x="accepted", y="accepted")], NOON + HOUR, severity=2) == []


def test_the_webhook_has_no_say_in_what_was_mailed() -> None:
    assert len(outbox([message()], [webhook("accepted")]).waiting) == 1


TODAY = Mail(sender="r@shop.example", owner=("o@shop.example",), admin=("x@shop.example", "new@shop.example"))


def test_who_is_no_longer_in_the_config_gets_nothing_any_more() -> None:
    (one,) = outbox([message()], (begun(), ended(x="deferred", y="deferred")), TODAY).waiting
    assert one.recipients == ("x@shop.example",)
    assert outbox([message()], (begun(), ended(x="accepted", y="deferred")), TODAY).waiting == ()


def test_what_nobody_got_goes_to_whoever_has_that_role_now() -> None:
    gone = message(recipients=("y@shop.example",))
    (one,) = outbox([gone], (begun(), ended(y="deferred")), TODAY).waiting
    assert one.recipients == ("x@shop.example", "new@shop.example")
    (one,) = outbox([gone], (begun(), ended(y="deferred"), begun(), ended(x="deferred")), TODAY).waiting
    assert one.recipients == ("x@shop.example", "new@shop.example")
    assert outbox([gone], (ended(y="deferred"), ended(x="accepted", new="accepted")), TODAY).waiting == ()


def test_who_was_put_off_for_a_fortnight_waits_no_longer() -> None:
    day = timedelta(days=1)
    assert waits(ended(at=NOON + 13 * day, x="deferred", y="accepted")) == ("x",)
    assert waits(ended(at=NOON + 15 * day, x="deferred", y="accepted")) == ()
    assert waits(ended(at=NOON + 15 * day, trouble="the server is down")) == ("x", "y")


def test_a_message_has_one_id_that_is_no_other_s() -> None:
    shop = replace(config(), mail=Mail(sender="readiness@shop.example", owner=(), admin=()))
    elsewhere = replace(shop, settings=replace(shop.settings, host="elsewhere"))
    assert message_id(shop, "a") == message_id(shop, "a")
    assert len({message_id(one, name) for one in (shop, elsewhere) for name in "ab"}) == 4
    assert re.fullmatch(r"<readiness\.[0-9a-f]{32}@shop\.example>", message_id(shop, "a"))
    assert message_id(config(), "a").endswith("@readiness.invalid>")


def test_who_took_no_mail_the_last_time_is_known() -> None:
    tries = [ended(x="refused", y="accepted"), ended("b", x="accepted", y="refused")]
    assert refused(tries) == frozenset({"y@shop.example"})
