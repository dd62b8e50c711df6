"""What a snapshot came to."""

import pytest

from agent.core.model.findings import finding
from agent.errors import ResticError
from agent.operations.snapshot.outcomes import came_to_nothing, outcome_of


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((), "passed"),
        (("dump-cut",), "passed"),
        (("no-space",), "not_tested"),
        (("no-space", "vital-missing"), "failed"),
    ],
)
def test_warnings_are_no_failure_and_what_could_not_be_done_is_none_either(
    codes: tuple[str, ...], outcome: str
) -> None:
    assert outcome_of([finding(code, "orders", "It is so.") for code in codes]) == outcome


def test_an_error_ends_a_run_with_its_own_words() -> None:
    error = ResticError("It does not answer.", "Ask again.", "repository-unreachable")
    outcome, (found,) = came_to_nothing("orders", error)
    assert (outcome, found.code, found.message) == ("not_tested", "repository-unreachable", error.message)
    assert came_to_nothing("orders", ResticError("It is gone.", "", "repository-damaged"))[0] == "failed"
