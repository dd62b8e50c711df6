"""The objectives of a process as they stand in the config, for a record that outlives them."""

from agent.core.configuration import CriticalProcess
from agent.core.model import Objectives


def objectives_of(process: CriticalProcess) -> Objectives:
    """What is promised of the process now."""
    return Objectives(
        rto=process.rto, rpo=process.rpo, steps=60 * sum(step.minutes for step in process.steps)
    )
