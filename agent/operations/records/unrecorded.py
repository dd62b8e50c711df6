"""A run whose result cannot be written down: whoever waits for it hears the result all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent.core.model.findings import Finding
from agent.core.model.runs import Outcome
from agent.core.text.phrases import shortened
from agent.errors import Exit, ReadinessError

WORDS: dict[Outcome, str] = {
    "passed": "PASSED",
    "failed": "FAILED",
    "not_tested": "could not be made",
}


class Unrecorded(ReadinessError):
    """What was found, and why it could not be recorded; it ends with the worse of both."""


def unrecorded(
    what: str, outcome: Outcome, findings: tuple[Finding, ...], error: ReadinessError
) -> ReadinessError:
    """What to raise in the place of `error`; `what` begins the sentence, as "The drill of orders" does."""
    whys = [found.message for found in findings if found.severity == "error"]
    if outcome == "not_tested" and error.message in whys:  # it is why nothing came of the run at all
        return error
    why = f": {shortened(whys[0]).rstrip('.')}" if whys else ""
    told = Unrecorded(
        f"{what} {WORDS[outcome]}{why}; and this could not be recorded: {error.message}",
        error.hint,
        error.code,
    )
    told.exit = Exit.BAD if outcome == "failed" else error.exit
    return told


def of_drill(process: str, repository: str) -> str:
    """How the sentence about a drill begins."""
    return f"The drill of {process} from {repository}"


@contextmanager
def told_anyway(what: str, outcome: Outcome, findings: tuple[Finding, ...]) -> Iterator[None]:
    """While a result is written down."""
    try:
        yield
    except ReadinessError as error:
        raise unrecorded(what, outcome, findings, error) from error
