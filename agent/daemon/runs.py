"""From a task to the command line that does it, and from how that ended to what it means."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from agent.core.model.runs import RUNS, Outcome, RunRecord
from agent.core.schedule.agenda import Due
from agent.core.schedule.duties import Task
from agent.core.schedule.jobs import JobEnd, Level
from agent.core.text.plain import printable
from agent.errors import Exit

# tasks whose findings are an answer: the run is done although something is bad
ANSWERS = ("drill", "check", "exposure")
RETELL = ("report", "metrics", "notify")  # what other tasks found
NAMED = 20  # findings of one run that are logged
INTO = {"snapshot": "--to", "copy": "--to", "drill": "--from", "retain": "--in"}


def arguments(task: Task, first: str, file: str = "") -> list[str]:
    """The command line of a task; `first` is the first repository, which goes without saying."""
    if task.kind == "report":
        return ["report", "--for", "owner", "--format", "html", "--output", file]
    if task.kind == "metrics":
        return ["metrics", "--output", file]
    words = [task.kind, *([task.process] if task.process else [])]
    if (
        task.kind in INTO
        and task.repository
        and (task.kind in ("copy", "retain") or task.repository != first)
    ):
        return [*words, INTO[task.kind], task.repository]
    return words if task.kind in INTO or not task.repository else [*words, task.repository]


def outcome_of(task: Task, end: JobEnd) -> Outcome:
    """passed and failed are done; not_tested is to be tried again."""
    if end.status == Exit.GOOD:
        return "passed"
    recorded = "code" not in end.result  # else it is a refusal: what it found could not be written down
    if task.kind in ANSWERS and end.status == Exit.BAD and recorded:
        return "failed"
    return "not_tested"


def is_done_elsewhere(end: JobEnd) -> bool:
    """A drill that could not be made, and passed at once from plan B: it has its turn again another time."""
    drills = end.result.get("drills", ())
    return any(one.get("instead_of") and one.get("outcome") == "passed" for one in drills)


def run_record(due: Due, task: Task, started: datetime, end: JobEnd) -> RunRecord | None:
    """The record of a run that ended; None for what is done too often to keep."""
    kind = RUNS.get(task.kind)
    if kind is None:
        return None
    return kind(
        process=task.process,
        repository=task.repository,
        due=due.since,
        started=started,
        seconds=round(end.seconds, 3),
        outcome=outcome_of(task, end),
        status=end.status,
        missed=due.missed,
    )


def report(task: Task, end: JobEnd) -> Iterator[tuple[Level, str]]:
    """The lines for the log about one run that ended."""
    took, outcome = f"{end.seconds:.0f} s", outcome_of(task, end)
    if outcome == "passed":
        level: Level = "debug" if task.kind in ("metrics", "exposure", "notify") else "info"
        yield level, f"{task}: done in {took}"
    elif outcome == "failed":
        yield "error", f"{task}: NOT GOOD, after {took}"
    else:
        why = f": {printable(end.complaint)}" if end.complaint else ""
        yield "warning", f"{task}: came to nothing after {took} (exit status {end.status}){why}"
    for finding in () if task.kind in RETELL else findings(end.result)[:NAMED]:
        serious: Level = "error" if finding.get("severity") == "error" else "warning"
        hint = f" {finding.get('hint')}" if finding.get("hint") else ""
        words = f"{finding.get('code')}: {finding.get('message')}{hint}"
        yield serious, f"{task}: {printable(words)}"


def findings(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings in the JSON of any command."""
    found: list[dict[str, Any]] = []
    for rows in result.values():
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("findings"), list):
                found += [each for each in row["findings"] if isinstance(each, dict)]
    return found
