"""What decides who is told what: who heard of it, who is who, and whether it is night."""

from zoneinfo import ZoneInfo

from agent.core.configuration.config import QuietHours
from agent.core.model.notices import MessageRecord, Told
from agent.core.telling.situation import Heard, heard_of, is_quiet
from support.builders.telling import NOON


def test_quiet_hours_go_over_midnight_or_not_and_may_be_none() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = [
        hour for hour in range(24) if is_quiet(QuietHours(22 * 60, 7 * 60), NOON.replace(hour=hour), berlin)
    ]
    assert at == [0, 1, 2, 3, 4, 5, 21, 22, 23]  # one hour earlier in UTC
    assert is_quiet(QuietHours(12 * 60, 14 * 60), NOON, berlin)
    assert not is_quiet(None, NOON.replace(hour=2), berlin)


def test_what_was_told_is_read_from_the_messages() -> None:
    message = MessageRecord(
        message="x",
        kind="alarm",
        role="admin",
        started=NOON,
        recipients=(),
        subject="",
        text="",
        html="",
        message_id="",
        told=(Told(12, "opened"),),
    )
    assert heard_of([message]) == {12: (Heard("opened", "admin", NOON, "x"),)}
