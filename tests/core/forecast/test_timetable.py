"""The timetable: who is back when, one after another, and the verdict that follows for the business."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from agent.core.configuration.config import Config, CriticalProcess, Step
from agent.core.forecast.recovery_time import RecoveryTime
from agent.core.forecast.timetable import Timetable, in_recovery_order, timetable
from agent.core.model.drills import DrillSeconds
from agent.core.model.records import Verdict
from agent.core.schedule.window import next_window
from agent.core.verdict.judgement import Assessment
from support.builders.shop import BUSINESS, HOUR, NOW, assessed, config, copy, drill, process, snapshot, wrong

BERLIN = ZoneInfo("Europe/Berlin")


def names(*processes: CriticalProcess) -> list[str]:
    return [found.name for found in in_recovery_order(processes)]


def planned(hours: dict[str, float | None], **changes: dict) -> Timetable:
    """Processes that take so many hours each; None: not known."""
    processes = [process(name, **changes.get(name, {})) for name in hours]
    recoveries = {
        name: RecoveryTime(objective_s=24 * HOUR, actual_s=int(taken * HOUR), machine_s=int(taken * HOUR))
        if taken is not None
        else RecoveryTime(objective_s=24 * HOUR)
        for name, taken in hours.items()
    }
    return timetable(processes, recoveries, next_window(BUSINESS, NOW))


def recorded(shop: Config, seconds: dict[str, float] | None = None) -> Assessment:
    """Every process of the shop with a good snapshot and a drill that took so long."""
    took = seconds or {}
    copies = [
        copy(snapshot(), drill(seconds=DrillSeconds(total=took.get(p.name, 600))), name=p.name)
        for p in shop.processes
    ]
    narrow = tuple(replace(c, snapshots=tuple(replace(s, paths=()) for s in c.snapshots)) for c in copies)
    return assessed(*narrow, shop=shop)


# ---- the order ------------------------------------------------------------------------------


def test_what_others_depend_on_comes_first() -> None:
    shop, orders = process("shop", depends_on=("orders",)), process("orders", tier=3)
    assert names(shop, orders) == ["orders", "shop"]


def test_then_the_tier_decides_then_the_value_then_the_name() -> None:
    found = names(
        process("d", tier=2),
        process("c", value_per_hour=1.0),
        process("b", value_per_hour=9.0),
        process("a", value_per_hour=1.0),
    )
    assert found == ["b", "a", "c", "d"]


def test_a_dependency_that_is_not_there_is_ignored() -> None:
    assert names(process("shop", depends_on=("ghost",))) == ["shop"]


def test_a_circle_comes_last_and_loses_nobody() -> None:
    a, b = process("a", depends_on=("b",)), process("b", depends_on=("a",))
    assert names(a, b, process("z", tier=3)) == ["z", "a", "b"]


def test_the_order_does_not_depend_on_the_order_in_the_config() -> None:
    shop = (
        process("a", depends_on=("c",)),
        process("b"),
        process("c", tier=2),
        process("d", depends_on=("b",)),
    )
    assert {tuple(names(*order)) for order in permutations(shop)} == {("b", "d", "c", "a")}


# ---- the times ------------------------------------------------------------------------------


def test_the_first_starts_when_the_business_closes_and_the_next_when_the_first_is_back() -> None:
    first, second = planned({"a": 2, "b": 3}).returns
    assert first.starts == datetime(2026, 11, 27, 17, tzinfo=BERLIN)
    assert first.back == second.starts == datetime(2026, 11, 27, 19, tzinfo=BERLIN)
    assert second.back == datetime(2026, 11, 27, 22, tzinfo=BERLIN)


def test_times_are_exact_on_the_night_the_clocks_go_back() -> None:
    window = next_window(BUSINESS, datetime(2026, 10, 22, tzinfo=UTC))
    recovery = {"a": RecoveryTime(objective_s=1, actual_s=40 * HOUR, machine_s=40 * HOUR)}
    back = timetable([process("a")], recovery, window).returns[0].back
    assert back is not None
    assert (back.day, back.hour) == (25, 8)  # Friday 17:00 and 40 hours, one of which came twice


def test_back_at_the_very_moment_of_opening_is_in_time() -> None:
    plan = planned({"a": 63})
    assert (plan.fits, plan.returns[0].before_opening) == (True, True)


def test_back_a_second_after_opening_is_not() -> None:
    plan = planned({"a": 63 + 1 / HOUR})
    assert (plan.fits, plan.returns[0].before_opening) == (False, False)


def test_each_process_is_held_against_its_own_promise() -> None:
    plan = planned({"a": 20, "b": 5})
    assert [line.in_time for line in plan.returns] == [True, False]
    assert plan.returns[1].due == datetime(2026, 11, 28, 17, tzinfo=BERLIN)


def test_nothing_behind_an_unknown_duration_is_known() -> None:
    plan = planned({"a": None, "b": 1})
    assert (plan.fits, plan.all_back, plan.returns[1].back) == (None, None, None)


def test_a_known_miss_outweighs_an_unknown_duration() -> None:
    assert planned({"a": 64, "b": None}).fits is False


def test_the_place_of_the_probability_is_kept() -> None:
    assert planned({"a": 1}).probability is None


# ---- the verdict on the business ------------------------------------------------------------


def test_all_ready_and_in_time_is_ready() -> None:
    answer = recorded(config(process(), process("mail", tier=2)))
    assert (answer.verdict, answer.reasons) == (Verdict.READY, ())


def test_the_business_is_as_bad_as_its_worst_process() -> None:
    shop = config(process(), process("mail"))
    answer = assessed(copy(snapshot(), drill()), shop=shop)
    assert answer.verdict == Verdict.UNKNOWN


def test_a_timetable_that_misses_the_opening_is_not_ready() -> None:
    long = {"rto": 60 * HOUR, "steps": (Step("rebuild", 50 * 60),)}
    shop = config(process(**long), process("mail", tier=2, **long))
    answer = recorded(shop)
    assert answer.verdict == Verdict.NOT_READY
    assert [reason.code for reason in answer.reasons] == ["window-missed"]
    assert answer.reasons[0].sentence == "mail would be back only Tuesday 21:20, after Monday 08:00."


def test_a_duration_that_is_not_known_makes_the_window_unknown() -> None:
    answer = assessed(shop=config())
    assert [reason.code for reason in answer.reasons] == ["window-unknown"]


def test_a_process_that_waits_too_long_for_others_is_at_risk() -> None:
    shop = config(process(), process("mail", tier=2, rto=HOUR))
    answer = recorded(shop, {"orders": 2 * HOUR})
    assert answer.verdict == Verdict.AT_RISK
    assert [reason.code for reason in answer.judgements[1].reasons] == ["rto-missed-in-sequence"]


def test_a_repository_that_one_process_found_gone_is_gone_for_all() -> None:
    gone = snapshot(0.1, "failed", findings=(wrong("repository-missing"),))
    shop = config(process(), process("mail", paths=("/srv/orders",)))
    answer = assessed(copy(gone, snapshot(), drill()), copy(snapshot(), drill(), name="mail"), shop=shop)
    assert {one.process: one.verdict for one in answer.judgements} == {
        "orders": Verdict.NOT_READY,
        "mail": Verdict.NOT_READY,
    }


def test_a_business_without_processes_is_never_ready() -> None:
    assert assessed(shop=replace(config(), processes=())).verdict == Verdict.UNKNOWN


@pytest.mark.parametrize("hours", [0, 30, 90])
def test_the_deadline_is_the_opening_of_the_window_that_now_is_in_or_before(hours: int) -> None:
    answer = assessed(shop=config(), now=NOW + timedelta(hours=hours))
    assert answer.window.opens == datetime(2026, 11, 30, 8, tzinfo=BERLIN)
