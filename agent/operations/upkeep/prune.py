"""Free the space of removed snapshots in one repository: what is freed cannot be brought back."""

import time
from collections.abc import Sequence

from msgspec import Struct, structs

from agent.core.evidence.account import DAMAGED, Seen, bad_or_untested
from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.records import PruneRecord, RetentionRecord
from agent.core.model.repository_upkeep import Attempt
from agent.core.model.runs import Outcome
from agent.core.upkeep.freeze import frozen_finding
from agent.errors import ResticError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.repository import Repository, Upkeep
from agent.operations.records.freezing import freezes
from agent.operations.records.last_check import frozen_by_damage
from agent.operations.records.sight import note_sight
from agent.operations.records.vanished import vanished_of


class PruneTask(Struct, frozen=True, kw_only=True):
    """Which repository, and the names of all processes that may have snapshots in it."""

    repository: str
    processes: tuple[str, ...]
    host: str


class PruneTools(Struct, frozen=True, kw_only=True):
    repository: Repository
    upkeep: Upkeep
    ledger: Ledger
    clock: Clock


def prune(task: PruneTask, tools: PruneTools) -> PruneRecord:
    """Free space unless something forbids it, and write the record, whatever comes of it."""
    started, clock = tools.clock.now(), time.monotonic()
    base = PruneRecord(repository=task.repository, started=started, outcome="not_tested", seconds=0.0)

    def write(record: PruneRecord) -> PruneRecord:
        timed = structs.replace(record, seconds=round(time.monotonic() - clock, 3))
        tools.ledger.append(timed, tools.clock.now())
        met = record.outcome == "passed"
        seen = Seen(repository=task.repository, by="prune", at=started, met=met, findings=record.findings)
        note_sight(tools.ledger, seen, tools.clock.now(), tools.repository.repository_id)
        return timed

    try:
        record = _pruned(base, task, tools)
    except ResticError as error:
        outcome: Outcome = "failed" if error.code in TESTED_AND_BAD else "not_tested"
        record = _with(base, outcome, [finding(error.code, "", error.message, error.hint)])
    except KeyboardInterrupt:
        stopped = finding("interrupted", "", "Freeing space was stopped before it was done.")
        write(_with(base, "not_tested", [stopped]))
        raise
    return write(record)


def _pruned(base: PruneRecord, task: PruneTask, tools: PruneTools) -> PruneRecord:
    lost = _vanished(task, tools)
    if lost:
        return _with(base, bad_or_untested(lost), lost)
    frozen, findings = _frozen(task, tools)
    if frozen:
        return structs.replace(_with(base, "passed", findings), frozen=frozen)
    refused = _refused_before(task, tools)
    if refused:
        return _with(base, "passed", [refused])
    attempt = tools.upkeep.prune()
    lost = _vanished(task, tools)
    if lost:
        return _with(base, bad_or_untested(lost), lost)
    return _judged(base, task.repository, attempt)


def _with(base: PruneRecord, outcome: Outcome, findings: Sequence[Finding]) -> PruneRecord:
    return structs.replace(base, outcome=outcome, findings=tuple(findings))


def _vanished(task: PruneTask, tools: PruneTools) -> list[Finding]:
    """Snapshots that somebody removed can be brought back as long as nobody prunes."""
    return vanished_of(task.processes, task.repository, task.host, tools.ledger, tools.repository)


def _frozen(task: PruneTask, tools: PruneTools) -> tuple[tuple[str, ...], list[Finding]]:
    """The codes of what forbids it, and the findings that say so."""
    codes: dict[str, None] = {}
    findings = []
    nothing = f"No space is freed in {task.repository}."
    for process in task.processes:
        open_now = freezes(tools.ledger, process)
        codes.update(dict.fromkeys(freeze.code for freeze in open_now))
        if open_now:
            findings.append(frozen_finding(process, nothing, open_now))
    damaged = frozen_by_damage(tools.ledger, task.repository, nothing)
    return (*codes, *([DAMAGED] if damaged else [])), findings + damaged


def _refused_before(task: PruneTask, tools: PruneTools) -> Finding | None:
    """A prune that may remove nothing would write what it repacks a second time, each time."""
    newest = tools.ledger.newest(RetentionRecord, repository=task.repository)
    for found in newest[0].findings if newest else ():
        if found.code == "retention-refused":
            message = f"{task.repository} lets readiness remove nothing, so no space is freed there."
            return finding(found.code, "", message, found.hint)
    return None


def _judged(base: PruneRecord, repository: str, attempt: Attempt) -> PruneRecord:
    if not attempt.code:
        return _with(base, "passed", [])
    outcome: Outcome = "passed" if attempt.code == "retention-refused" else "not_tested"
    message = f"The space of removed snapshots in {repository} was not freed: {attempt.complaint}"
    return _with(base, outcome, [finding(attempt.code, "", message, attempt.hint)])
