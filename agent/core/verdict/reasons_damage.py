"""The rule on repositories in which restic's check found damage that no later check saw mended."""

from collections.abc import Iterator

from agent.core.evidence.evidence import WHOLE, Standing
from agent.core.evidence.rotation import DAMAGED
from agent.core.model.records import CheckRecord, Verdict
from agent.core.text.phrases import shortened
from agent.core.verdict.judgement import Case, Reason


def repository_damaged(case: Case) -> Iterator[Reason]:
    """Something of it cannot be read: that may be what this process needs.

    It is only a risk while a copy elsewhere is proven, or since the whole process came back from here
    after the check.
    """
    damaged = {record.repository for record in case.damage}
    sound = any(one.good and one.current and one.repository not in damaged for one in case.standings)
    for record in case.damage:
        here = next((one for one in case.standings if one.repository == record.repository), None)
        if here is None or not here.copy.snapshots:
            continue
        mild = sound or _came_back_since(here, record)
        said = next(found for found in record.findings if found.code == DAMAGED)
        yield case.reason(
            "repository-damaged",
            Verdict.AT_RISK if mild else Verdict.NOT_READY,
            f"The check on {case.when(record.started)}, found damage: {shortened(said.message)}",
            said.hint if mild else f"{said.hint}; and readiness drill {case.process.name}",
            record.repository,
        )


def _came_back_since(one: Standing, record: CheckRecord) -> bool:
    return any(drill.share >= WHOLE and drill.started > record.started for drill in one.current)
