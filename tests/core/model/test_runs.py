"""Records of the service itself: each task has a kind of run of its own."""

from typing import get_args

import pytest

from agent.core.model.runs import RUNS, AgentRecord, Run, RunRecord
from agent.core.schedule.duties import ORDER
from support.builders.shop import NOW


def test_every_kind_of_run_belongs_to_one_task() -> None:
    assert set(RUNS.values()) == set(get_args(Run))
    assert len(set(RUNS.values())) == len(RUNS)


def test_what_is_recorded_as_a_run_is_something_that_falls_due() -> None:
    assert set(RUNS) <= set(ORDER)


@pytest.mark.parametrize(("task", "kind"), RUNS.items())
def test_a_run_is_named_after_its_task(task: str, kind: type[RunRecord]) -> None:
    assert kind.__name__ == f"{task.capitalize()}Run"


def test_no_run_fell_out_unless_the_record_says_so() -> None:
    run = RUNS["drill"](
        process="orders", repository="", due=NOW, started=NOW, seconds=1, outcome="passed", status=0
    )

    assert run.missed == 0


def test_a_service_that_started_saw_no_jump_of_the_clock() -> None:
    assert AgentRecord(event="started").jump == 0
