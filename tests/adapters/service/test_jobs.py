"""Commands of ours at work for the service: how they end, and what happens to one that hangs."""

import sys
import time
from collections.abc import Callable

import pytest

from agent.adapters.service import jobs
from agent.adapters.service.jobs import CommandJob
from agent.core.schedule.jobs import JobEnd

HANGS = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
ENDS_WHEN_ASKED = "import time; time.sleep(600)"
WORKS = "import time\nfor _ in range(30):\n    print(1, flush=True)\n    time.sleep(0.1)"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], JobEnd]:
    """Run a script with the patience of a second, to its end."""
    monkeypatch.setattr(jobs, "SURELY_ALIVE", 0.2)
    monkeypatch.setattr(jobs, "STALL_GRACE", 0.5)

    def run(script: str) -> JobEnd:
        job = CommandJob([sys.executable, "-c", script], patience=1.0)
        deadline = time.monotonic() + 30
        while (end := job.look()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return end

    return run


def test_a_command_that_hangs_is_asked_to_end(impatient: Callable[[str], JobEnd]) -> None:
    end = impatient(ENDS_WHEN_ASKED)

    assert (end.status, end.complaint) == (-15, "it showed no sign of life and was ended")


def test_a_command_that_does_not_hear_is_killed(impatient: Callable[[str], JobEnd]) -> None:
    assert impatient(HANGS).status == -9


def test_a_command_that_says_something_is_left_alone(impatient: Callable[[str], JobEnd]) -> None:
    assert impatient(WORKS).status == 0


def test_what_a_command_said_in_json_is_known(impatient: Callable[[str], JobEnd]) -> None:
    assert impatient('print(\'{"result": {"drills": []}}\')').result == {"drills": []}


@pytest.mark.parametrize("said", ["", "no json", "[1]", '{"result": 3}', "[" * 100_000])
def test_what_cannot_be_understood_is_nothing(impatient: Callable[[str], JobEnd], said: str) -> None:
    assert impatient(f"print({said!r})").result == {}


def test_the_last_words_on_standard_error_are_the_complaint(impatient: Callable[[str], JobEnd]) -> None:
    end = impatient("import sys; sys.stderr.write('one\\ntwo\\x1b[31m\\nthree\\n'); sys.exit(3)")

    assert end.status == 3
    assert "\x1b" not in end.complaint
    assert end.complaint.endswith("three")
