"""What a snapshot came to, by what was found or went wrong."""

from collections.abc import Sequence

from agent.core.model.findings import TESTED_AND_BAD, Finding, finding
from agent.core.model.runs import Outcome
from agent.errors import ReadinessError

COULD_NOT = {"no-space", "not-tested", "repository-unreadable", "repository-unreachable"}


def outcome_of(findings: Sequence[Finding]) -> Outcome:
    """Not tested where all that is wrong is that something could not be copied, or looked at."""
    errors = {item.code for item in findings if item.severity == "error"}
    return "passed" if not errors else "not_tested" if errors <= COULD_NOT else "failed"


def came_to_nothing(process: str, error: ReadinessError) -> tuple[Outcome, list[Finding]]:
    """The outcome and the findings of a run that this error ended."""
    found = finding(error.code, process, error.message, error.hint)
    return ("failed" if error.code in TESTED_AND_BAD else "not_tested"), [found]
