"""What ends a failed drill: commands that can, in the copy that it is about."""

from agent.core.drill.plan_b import LOST, SPELT_OUT, after_a_loss, renewed
from agent.core.evidence.evidence import Standing, taken_at
from agent.core.evidence.mild import errors_of, is_of_the_repository
from agent.core.model.drills import DrillRecord
from agent.core.verdict.judgement import Case


def way_out(case: Case, one: Standing, failure: DrillRecord, said: str) -> str:
    """What ends this failure of a drill; `said` is what the drill itself said to do."""
    drill = case.drill(one.repository)
    if errors_of(failure) & LOST:
        lead = f"{said.rstrip('.')}. " if said else ""
        more = "" if one is case.standings[0] else f". {SPELT_OUT}"
        return f"{lead}{after_a_loss(one.repository, drill)}{more}"
    if is_of_the_repository(failure) and not case.troubles.get(one.repository):
        return f"Run: {drill}"  # whoever met it since found that it is mended
    if one is not case.standings[0] and not is_of_the_repository(failure):
        return _in_plan_b(case, one, failure)
    return said or _after_a_failure(case)


def _in_plan_b(case: Case, one: Standing, failure: DrillRecord) -> str:
    """A newer snapshot there, as plan B gets them: by a copy where there is something to copy."""
    drill = case.drill(one.repository)
    if one.good and failure.snapshot_at and taken_at(one.good[0]) > failure.snapshot_at:
        return f"Run: {drill}"
    steps = [case.renew(one.repository), drill]
    if case.is_copied_to(one.repository) and not is_ahead(case.standings[0], one):
        steps = [case.renew(case.standings[0].repository), *steps]
    return renewed(*steps)


def is_ahead(first: Standing, one: Standing) -> bool:
    """The first repository holds a good snapshot that was not copied into the other one yet."""
    copied = {record.origin for record in one.copy.snapshots}
    return bool(first.good) and first.good[0].origin not in copied


def _after_a_failure(case: Case) -> str:
    """A new snapshot that passes, unless none can be taken."""
    name = case.process.name
    older = f"What can still be restored shows: readiness drill {name} --snapshot last-good"
    newest = [one.copy.snapshots[0] for one in case.standings if one.copy.snapshots]
    if newest and newest[0].outcome != "passed":
        return older
    return f"Run: readiness snapshot {name}, then: readiness drill {name}. {older}"
