"""What is due now: order, what is held, changes of files, jumps of the clock, catching up."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.config import load
from agent.core.configuration.config import Rhythm
from agent.core.schedule.agenda import LONGEST_JITTER, Agenda
from agent.core.schedule.duties import Duty, Task, duties
from agent.core.schedule.schedule import Past
from support.builders.config_texts import TWO_COPIES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SNAPSHOT = Task("snapshot", "orders", "primary")
DRILL = Task("drill", "orders")


def duty(task: Task, every: int = 3600, quiet: int = 0, bound: int = 0, holds: str = "") -> Duty:
    names = frozenset({*holds.split(), str(task)})
    return Duty(task=task, rhythm=Rhythm(every=every), quiet=quiet, bound=bound, holds=names)


def agenda(*duties: Duty, **pasts: Past) -> Agenda:
    made = Agenda(duties, BERLIN, random.Random(1))
    made.remember({one.task: pasts[one.task.kind] for one in duties if one.task.kind in pasts})
    made.take_turns({"orders": "primary"})
    return made


def names(agenda: Agenda, now: datetime, *occupied: str) -> list[str]:
    return [str(due.duty.task) for due in agenda.due(now, set(occupied))]


@pytest.fixture
def two_copies(tmp_path: Path) -> tuple[Duty, ...]:
    (tmp_path / "c.toml").write_text(TWO_COPIES)
    return duties(load(str(tmp_path / "c.toml")))


def test_of_two_snapshots_the_one_that_waits_longer_goes_first() -> None:
    often = duty(Task("snapshot", "shop", "primary"), every=60, holds="repository.primary")
    seldom = duty(SNAPSHOT, holds="repository.primary")
    one = Agenda((often, seldom), BERLIN, random.Random(1))
    one.remember(
        {
            often.task: Past(done=NOW - timedelta(minutes=2)),
            seldom.task: Past(done=NOW - HOUR - timedelta(minutes=2)),
        }
    )

    assert names(one, NOW) == [str(SNAPSHOT)]


@pytest.mark.parametrize(
    ("waits", "first"), [(timedelta(hours=23), "snapshot"), (timedelta(days=1), "check")]
)
def test_what_waits_for_a_day_goes_before_what_is_always_due(waits: timedelta, first: str) -> None:
    one = agenda(
        duty(SNAPSHOT, holds="repository.primary"),
        duty(Task("check", "", "primary"), every=86400, holds="repository.primary"),
        snapshot=Past(done=NOW - 2 * HOUR),
        check=Past(done=NOW - timedelta(days=1) - waits),
    )

    assert names(one, NOW)[0].startswith(first)


def test_snapshots_go_first_and_no_two_tasks_hold_the_same(two_copies: tuple[Duty, ...]) -> None:
    due = names(Agenda(two_copies, BERLIN, random.Random(1)), NOW)

    assert due[0] == "snapshot orders primary"
    assert "snapshot orders cloud" not in due  # its process is held
    assert "snapshot shop primary" not in due  # its repository is held
    assert "snapshot shop cloud" in due


def test_what_is_occupied_is_left_alone() -> None:
    one = agenda(duty(SNAPSHOT, holds="repository.primary"))

    assert names(one, NOW, "repository.primary") == []
    assert names(one, NOW) == ["snapshot orders primary"]


def test_what_is_at_work_is_not_started_again() -> None:
    assert names(agenda(duty(SNAPSHOT)), NOW, str(SNAPSHOT)) == []


def test_a_drill_holds_the_repository_whose_turn_it_is() -> None:
    one = agenda(duty(DRILL))
    one.take_turns({"orders": "planb"})

    assert names(one, NOW, "drill.planb") == []
    assert names(one, NOW, "drill.primary") == ["drill orders"]


def test_a_drill_waits_for_a_snapshot_of_its_process_and_holds_up_none(two_copies: tuple[Duty, ...]) -> None:
    drill = next(one for one in two_copies if str(one.task) == "drill orders")
    snapshot = next(one for one in two_copies if one.task == SNAPSHOT)
    one = Agenda([drill, snapshot], BERLIN, random.Random(1))
    one.take_turns({"orders": "primary"})

    assert names(one, NOW) == ["snapshot orders primary"]
    assert names(one, NOW, *snapshot.holds) == []
    assert names(one, NOW, *one.holds(drill)) == ["snapshot orders primary"]
    assert names(one, NOW, "repository.primary") == ["drill orders"]


@pytest.mark.parametrize("kind", ["drill", "copy"])
def test_without_any_snapshot_there_is_nothing_to_drill_or_to_copy(kind: str) -> None:
    one = agenda(duty(Task(kind, "orders")))
    one.take_turns({})

    assert names(one, NOW) == []
    assert one.wake_at(NOW) is None


def test_a_quiet_time_after_a_change_calls_for_a_snapshot() -> None:
    one = agenda(duty(SNAPSHOT, quiet=300, bound=1800), snapshot=Past(done=NOW - HOUR / 2))
    one.stirred("orders", NOW, NOW)

    assert names(one, NOW + timedelta(seconds=299)) == []
    assert names(one, NOW + timedelta(seconds=300)) == ["snapshot orders primary"]


def test_changes_without_an_end_wait_no_longer_than_the_bound() -> None:
    one = agenda(duty(SNAPSHOT, every=86_400, quiet=300, bound=1800), snapshot=Past(done=NOW))
    for minute in range(30):
        one.stirred("orders", NOW + timedelta(minutes=minute), NOW + timedelta(minutes=minute))

    assert names(one, NOW + timedelta(minutes=29)) == []
    assert names(one, NOW + timedelta(minutes=30)) == ["snapshot orders primary"]


def test_between_two_snapshots_for_changes_lies_the_quiet_time() -> None:
    past = Past(done=NOW, tried=NOW + timedelta(seconds=200))
    one = agenda(duty(SNAPSHOT, quiet=300, bound=1800), snapshot=past)
    one.stirred("orders", NOW - HOUR, NOW)

    assert names(one, NOW + timedelta(seconds=499)) == []
    assert names(one, NOW + timedelta(seconds=500)) == ["snapshot orders primary"]


def test_settled_changes_call_for_nothing() -> None:
    one = agenda(duty(SNAPSHOT, quiet=300, bound=1800), snapshot=Past(done=NOW))
    one.stirred("orders", NOW, NOW)
    one.settled("orders")

    assert names(one, NOW + HOUR / 2) == []


def test_a_scan_settles_nothing_that_changed_after_it_began() -> None:
    one = agenda(duty(SNAPSHOT, quiet=300, bound=1800), snapshot=Past(done=NOW))
    one.stirred("orders", NOW, NOW)
    one.settled("orders", before=NOW)

    assert names(one, NOW + HOUR / 2) == ["snapshot orders primary"]


def test_a_snapshot_that_fails_is_not_begun_for_changes_before_its_pause_is_over() -> None:
    failed = Past(done=NOW - HOUR, tried=NOW, failures=3)
    one = agenda(duty(SNAPSHOT, quiet=60, bound=60), snapshot=failed)
    one.stirred("orders", NOW - HOUR, NOW - HOUR)

    assert names(one, NOW + timedelta(seconds=239)) == []
    assert names(one, NOW + timedelta(seconds=240)) == ["snapshot orders primary"]


def test_a_busy_repository_is_asked_again_in_a_minute() -> None:
    one = agenda(duty(SNAPSHOT))
    one.busy(SNAPSHOT, NOW)

    assert names(one, NOW + timedelta(seconds=59)) == []
    assert names(one, NOW + timedelta(seconds=60)) == ["snapshot orders primary"]


def test_what_fell_due_while_the_machine_was_off_runs_once_and_says_how_much_fell_out() -> None:
    one = agenda(duty(SNAPSHOT), snapshot=Past(done=NOW - 5 * HOUR))
    one.woke(NOW)
    later = NOW + timedelta(seconds=LONGEST_JITTER)
    [due] = one.due(later)
    one.ended(SNAPSHOT, "passed", later, later)

    assert due.missed == 4
    assert one.due(later) == []


def test_what_is_caught_up_waits_a_little_and_not_everything_as_long() -> None:
    tasks = [Task("snapshot", f"p{number}", "primary") for number in range(20)]
    one = Agenda([duty(task) for task in tasks], BERLIN, random.Random(7))
    one.remember({task: Past(done=NOW - 5 * HOUR) for task in tasks})
    one.woke(NOW)

    starts = [len(one.due(NOW + timedelta(seconds=second))) for second in (0, 75, 150, 225, 300)]

    assert starts[0] == 0
    assert starts == sorted(starts)
    assert len(set(starts)) == 5
    assert starts[-1] == 20


def test_a_clock_that_is_set_back_does_nothing_twice_and_waits_for_nothing() -> None:
    one = agenda(duty(SNAPSHOT), snapshot=Past(done=NOW))
    year = timedelta(days=365)
    one.jumped(-year.total_seconds())

    assert names(one, NOW - year + HOUR / 2) == []
    assert names(one, NOW - year + HOUR) == ["snapshot orders primary"]


def test_a_clock_that_is_set_forward_makes_one_run_of_each() -> None:
    one = agenda(duty(SNAPSHOT), snapshot=Past(done=NOW))
    then = NOW + timedelta(days=365)
    one.jumped(timedelta(days=365).total_seconds())
    assert names(one, then) == ["snapshot orders primary"]
    one.ended(SNAPSHOT, "passed", then, then)

    assert names(one, then + HOUR / 2) == []


def test_another_config_keeps_the_past_of_what_both_have() -> None:
    one = agenda(duty(SNAPSHOT), snapshot=Past(done=NOW))
    one.renew([duty(SNAPSHOT, every=7200), duty(DRILL)], BERLIN)

    assert names(one, NOW + HOUR) == ["drill orders"]
    assert names(one, NOW + 2 * HOUR) == ["snapshot orders primary", "drill orders"]


def test_a_hastened_task_comes_sooner_once() -> None:
    one = agenda(duty(SNAPSHOT), snapshot=Past(done=NOW))
    one.hasten(SNAPSHOT, NOW + HOUR / 4)
    assert names(one, NOW + HOUR / 4) == ["snapshot orders primary"]
    one.ended(SNAPSHOT, "passed", NOW + HOUR / 4, NOW + HOUR / 4)

    assert names(one, NOW + HOUR) == []


def test_it_is_known_when_to_wake_up() -> None:
    assert agenda(duty(SNAPSHOT), snapshot=Past(done=NOW)).wake_at(NOW) == NOW + HOUR


def test_a_drill_that_failed_by_hand_is_made_again_a_day_later() -> None:
    weekly = duty(DRILL, every=7 * 86_400)
    one = agenda(weekly, drill=Past(done=NOW))
    assert one.next_of(weekly) == NOW + 168 * HOUR
    one.drilled_by_hand(DRILL, NOW + 2 * HOUR)
    assert one.next_of(weekly) == NOW + 26 * HOUR
    one.drilled_by_hand(DRILL, None)  # it passed since
    assert one.next_of(weekly) == NOW + 168 * HOUR
    one.drilled_by_hand(DRILL, NOW + 2 * HOUR)
    one.ended(DRILL, "passed", NOW + 26 * HOUR, NOW + 27 * HOUR)
    assert one.next_of(weekly) == NOW + 194 * HOUR
