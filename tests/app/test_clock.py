"""The machine's own clock."""

from datetime import UTC, datetime

from agent.app.clock import SystemClock


def test_the_time_is_aware_and_in_utc_wherever_the_machine_stands() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
