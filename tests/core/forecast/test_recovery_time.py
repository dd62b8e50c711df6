"""How long a recovery takes: measured by a full drill, extrapolated from samples, or not known."""

import pytest

from agent.core.configuration.config import Step
from agent.core.model.drills import DrillFiles, DrillSeconds
from support.builders.shop import GIB, copy, drill, judged, process, snapshot


def test_a_full_drill_is_measured_whatever_samples_came_later() -> None:
    rto = judged(snapshot(), drill(0.5, share=0.1, bytes=GIB // 10), drill(24)).rto
    assert (rto.basis, rto.machine_s) == ("measured", 600)


def test_a_sample_is_extrapolated_by_what_parts_are_cut_by() -> None:
    """One file of 40 MB and 3,000 small ones: by entries the big one's 1.9 s would make 95 minutes."""
    whole = {"total_files": 3001, "total_bytes": 43_000_000, "total_entries": 3003}
    sample = drill(
        share=0.17,
        bytes=40_000_000,
        files=DrillFiles(expected=1, verified=1),
        seconds=DrillSeconds(restore=1.9, total=1.9),
        **whole,
    )
    rto = judged(snapshot(files=3001, bytes=43_000_000), sample).rto
    assert (rto.basis, rto.machine_s) == ("extrapolated", 12)


def test_a_sample_of_small_files_stands_for_many_more_bytes() -> None:
    sample = drill(
        share=0.1,
        bytes=300 << 10,
        files=DrillFiles(expected=100, verified=100),
        total_files=100,
        total_entries=101,
    )
    rto = judged(snapshot(files=100), sample).rto
    assert rto.scale == pytest.approx((GIB + 101 * 65536) / ((300 << 10) + 100 * 65536))


def test_a_sample_of_an_old_record_counts_the_entries_that_its_share_says() -> None:
    rto = judged(snapshot(), drill(share=0.1, bytes=GIB // 2)).rto
    assert rto.scale == pytest.approx((GIB + 1000 * 65536) / (GIB // 2 + 100 * 65536))


def test_samples_of_the_whole_are_added_up() -> None:
    quarters = [drill(n + 0.5, share=0.25, bytes=GIB // 4) for n in range(4)]
    rto = judged(snapshot(), *quarters).rto
    assert (rto.basis, rto.machine_s, rto.drills) == ("extrapolated", 4 * 580 + 20, 4)


def test_a_full_drill_that_the_data_has_outgrown_is_extrapolated() -> None:
    rto = judged(snapshot(bytes=3 * GIB), drill(total_files=0, total_entries=0), of=process()).rto
    assert rto.basis == "extrapolated"
    assert rto.scale == pytest.approx((3 * GIB + 1000 * 65536) / GIB)


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
