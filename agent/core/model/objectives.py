"""The objectives of a process as they stand in the config, for a record that outlives them."""

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess


class Objectives(Struct, frozen=True, kw_only=True):
    """What was promised of a process at the time of a record, in seconds, and what its people were to do."""

    rto: int
    rpo: int
    steps: int = 0  # declared for people


def objectives_of(process: CriticalProcess) -> Objectives:
    """What is promised of the process now."""
    return Objectives(
        rto=process.rto, rpo=process.rpo, steps=60 * sum(step.minutes for step in process.steps)
    )
