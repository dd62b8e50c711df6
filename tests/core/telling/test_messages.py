"""What ties the mails of one trouble together."""

from datetime import timedelta

from agent.core.model.notices import MessageRecord, Told
from agent.core.telling.messages import thread
from support.builders.shop import NOW


def mail(number: int, *incidents: int) -> MessageRecord:
    return MessageRecord(
        message=f"m{number}",
        kind="alarm",
        role="admin",
        started=NOW + timedelta(hours=number),
        recipients=("admin@x.example",),
        subject="",
        text="",
        html="",
        message_id=f"<{number}@x>",
        told=tuple(Told(incident, "opened") for incident in incidents),
    )


def test_a_mail_refers_to_the_first_on_each_of_its_incidents_and_the_last_on_the_worst() -> None:
    earlier = [mail(1, 7), mail(2, 8), mail(3, 9, 7), mail(4, 7, 8), mail(5, 8)]

    assert thread([7], earlier) == ("<1@x>", "<4@x>")
    assert thread([9, 7], earlier) == ("<3@x>", "<1@x>")
    assert thread([6, 7], earlier) == ("<1@x>", "<4@x>")
    assert thread([6], earlier) == ()
