"""The figures for Prometheus: right, complete, and readable by every parser of its text format."""

import re
from datetime import timedelta

import pytest

from agent.core.evidence.evidence import Copy
from agent.core.report.metrics import HELP, Exposed, metrics
from support.builders.shop import HOUR, NOW, assessed, config, copy, drill, process, snapshot, wrong

EXPOSED = [Exposed(process="orders", files=3, bytes=4096, oldest_s=90.5, at=NOW - timedelta(minutes=5))]
SAMPLE = re.compile(r'^(readiness_[a-z_]+)((?:\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+\})?) (\S+)$')


def figures(*copies: Copy) -> dict[str, float]:
    """Every sample by its name and labels; complains of a line that is none."""
    found = {}
    for line in metrics(assessed(*copies, shop=config(process())), EXPOSED).splitlines():
        if not line.startswith(("# HELP readiness_", "# TYPE readiness_")):
            match = SAMPLE.match(line)
            assert match, line
            found[match[1] + match[2]] = float(match[3])
    return found


@pytest.fixture
def good() -> dict[str, float]:
    return figures(copy(snapshot(1), drill(2)))


def test_exactly_one_verdict_is_1_for_the_business_and_for_each_process(good: dict[str, float]) -> None:
    for labels in ("{verdict=", '{process="orders",verdict='):
        own = {name: value for name, value in good.items() if name.startswith(f"readiness_verdict{labels}")}
        assert (len(own), sum(own.values())) == (4, 1)


def test_the_verdict_is_the_one_that_holds(good: dict[str, float]) -> None:
    assert good['readiness_verdict{process="orders",verdict="READY"}'] == 1
    assert figures(copy())['readiness_verdict{process="orders",verdict="UNKNOWN"}'] == 1


def test_ages_and_objectives_stand_side_by_side(good: dict[str, float]) -> None:
    assert good['readiness_recovery_point_age_seconds{process="orders"}'] == HOUR
    assert good['readiness_rpo_objective_seconds{process="orders"}'] == process().rpo
    assert good['readiness_rto_objective_seconds{process="orders"}'] == process().rto


def test_times_are_unix_times(good: dict[str, float]) -> None:
    assert good['readiness_last_snapshot_timestamp_seconds{process="orders"}'] == NOW.timestamp() - HOUR
    assert good["readiness_written_timestamp_seconds"] == NOW.timestamp()


def test_durations_are_those_of_the_newest_runs(good: dict[str, float]) -> None:
    assert good['readiness_snapshot_duration_seconds{process="orders",repository="primary"}'] == 4.0


def test_the_exposure_is_in_it(good: dict[str, float]) -> None:
    assert good['readiness_exposed_files{process="orders"}'] == 3
    assert good['readiness_exposed_bytes{process="orders"}'] == 4096
    assert good['readiness_exposed_oldest_change_age_seconds{process="orders"}'] == 90.5


def test_findings_are_counted_by_severity() -> None:
    bad = figures(copy(snapshot(1, "failed", findings=(wrong("source-missing"),))))

    assert bad['readiness_findings{process="orders",severity="error"}'] == 1
    assert bad['readiness_findings{process="orders",severity="warning"}'] == 0


def test_what_is_not_known_is_left_out_and_not_zero() -> None:
    assert not [name for name in figures(copy()) if "recovery_time_seconds" in name or "last_proven" in name]


def test_every_figure_is_explained_once(good: dict[str, float]) -> None:
    shop = config(process(), repositories=("primary", "planb"))
    planb = copy(snapshot(3), repository="planb")
    text = metrics(assessed(copy(snapshot(1), drill(2)), planb, shop=shop), EXPOSED)
    assert 'readiness_plan_b_lag_seconds{process="orders",repository="planb"} 7200\n' in text

    for name in HELP:
        assert text.count(f"# HELP readiness_{name} ") == 1
        assert text.count(f"# TYPE readiness_{name} ") == 1
