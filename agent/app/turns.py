"""One process after the other: what ends one of them takes no turn from the others."""

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from agent.core.configuration.config import CriticalProcess
from agent.errors import ReadinessError

R = TypeVar("R")


def in_turn(
    processes: Iterable[CriticalProcess], run: Callable[[CriticalProcess], Generator[R, None, None]]
) -> Generator[R, None, None]:
    """What `run` yields for each process. The first defect of ours is raised when all had their turn.

    A refusal, such as that another readiness is at work, ends it at once.
    """
    first: Exception | None = None
    for process in processes:
        try:
            yield from run(process)
        except ReadinessError:
            raise
        except Exception as defect:  # noqa: BLE001 - raised when all had their turn
            first = first or defect
    if first:
        raise first
