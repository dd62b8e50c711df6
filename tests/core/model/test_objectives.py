"""The objectives of a process for a record that outlives the config."""

from agent.core.configuration.config import Step
from agent.core.model.objectives import Objectives, objectives_of
from support.builders.shop import HOUR, process


def test_what_is_promised_now_is_kept_in_seconds() -> None:
    steps = (Step("printer", 30), Step("dns", 15))

    assert objectives_of(process(rto=9 * HOUR, rpo=HOUR, steps=steps)) == Objectives(
        rto=9 * HOUR, rpo=HOUR, steps=45 * 60
    )


def test_without_steps_people_have_nothing_to_do() -> None:
    assert objectives_of(process()).steps == Objectives(rto=1, rpo=1).steps == 0
