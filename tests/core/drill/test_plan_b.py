"""Whether it is worth to drill plan B at once, when a drill of the first repository did not pass."""

import pytest

from agent.core.drill.plan_b import OF_THE_REPOSITORY, plan_b_may_help
from agent.core.model.findings import CODES
from support.builders.shop import drill, wrong


@pytest.mark.parametrize("code", sorted(OF_THE_REPOSITORY))
def test_where_the_repository_is_to_blame_another_one_may_help(code: str) -> None:
    assert plan_b_may_help(drill(outcome="failed", findings=(wrong(code),)))


@pytest.mark.parametrize(
    "code", ["scratch-too-small", "no-space", "proof-failed", "snapshot-stale", "interrupted"]
)
def test_what_is_no_better_in_plan_b_is_not_tried_there(code: str) -> None:
    assert not plan_b_may_help(drill(outcome="failed", findings=(wrong(code),)))


def test_one_fault_of_the_repository_among_others_is_enough() -> None:
    both = (wrong("proof-failed"), wrong("file-damaged"))

    assert plan_b_may_help(drill(outcome="failed", findings=both))


def test_a_drill_that_passed_needs_no_help() -> None:
    assert not plan_b_may_help(drill(findings=(wrong("file-damaged"),)))


def test_every_code_that_speaks_against_a_repository_is_an_error_that_exists() -> None:
    assert {CODES[code][0] for code in OF_THE_REPOSITORY} == {"error"}
