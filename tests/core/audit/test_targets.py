"""What a drill showed of the objectives that held when it ran: met, missed, or not shown."""

import pytest
from msgspec.structs import replace

from agent.core.audit.targets import objectives_then, point_answer, recovery_answer, sentence
from agent.core.model.config_record import config_to_note
from agent.core.model.objectives import Objectives
from support.builders.shop import HOUR, config, drill, process

GOAL = Objectives(rto=HOUR, rpo=2 * HOUR)
FRESH = drill(recovery_point_age=HOUR)  # took 600 seconds


def test_what_the_drill_itself_noted_counts_before_what_the_config_said() -> None:
    noted = config_to_note(config(process(rto=9 * HOUR, rpo=8 * HOUR)), [])
    assert noted is not None
    (promise,) = noted.processes

    assert objectives_then(drill(objectives=GOAL), promise) == GOAL
    assert objectives_then(drill(), promise) == Objectives(rto=9 * HOUR, rpo=8 * HOUR)
    assert objectives_then(drill(), None) is None


def test_a_recovery_exactly_as_long_as_allowed_met_its_objective() -> None:
    assert recovery_answer(FRESH, replace(GOAL, rto=600)) == "met"
    assert recovery_answer(FRESH, replace(GOAL, rto=599)) == "missed"


def test_the_declared_steps_of_people_count_into_the_recovery_that_was_shown() -> None:
    assert recovery_answer(FRESH, Objectives(rto=900, rpo=HOUR, steps=300)) == "met"
    assert recovery_answer(FRESH, Objectives(rto=900, rpo=HOUR, steps=301)) == "missed"


@pytest.mark.parametrize("shown", [drill(share=0.5), drill(outcome="failed"), drill(outcome="not_tested")])
def test_a_sample_or_a_drill_that_did_not_pass_shows_no_recovery(shown) -> None:
    assert recovery_answer(shown, GOAL) == "not shown"


def test_without_known_objectives_nothing_was_met_or_missed() -> None:
    assert (recovery_answer(FRESH, None), point_answer(FRESH, None)) == ("unknown", "unknown")
    assert sentence(FRESH, None) == "Passed; the objectives that held then were not recorded."


def test_a_snapshot_that_was_too_old_missed_whatever_became_of_the_drill() -> None:
    old = drill(outcome="failed", recovery_point_age=2 * HOUR + 1)

    assert point_answer(old, GOAL) == "missed"


def test_a_young_snapshot_met_only_when_it_came_back() -> None:
    assert point_answer(drill(recovery_point_age=2 * HOUR), GOAL) == "met"
    assert point_answer(drill(outcome="failed", recovery_point_age=HOUR), GOAL) == "not shown"


@pytest.mark.parametrize(("selection", "says"), [("last-good", "met"), ("random", "not shown")])
def test_only_the_newest_snapshot_says_how_much_would_have_been_lost(selection: str, says: str) -> None:
    assert point_answer(drill(selection=selection, recovery_point_age=HOUR), GOAL) == says


def test_both_answers_stand_in_one_sentence() -> None:
    assert sentence(FRESH, Objectives(rto=HOUR, rpo=2 * HOUR, steps=600)) == (
        "Passed: recovery took 20 min with 10 min declared for people of the 1 h allowed (met); "
        "the snapshot was 1 h old, 2 h allowed (met)."
    )
    assert sentence(drill(outcome="not_tested"), GOAL) == (
        "Not tested: recovery within 1 h was not shown; no snapshot was reached."
    )
    assert "recovery within 1 h was not shown by a sample;" in sentence(drill(share=0.1), GOAL)
