"""Check one repository: its structure, and the data of one part; so many checks read everything."""

import time
from collections.abc import Sequence

from msgspec import Struct, structs

from agent.core.evidence.account import DAMAGED, Seen, bad_or_untested, is_wrong
from agent.core.evidence.rotation import next_part
from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.records import CheckRecord, RepositoryRecord
from agent.core.model.runs import Outcome
from agent.errors import ResticError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger, LedgerReader
from agent.operations.ports.progress import Progress
from agent.operations.ports.repository import Repository, Upkeep
from agent.operations.records.last_check import last_checked
from agent.operations.records.sight import known_account, note_sight
from agent.operations.records.unrecorded import told_anyway
from agent.operations.records.vanished import vanished_of


class CheckTask(Struct, frozen=True, kw_only=True):
    """Which repository, and the names of all processes that may have snapshots in it by `host`.

    All its data are read in `parts` checks. `cache` is for this check alone.
    """

    repository: str
    processes: tuple[str, ...]
    host: str
    parts: int
    cache: str


class CheckTools(Struct, frozen=True, kw_only=True):
    repository: Repository
    upkeep: Upkeep
    ledger: Ledger
    clock: Clock
    progress: Progress


def check(task: CheckTask, tools: CheckTools) -> CheckRecord:
    """Check and write the record, whatever comes of it."""
    started, clock = tools.clock.now(), time.monotonic()
    damaged = is_wrong(known_account(tools.ledger, task.repository), DAMAGED)
    part, parts = next_part(last_checked(tools.ledger, task.repository), task.parts, damaged)
    name = task.repository
    base = CheckRecord(
        repository=name, started=started, outcome="not_tested", seconds=0.0, part=part, parts=parts
    )

    def write(outcome: Outcome, findings: Sequence[Finding]) -> CheckRecord:
        taken = round(time.monotonic() - clock, 3)
        record = structs.replace(base, outcome=outcome, findings=tuple(findings), seconds=taken)
        seen = Seen(
            repository=name,
            by="check",
            at=started,
            met=outcome == "passed",
            findings=[found for found in findings if found.code != DAMAGED],  # the next check reads it again
            part=part,
            parts=parts,
        )
        with told_anyway(f"The check of {name}", outcome, record.findings):
            tools.ledger.append(record, tools.clock.now())
            note_sight(tools.ledger, seen, tools.clock.now(), tools.repository.repository_id)
        return record

    tools.progress.begin(f"{task.repository}: checking part {part} of {parts}")
    try:
        version = ".".join(map(str, tools.repository.version()))
        identity = tools.repository.repository_id()
        base = structs.replace(base, restic=version, repository_id=identity)
        findings = _is_another(task.repository, identity, tools.ledger)
        if not findings:
            findings = _damaged(task, tools.upkeep.check(part, parts, task.cache).damage)
            findings += vanished_of(
                task.processes, task.repository, task.host, tools.ledger, tools.repository
            )
    except ResticError as error:
        bad = error.code in TESTED_AND_BAD
        return write("failed" if bad else "not_tested", [finding(error.code, "", error.message, error.hint)])
    except KeyboardInterrupt:
        write("not_tested", [finding("interrupted", "", "The check was stopped before it was done.")])
        raise
    finally:
        tools.progress.end()
    return write(bad_or_untested(findings) if findings else "passed", findings)


def _is_another(repository: str, identity: str, ledger: LedgerReader) -> list[Finding]:
    """That another repository is sound says nothing of the one we know."""
    known = ledger.newest(RepositoryRecord, repository=repository)
    if not known or known[0].repository_id == identity:
        return []
    return [
        finding(
            "repository-changed",
            "",
            f"Another repository ({identity[:8]}) stands where {repository} "
            f"({known[0].repository_id[:8]}) was.",
            "Put the old one back. If the new one is meant, give it a new name in the config.",
        )
    ]


def _damaged(task: CheckTask, damage: Sequence[str]) -> list[Finding]:
    if not damage:
        return []
    said = "; ".join(line.rstrip(".") for line in damage)
    return [
        finding(
            "repository-damaged",
            "",
            f"restic found damage in repository {task.repository}: {said}.",
            "Keep every copy of it as it is, look at its disk, and see what restic's manual says on "
            "troubleshooting. Then run: readiness check " + task.repository,
        )
    ]
