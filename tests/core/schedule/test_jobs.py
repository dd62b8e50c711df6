"""How a command of ours ended, and what the service was asked meanwhile."""

from agent.core.schedule.jobs import Asked, JobEnd


def test_without_a_signal_nothing_was_asked_for() -> None:
    assert not Asked().stop
    assert not Asked().reload


def test_a_command_that_said_nothing_had_no_complaint() -> None:
    assert JobEnd(status=0, seconds=1, result={}).complaint == ""
