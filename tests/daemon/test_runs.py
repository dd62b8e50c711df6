"""From a task to the command line that does it, and from how that ended to what it means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.core.configuration.config import Rhythm
from agent.core.model.runs import CopyRun, DrillRun
from agent.core.schedule.agenda import Due
from agent.core.schedule.duties import Duty, Task
from agent.core.schedule.jobs import JobEnd
from agent.daemon.runs import NAMED, arguments, is_done_elsewhere, outcome_of, report, run_record

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
BAD = {"code": "file-missing", "severity": "error", "message": "It is gone\x1b.", "hint": "Bring it back."}
MILD = {"code": "file-moved", "severity": "warning", "message": "It moved.", "hint": ""}


def ended(status: int = 0, *findings: Any, complaint: str = "", **result: Any) -> JobEnd:
    rows = {"drills": [{"findings": list(findings)}]} if findings else result
    return JobEnd(status=status, seconds=2.4, result=rows, complaint=complaint)


@pytest.mark.parametrize(
    ("task", "line"),
    [
        (Task("snapshot", "orders", "primary"), "snapshot orders"),
        (Task("snapshot", "orders", "planb"), "snapshot orders --to planb"),
        (Task("drill", "orders", "planb"), "drill orders --from planb"),
        (Task("drill", "orders"), "drill orders"),
        (Task("copy", "orders", "planb"), "copy orders --to planb"),
        (Task("retain", "orders", "primary"), "retain orders --in primary"),
        (Task("check", repository="primary"), "check primary"),
        (Task("prune", repository="planb"), "prune planb"),
        (Task("exposure", "orders"), "exposure orders"),
        (Task("notify"), "notify"),
        (Task("metrics"), "metrics --output /out"),
        (Task("report"), "report --for owner --format html --output /out"),
    ],
    ids=str,
)
def test_a_task_is_the_command_that_a_person_would_give(task: Task, line: str) -> None:
    assert arguments(task, "primary", "/out") == line.split()


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        ("snapshot", 0, "passed"),
        ("drill", 1, "failed"),
        ("check", 1, "failed"),
        ("exposure", 1, "failed"),
        ("snapshot", 1, "not_tested"),
        ("drill", 3, "not_tested"),
        ("drill", 75, "not_tested"),
        ("drill", -9, "not_tested"),
    ],
)
def test_an_answer_is_done_also_when_it_is_bad_and_all_else_is_tried_again(
    kind: str, status: int, outcome: str
) -> None:
    assert outcome_of(Task(kind, "orders"), ended(status)) == outcome


def test_what_was_found_and_could_not_be_recorded_is_tried_again() -> None:
    refused = ended(
        1, code="state-full", message="The drill of orders FAILED; and this could not be recorded."
    )
    assert outcome_of(Task("drill", "orders"), refused) == "not_tested"


@pytest.mark.parametrize(
    ("drills", "elsewhere"),
    [
        ([{"outcome": "not_tested"}, {"outcome": "passed", "instead_of": "primary"}], True),
        ([{"outcome": "not_tested"}, {"outcome": "failed", "instead_of": "primary"}], False),
        ([{"outcome": "passed", "instead_of": ""}], False),
        ([], False),
    ],
)
def test_only_a_plan_b_that_passed_gives_the_first_its_turn_again(
    drills: list[dict[str, Any]], elsewhere: bool
) -> None:
    assert is_done_elsewhere(ended(drills=drills)) is elsewhere


def due(task: Task) -> Due:
    return Due(duty=Duty(task=task, rhythm=Rhythm(every=60)), holds=frozenset(), since=AT, missed=2)


def test_a_run_is_recorded_with_when_it_was_due_and_how_many_fell_out() -> None:
    task = Task("copy", "orders", "planb")
    found = run_record(due(task), task, AT, ended(75))
    assert isinstance(found, CopyRun)
    assert (found.process, found.repository, found.due, found.missed) == ("orders", "planb", AT, 2)
    assert (found.outcome, found.status, found.seconds) == ("not_tested", 75, 2.4)


def test_what_is_done_every_few_minutes_is_not_kept() -> None:
    for kind in ("metrics", "exposure", "notify"):
        assert run_record(due(Task(kind)), Task(kind), AT, ended()) is None
    assert isinstance(run_record(due(Task("drill", "a")), Task("drill", "a"), AT, ended(1)), DrillRun)


@pytest.mark.parametrize(
    ("task", "end", "line"),
    [
        (Task("drill", "orders"), ended(), ("info", "drill orders: done in 2 s")),
        (Task("metrics"), ended(), ("debug", "metrics: done in 2 s")),
        (Task("drill", "orders"), ended(1), ("error", "drill orders: NOT GOOD, after 2 s")),
        (
            Task("copy", "orders"),
            ended(75, complaint="busy\x1b"),
            ("warning", "copy orders: came to nothing after 2 s (exit status 75): busy\\x1b"),
        ),
    ],
)
def test_the_log_has_a_line_for_each_run(task: Task, end: JobEnd, line: tuple[str, str]) -> None:
    assert next(report(task, end)) == line


def test_findings_stand_behind_it_each_as_grave_as_it_is_and_move_no_cursor() -> None:
    assert list(report(Task("drill", "orders"), ended(1, BAD, MILD)))[1:] == [
        ("error", "drill orders: file-missing: It is gone\\x1b. Bring it back."),
        ("warning", "drill orders: file-moved: It moved."),
    ]


def test_only_so_many_are_logged_and_none_that_others_found() -> None:
    many = ended(1, *[MILD] * (NAMED + 5))
    assert len(list(report(Task("drill", "orders"), many))) == 1 + NAMED
    assert len(list(report(Task("notify"), many))) == 1


@pytest.mark.parametrize("result", [{"drills": 5}, {"drills": [5]}, {"drills": [{"findings": [5]}]}])
def test_json_that_makes_no_sense_is_no_crash(result: dict[str, Any]) -> None:
    assert len(list(report(Task("drill", "orders"), JobEnd(status=0, seconds=1, result=result)))) == 1
