"""What a drill showed of the objectives that held when it ran: met, missed, or not shown."""

from agent.core.audit.records import Answer
from agent.core.evidence.evidence import is_full
from agent.core.model.config_record import PromisedProcess
from agent.core.model.drills import DrillRecord
from agent.core.model.objectives import Objectives
from agent.core.text.phrases import span

OUTCOMES = {"passed": "Passed", "failed": "Failed", "not_tested": "Not tested"}
NEWEST = ("latest", "last-good")  # selections that say how much would have been lost


def objectives_then(drill: DrillRecord, promise: PromisedProcess | None) -> Objectives | None:
    """As the drill noted them, otherwise as the config was recorded; None when nobody noted them."""
    if drill.objectives is not None or promise is None:
        return drill.objectives
    return Objectives(rto=promise.rto, rpo=promise.rpo, steps=promise.steps)


def recovery_answer(drill: DrillRecord, goal: Objectives | None) -> Answer:
    """Only a full drill that passed shows how long a recovery takes."""
    if goal is None:
        return "unknown"
    if drill.outcome != "passed" or not is_full(drill):
        return "not shown"
    return "met" if drill.seconds.total + goal.steps <= goal.rto else "missed"


def point_answer(drill: DrillRecord, goal: Objectives | None) -> Answer:
    """Too old is missed, whatever came of the drill; young enough is met only when it came back."""
    if goal is None:
        return "unknown"
    age = drill.recovery_point_age
    if age is None or drill.selection not in NEWEST:
        return "not shown"
    if age > goal.rpo:
        return "missed"
    return "met" if drill.outcome == "passed" else "not shown"


def sentence(drill: DrillRecord, goal: Objectives | None) -> str:
    """Both in one sentence."""
    word = OUTCOMES[drill.outcome]
    if goal is None:
        return f"{word}; the objectives that held then were not recorded."
    return f"{word}: {_recovery(drill, goal)}; {_point(drill, goal)}."


def _recovery(drill: DrillRecord, goal: Objectives) -> str:
    answer = recovery_answer(drill, goal)
    if answer == "not shown":
        why = " by a sample" if drill.outcome == "passed" else ""
        return f"recovery within {span(goal.rto)} was not shown{why}"
    steps = f" with {span(goal.steps)} declared for people" if goal.steps else ""
    taken = span(drill.seconds.total + goal.steps)
    return f"recovery took {taken}{steps} of the {span(goal.rto)} allowed ({answer})"


def _point(drill: DrillRecord, goal: Objectives) -> str:
    answer, age = point_answer(drill, goal), drill.recovery_point_age
    if age is None:
        return "no snapshot was reached"
    verdict = answer if answer != "not shown" else "says nothing of the objective"
    return f"the snapshot was {span(max(0, age))} old, {span(goal.rpo)} allowed ({verdict})"
