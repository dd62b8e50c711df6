"""Records of what people were told: what they say where nothing was noted."""

from agent.core.model.notices import DeliveryRecord, IncidentRecord, MessageRecord, PingRecord, Receipt
from support.builders.letters import message, opened
from support.builders.shop import NOW


def test_an_incident_that_names_no_process_concerns_the_whole_business() -> None:
    record = IncidentRecord(
        key="clock||",
        incident=0,
        happening="opened",
        started=NOW,
        severity=2,
        verdict="UNKNOWN",
        code="clock-went-back",
    )

    assert (record.processes, record.repository) == ((), "")


def test_a_message_waits_for_the_weekly_mail_unless_it_is_graver() -> None:
    usual = MessageRecord.__struct_fields__
    given = {name: getattr(message(opened(), 1), name) for name in usual if name != "severity"}

    assert MessageRecord(**given).severity == 3


def test_no_answer_of_a_server_has_no_code() -> None:
    assert Receipt(recipient="a@shop.example", fate="perhaps").code == 0


def test_a_delivery_reached_somebody_and_is_no_second_copy_unless_it_says_so() -> None:
    record = DeliveryRecord(message="m", event="ended", started=NOW, channel="mail")

    assert (record.trouble, record.duplicate, record.receipts) == ("", False, ())


def test_a_ping_that_was_taken_has_no_trouble() -> None:
    assert PingRecord(host="hc.example", word="success", started=NOW, fate="accepted").trouble == ""
