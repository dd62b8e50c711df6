"""How far plan B is behind, and when that weighs on the verdict."""

import pytest

from agent.core.configuration.config import Rhythm
from agent.core.model.records import Verdict
from agent.core.verdict.plan_b_lag import lags
from support.builders.shop import DAY, HOUR, codes, copy, drill, judged, process, snapshot

PRIMARY = (snapshot(1), drill(2))


def planb(*records: object) -> tuple[object, ...]:
    return (copy(*records, repository="planb"),)  # type: ignore[arg-type]


def test_the_lag_is_the_time_between_the_newest_good_snapshots() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(5))).standings)  # type: ignore[arg-type]

    assert (lag.repository, lag.seconds) == ("planb", 4 * HOUR)


def test_a_plan_b_without_a_good_snapshot_has_no_lag_but_nothing() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(5, "failed"))).standings)  # type: ignore[arg-type]

    assert lag.seconds is None


def test_a_plan_b_that_is_ahead_is_not_behind() -> None:
    [lag] = lags(judged(*PRIMARY, more=planb(snapshot(0.5))).standings)  # type: ignore[arg-type]

    assert lag.seconds == 0


def test_without_a_plan_b_there_is_no_lag() -> None:
    assert lags(judged(*PRIMARY).standings) == ()


@pytest.mark.parametrize(
    ("hours", "behind"),
    [(2, False), (47, False), (49, False), (50, True), (500, True)],  # the newest is an hour old
)
def test_two_copies_that_fell_out_make_a_risk(hours: float, behind: bool) -> None:
    found = judged(*PRIMARY, more=planb(snapshot(hours)), of=process(rpo=HOUR, copy=Rhythm(every=DAY)))  # type: ignore[arg-type]

    assert ("plan-b-behind" in codes(found)) == behind
    assert found.verdict == (Verdict.AT_RISK if behind else Verdict.READY)


def test_a_rhythm_by_cron_counts_as_long_as_it_is() -> None:
    weekly = process(rpo=HOUR, copy=Rhythm(cron="0 3 * * 6"))

    assert "plan-b-behind" not in codes(judged(*PRIMARY, more=planb(snapshot(13 * 24)), of=weekly))  # type: ignore[arg-type]
    assert "plan-b-behind" in codes(judged(*PRIMARY, more=planb(snapshot(15 * 24)), of=weekly))  # type: ignore[arg-type]


def test_an_empty_plan_b_is_a_risk_and_says_what_to_run() -> None:
    [reason] = [r for r in judged(*PRIMARY, more=planb()).reasons if r.code == "plan-b-behind"]  # type: ignore[arg-type]

    assert reason.sentence == "Plan B holds no good snapshot: nothing is left without the first repository."
    assert reason.hint == "Run: readiness copy orders --to planb"
