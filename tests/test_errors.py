"""Every way to refuse has an exit status that scripts rely on, and a code of its own."""

import pytest

from agent import errors
from agent.errors import Busy, ConfigError, Exit, ReadinessError, refusal

REFUSALS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, ReadinessError) and each is not ReadinessError
]


def test_the_exit_statuses_are_those_that_scripts_rely_on() -> None:
    assert {status.name: status.value for status in Exit} == {
        "GOOD": 0, "BAD": 1, "USAGE": 2, "NOT_TESTED": 3, "AT_RISK": 4, "BUSY": 75,
        "CONFIG": 78, "INTERRUPTED": 130,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status"),
    [("ConfigError", 78), ("UsageError", 2), ("Busy", 75), ("Interrupted", 130), ("StateError", 3)],
)
def test_a_refusal_ends_with_its_own_status(name: str, status: int) -> None:
    assert getattr(errors, name).exit == status


def test_no_refusal_says_that_something_was_tested_and_is_bad_or_good() -> None:
    assert [each.__name__ for each in REFUSALS if each.exit in (Exit.GOOD, Exit.BAD, Exit.AT_RISK)] == []


def test_no_two_refusals_share_a_code() -> None:
    codes = [each.code for each in REFUSALS]
    assert sorted(codes) == sorted(set(codes))


def test_a_refusal_says_its_sentence_and_keeps_its_hint_apart() -> None:
    refused = ReadinessError("The disk is full.", "Make room.", "no-room")

    assert (str(refused), refused.hint, refused.code) == ("The disk is full.", "Make room.", "no-room")
    assert ReadinessError("The disk is full.").code == "not-tested"


def test_a_wrong_config_carries_every_problem() -> None:
    assert ConfigError("Two are wrong.", problems=("one", "two")).problems == ["one", "two"]


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (Busy("Another is at work."), "busy", "Another is at work."),
        (OSError(28, "No space left on device", "/srv/a"), "no-space", "/srv/a: No space left on device."),
        (OSError(5, "Input/output error"), "state-unusable", "Input/output error."),
        (MemoryError(), "not-tested", "readiness itself failed (MemoryError)."),
        (OSError("timed out"), "not-tested", "readiness itself failed (OSError: timed out)."),
    ],
)
def test_whatever_ends_a_run_is_one_sentence(error: Exception, code: str, sentence: str) -> None:
    assert (refusal(error).code, refusal(error).message) == (code, sentence)
