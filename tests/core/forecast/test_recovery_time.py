"""How long a recovery takes: measured by a full drill, extrapolated from samples, or not known."""

from agent.core.configuration.config import Step
from agent.core.model.drills import DrillSeconds
from support.builders.shop import GIB, copy, drill, judged, process, snapshot


def test_a_full_drill_is_measured_whatever_samples_came_later() -> None:
    rto = judged(snapshot(), drill(0.5, share=0.1, bytes=GIB // 10), drill(24)).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_a_sample_is_extrapolated_by_bytes_when_those_are_more() -> None:
    sample = drill(share=0.5, bytes=GIB // 4)
    rto = judged(snapshot(), sample).rto
    assert (rto.basis, rto.scale, rto.machine_s) == ("extrapolated", 4.0, 580 * 4 + 20)


def test_a_sample_is_extrapolated_by_files_when_those_are_more() -> None:
    rto = judged(snapshot(), drill(share=0.1, bytes=GIB // 2)).rto
    assert (rto.basis, rto.machine_s) == ("extrapolated", 580 * 10 + 20)


def test_samples_of_the_whole_are_added_up() -> None:
    quarters = [drill(n + 0.5, share=0.25, bytes=GIB // 4) for n in range(4)]
    rto = judged(snapshot(), *quarters).rto
    assert (rto.basis, rto.machine_s, rto.drills) == ("extrapolated", 4 * 580 + 20, 4)


def test_a_full_drill_that_the_data_has_outgrown_is_extrapolated() -> None:
    rto = judged(snapshot(bytes=3 * GIB), drill()).rto
    assert (rto.basis, rto.machine_s) == ("extrapolated", 3 * 580 + 20)


def test_a_full_drill_of_slightly_less_data_is_still_measured() -> None:
    rto = judged(snapshot(bytes=int(1.09 * GIB)), drill()).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_without_a_passing_drill_the_recovery_time_is_not_known() -> None:
    rto = judged(snapshot(), drill(outcome="failed"), of=process(steps=(Step("dns", 10),))).rto
    assert (rto.basis, rto.actual_s, rto.met, rto.steps_s) == ("none", None, None, 600)


def test_an_empty_process_can_be_measured() -> None:
    nothing = {"bytes": 0, "total_bytes": 0, "total_files": 0}
    rto = judged(snapshot(bytes=0, files=0), drill(**nothing)).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_a_sample_of_nothing_says_nothing() -> None:
    rto = judged(snapshot(), drill(share=0.0, bytes=0)).rto
    assert (rto.basis, rto.actual_s) == ("none", None)


def test_the_current_drill_of_plan_b_is_preferred_to_an_expired_one_of_the_primary() -> None:
    slower = drill(seconds=DrillSeconds(restore=900, total=900))
    rto = judged(snapshot(), drill(500), more=(copy(snapshot(), slower, repository="plan-b"),)).rto
    assert (rto.repository, rto.machine_s) == ("plan-b", 900)
