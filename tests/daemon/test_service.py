"""The service's loop with every tool in the test's hand; with real parts it runs in other tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from agent.config import load
from agent.core.configuration.config import Config
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding
from agent.core.model.records import Body, Entry
from agent.core.model.runs import AgentRecord, DrillRun, RunRecord, SnapshotRun
from agent.core.schedule.jobs import JobEnd
from agent.errors import ConfigError, StateError
from support.doubles.simulated_world import SimulatedJob, World

TEXT = """
[agent]
state = "/s"
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
rpo = "2h"
"""


class Steered(World):
    """A world without chance: jobs last a second and end as the test says."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, datetime(2026, 11, 27, 12, tzinfo=UTC), seed=1)
        self.statuses: dict[str, int] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.signs = 0

    def begin(self, arguments: Any) -> SimulatedJob:
        job = SimulatedJob(self, arguments, self.true + 1, self.statuses.get(arguments[0], 0))
        self.running.append(job)
        self.begun.append(job)
        result = self.results.get(arguments[0], {})
        look = job.look

        def told() -> JobEnd | None:
            end = look()
            return msgspec.structs.replace(end, result=result, complaint="why") if end else None

        job.look = told  # type: ignore[method-assign]
        return job

    def go(self, seconds: float) -> None:
        """Let time pass in steps of at most a few seconds."""
        until = self.true + seconds
        while self.true < until:
            self.true = min(until, self.true + 5)
            assert self.service
            self.service.step()

    def kinds(self) -> list[str]:
        return [job.arguments[0] for job in self.begun]

    def lines(self, level: str) -> list[str]:
        return [text for own, text in self.log if own == level]


@pytest.fixture
def world(tmp_path: Path) -> Steered:
    (tmp_path / "c.toml").write_text(TEXT)
    return Steered(load(str(tmp_path / "c.toml")))


def test_what_killed_runs_left_is_cleared_away_before_anything_else(world: Steered) -> None:
    world.boot()
    assert world.kinds() == ["agent"]
    world.go(5)

    assert world.kinds()[1:4] == ["snapshot", "notify", "metrics"]


def test_a_new_server_takes_a_snapshot_then_drills_and_checks(world: Steered) -> None:
    world.boot()
    world.go(120)

    kinds = [kind for kind in world.kinds() if kind not in ("agent", "metrics", "exposure", "notify")]
    assert kinds[0] == "snapshot"
    assert sorted(kinds[1:]) == ["check", "drill"]


def test_every_run_is_recorded_with_when_it_was_due(world: Steered) -> None:
    world.boot()
    world.go(120)
    [run] = world.ledger.newest(SnapshotRun, process="orders")

    assert (run.outcome, run.status, run.missed, run.repository) == ("passed", 0, 0, "primary")


def test_a_failed_drill_is_an_answer_and_said_aloud(world: Steered) -> None:
    world.statuses["drill"] = 1
    world.results["drill"] = {
        "drills": [
            {"findings": [{"code": "file-missing", "severity": "error", "message": "gone", "hint": ""}]}
        ]
    }
    world.boot()
    world.go(120)

    assert world.ledger.newest(DrillRun)[0].outcome == "failed"
    assert world.lines("error") == [
        "drill orders primary: NOT GOOD, after 1 s",
        "drill orders primary: file-missing: gone",
    ]


def test_a_drill_that_somebody_made_and_that_failed_is_made_again_tomorrow(world: Steered) -> None:
    world.boot()
    world.go(120)
    assert world.service
    weekly = next(duty for task, duty in world.service.agenda.duties.items() if task.kind == "drill")
    by_rhythm = world.service.agenda.next_of(weekly)
    by_hand = world.now()
    assert by_rhythm and by_rhythm - by_hand > timedelta(days=2)
    failed = DrillRecord(process="orders", repository="primary", started=by_hand, outcome="failed")
    world.ledger.append(failed, by_hand)
    world.go(16 * 60)
    assert world.service.agenda.next_of(weekly) == by_hand + timedelta(days=1)


@pytest.mark.parametrize("status", [3, 78, -9, 130])
def test_a_run_that_comes_to_nothing_says_why_and_is_tried_again(world: Steered, status: int) -> None:
    world.statuses["snapshot"] = status
    world.boot()
    world.go(200)

    assert world.kinds().count("snapshot") == 3
    assert world.ledger.newest(SnapshotRun)[0].outcome == "not_tested"
    line = f"snapshot orders primary: came to nothing after 1 s (exit status {status}): why"
    assert world.lines("warning")[0] == line


def test_a_busy_repository_is_no_attempt(world: Steered) -> None:
    world.statuses["snapshot"] = 75
    world.boot()
    world.go(200)

    assert world.kinds().count("snapshot") == 4
    assert world.ledger.newest(SnapshotRun) == []


def test_whoever_is_in_the_way_for_hours_is_a_warning(world: Steered) -> None:
    world.statuses["snapshot"] = 75
    world.boot()
    world.go(3500)
    assert world.lines("info")[-1] == "snapshot orders primary: waits: why"
    assert world.lines("warning") == []

    world.go(200)
    assert world.lines("warning")[0] == "snapshot orders primary: has waited for 1 h: why"


def test_what_the_figures_retell_is_logged_by_whoever_found_it(world: Steered) -> None:
    world.results["metrics"] = {"processes": [{"findings": [{"code": "file-missing", "severity": "error"}]}]}
    world.boot()
    world.go(3600)

    assert "metrics" in world.kinds()
    assert world.lines("error") == []


def test_what_is_stopped_along_with_the_service_is_no_warning(world: Steered) -> None:
    world.statuses = {"agent": -15, "snapshot": 130}
    world.boot()
    world.service.end()
    assert world.lines("warning") == []


def test_hostile_words_of_a_run_stay_on_one_line(world: Steered) -> None:
    world.statuses["drill"] = 1
    finding = {"code": "file-missing", "severity": "error", "message": "a\nb\x1b[31m", "hint": ""}
    world.results["drill"] = {"drills": [{"findings": [finding]}]}
    world.boot()
    world.go(120)

    assert all("\n" not in line and "\x1b" not in line for line in world.lines("error"))


def test_a_wrong_config_is_refused_at_reload_and_the_old_one_kept(world: Steered) -> None:
    def wrong() -> Config:
        raise ConfigError("line 3 is wrong.", "Mend it.")

    world.boot()
    assert world.service
    world.service.tools = msgspec.structs.replace(world.service.tools, load=wrong)
    before = world.service.config
    world.service.reload()

    assert world.service.config is before
    assert world.lines("error") == ["The new config is not used: line 3 is wrong. Mend it."]


def test_a_new_config_is_taken_at_reload(world: Steered, tmp_path: Path) -> None:
    (tmp_path / "n.toml").write_text(TEXT.replace("[process.orders]", "[process.shop]"))
    world.boot()
    world.go(60)
    assert world.service
    world.config = load(str(tmp_path / "n.toml"))
    world.begun.clear()
    world.service.reload()
    world.go(60)

    assert ["snapshot", "shop"] in [job.arguments for job in world.begun]
    assert all("orders" not in job.arguments for job in world.begun)


def test_what_was_heard_before_a_reload_is_not_forgotten(world: Steered) -> None:
    world.boot()
    world.go(600)
    before = world.kinds().count("snapshot")
    world.touch("orders")
    assert world.service
    world.service.reload()
    world.dirty.clear()  # the new watcher has heard of nothing
    world.go(700)

    assert world.kinds().count("snapshot") == before + 1


def test_another_state_needs_a_restart(world: Steered, tmp_path: Path) -> None:
    (tmp_path / "n.toml").write_text(TEXT.replace('"/s"', '"/t"'))
    world.boot()
    assert world.service
    world.config = load(str(tmp_path / "n.toml"))
    world.service.reload()

    assert world.lines("error") == ["The new config is not used: another state needs a restart."]


def fill_disk(world: Steered) -> Callable[[], None]:
    """Nothing of the service's own can be recorded until the function is called that this returns."""
    append = world.ledger.append

    def full(body: Body, at: datetime) -> Entry:
        if isinstance(body, RunRecord):
            raise StateError("The disk is full.", "Make room.")
        return append(body, at)

    def make_room() -> None:
        world.ledger.append = append  # type: ignore[method-assign]

    world.ledger.append = full  # type: ignore[method-assign]
    return make_room


def test_a_ledger_that_cannot_be_written_is_said_and_snapshots_go_on(world: Steered) -> None:
    world.boot()
    fill_disk(world)
    world.go(2 * 3600)

    assert world.kinds().count("snapshot") >= 2
    assert "This could not be recorded: The disk is full. Make room." in world.lines("error")


def test_what_could_not_be_recorded_is_recorded_later_in_its_order_and_with_its_time(world: Steered) -> None:
    world.boot()
    make_room = fill_disk(world)
    world.go(3600)
    assert world.ledger.newest(SnapshotRun) == []
    make_room()
    world.go(600)

    entries = world.ledger.newest_entries(SnapshotRun, limit=9)
    assert entries[-1].at < world.now() - timedelta(minutes=50)
    assert [entry.sequence for entry in entries] == sorted((e.sequence for e in entries), reverse=True)
    assert "What could not be recorded before is recorded now" in world.lines("notice")


def test_a_sign_of_life_is_given_every_five_minutes(world: Steered) -> None:
    world.boot()
    world.go(3600)

    assert 11 <= len(world.signs_given) <= 13
    assert all(recorded for _, recorded in world.signs_given)


def test_while_something_waits_to_be_recorded_no_sign_says_that_all_is_well(world: Steered) -> None:
    world.boot()
    make_room = fill_disk(world)
    world.go(3600)
    during = [recorded for _, recorded in world.signs_given[-6:]]
    make_room()
    world.go(600)

    assert during == [False] * 6
    assert world.signs_given[-1][1]


@pytest.mark.parametrize("jump", [timedelta(hours=3), timedelta(hours=-3)])
def test_after_a_jump_of_the_clock_a_sign_is_given_at_once(world: Steered, jump: timedelta) -> None:
    world.boot()
    world.go(60)
    world.offset += jump
    world.go(5)

    assert world.signs_given[-1][0] == world.now()


def test_a_sign_that_cannot_be_left_is_said_once(world: Steered) -> None:
    world.give = lambda now, *, recorded: "Read-only file system"  # type: ignore[method-assign]
    world.boot()
    world.go(3600)

    said = [line for line in world.lines("error") if "sign of life" in line]
    assert said == ["The sign of life could not be written to the state: Read-only file system"]


def test_a_dead_watcher_gets_no_sign_of_life_to_the_supervisor(world: Steered) -> None:
    signs: list[str] = []
    world.boot()
    assert world.service
    world.service.tools.supervisor.alive = signs.append  # type: ignore[method-assign]
    world.go(20)
    seen = len(signs)
    world.service.watching.alive = lambda: False  # type: ignore[method-assign]
    world.go(20)

    assert seen > 0
    assert len(signs) == seen
    given = len(world.signs_given)
    world.go(3600)
    assert len(world.signs_given) == given
    assert world.lines("error") == ["The watcher has died; the supervisor is left to restart the service"]


def test_changes_of_files_call_for_a_snapshot_after_a_quiet_time(world: Steered) -> None:
    world.boot()
    world.go(600)
    before = world.kinds().count("snapshot")
    world.touch("orders")
    world.go(700)  # the quiet time is a twelfth of the recovery point objective

    assert world.kinds().count("snapshot") == before + 1


def test_events_during_a_snapshot_call_for_a_scan_and_not_for_a_snapshot(world: Steered) -> None:
    """Copying a database touches files of our own making beside it: that must not go on for ever."""
    world.boot()
    for _ in range(400):
        if any(job.arguments[0] == "snapshot" for job in world.running):
            world.touch("orders")
        world.go(5)

    assert world.kinds().count("snapshot") == 1
    assert world.kinds().count("exposure") >= 3


def test_what_a_scan_finds_calls_for_a_snapshot(world: Steered) -> None:
    world.boot()
    world.go(700)
    world.results["exposure"] = {"exposures": [{"process": "orders", "files": 3, "oldest_s": 3500}]}
    world.begun.clear()
    world.go(600)

    assert "snapshot" in world.kinds()


def test_lost_events_call_for_a_scan_at_once(world: Steered) -> None:
    world.boot()
    world.go(300)
    assert world.service
    world.begun.clear()
    world.service.watching.rescan = lambda: {"orders"}  # type: ignore[method-assign]
    world.go(10)

    assert "exposure" in world.kinds()


def test_a_burst_calls_for_a_scan_once_it_is_over_and_not_every_few_seconds(
    world: Steered,
) -> None:
    world.boot()
    world.go(300)
    assert world.service
    world.begun.clear()
    stir = SimpleNamespace(process="orders", first=world.elapsed(), last=world.elapsed(), events=10_000)
    world.service.watching.changes = lambda: {"orders": stir}  # type: ignore[method-assign]
    world.go(20)
    assert "exposure" not in world.kinds(), "files that are removed and made anew were met half done"
    world.go(100)
    assert world.kinds().count("exposure") == 1


@pytest.mark.parametrize("lost", [set(), {"orders"}])
def test_a_burst_that_does_not_end_is_looked_into_after_two_minutes(world: Steered, lost: set[str]) -> None:
    world.boot()
    world.go(300)
    assert world.service
    world.begun.clear()
    first, watching = world.elapsed(), world.service.watching

    def changes() -> dict[str, SimpleNamespace]:
        stir = SimpleNamespace(process="orders", first=first, last=world.elapsed(), events=10_000)
        return {"orders": stir}

    watching.changes = changes  # type: ignore[method-assign]
    watching.rescan = lambda: lost  # type: ignore[method-assign]
    world.go(100)
    assert "exposure" not in world.kinds()
    world.go(50)
    assert world.kinds().count("exposure") == 1


def test_a_trouble_of_watching_is_told_once_and_again_when_it_comes_back(world: Steered) -> None:
    trouble = Finding(code="watch-limit", severity="warning", process="orders", message="Too many.")
    world.boot()
    assert world.service
    for troubles in ([trouble], [trouble], [], [trouble]):
        world.service.watching.troubles = lambda found=troubles: found  # type: ignore[method-assign,misc]
        world.go(5)

    assert world.lines("warning") == ["watch-limit: Too many.", "watch-limit: Too many."]
    assert world.noted == [[trouble], [], [trouble]]


def test_troubles_of_watching_that_an_earlier_service_noted_are_taken_back(world: Steered) -> None:
    world.boot()
    world.go(5)

    assert world.noted == [[]]


def test_a_jump_of_the_clock_is_recorded_before_anything_is_started(world: Steered) -> None:
    world.boot()
    world.go(300)
    world.offset = timedelta(days=365)
    world.go(1)

    newest = world.ledger.newest(AgentRecord)[0]
    assert (newest.event, newest.jump) == ("clock-jumped", 365 * 86_400)


def test_when_it_is_stopped_everything_at_work_ends_and_is_recorded(world: Steered) -> None:
    world.boot()
    world.go(5)
    assert world.service
    assert world.running
    world.service.end()

    assert world.running == []
    assert world.ledger.newest(AgentRecord)[0].event == "stopped"


def test_drills_take_turns_between_the_copies(tmp_path: Path) -> None:
    planb = '[repository.planb]\nurl = "sftp:b:/r"\npassword_file = "/etc/p"\n'
    (tmp_path / "c.toml").write_text(TEXT + planb + '[process.orders.drill]\nevery = "1h"\n')
    world = Steered(load(str(tmp_path / "c.toml")))
    world.boot()
    world.go(4 * 3600 + 600)

    drills = [job.arguments[1:] for job in world.begun if job.arguments[0] == "drill"]
    turns = [drill[-1] if "--from" in drill else "primary" for drill in drills]
    assert turns[:4] in (["primary", "planb"] * 2, ["planb", "primary"] * 2)


def test_a_copy_that_could_not_be_drilled_is_drilled_when_it_has_taken_a_snapshot(tmp_path: Path) -> None:
    planb = '[repository.planb]\nurl = "sftp:b:/r"\npassword_file = "/etc/p"\n'
    rhythms = '[process.orders.drill]\nevery = "7d"\n[process.orders.copy]\nevery = "3h"\n'
    (tmp_path / "c.toml").write_text(TEXT + planb + rhythms)
    world = Steered(load(str(tmp_path / "c.toml")))
    away = {"planb": True}
    begin = world.begin

    def offsite(arguments: Any) -> SimulatedJob:
        world.statuses = {"drill": 3, "copy": 3} if away["planb"] and "planb" in arguments else {}
        return begin(arguments)

    world.begin = offsite  # type: ignore[method-assign]

    def drills() -> list[str]:
        found = [job.arguments for job in world.begun if job.arguments[0] == "drill"]
        world.begun.clear()
        return ["planb" if "planb" in drill else "primary" for drill in found]

    away["planb"] = False
    world.boot()
    world.go(4 * 3600)
    assert drills() == ["primary"]
    away["planb"] = True
    world.true += 7 * 86_400
    world.go(4 * 3600)
    assert drills() == ["planb", "primary"]
    away["planb"] = False
    world.go(2 * 3600)
    assert drills() == ["planb"]
    world.go(24 * 3600)
    assert drills() == []


def test_a_copy_that_cannot_be_drilled_is_tried_once_more_and_then_when_its_turn_comes(
    tmp_path: Path,
) -> None:
    planb = '[repository.planb]\nurl = "sftp:b:/r"\npassword_file = "/etc/p"\n'
    (tmp_path / "c.toml").write_text(TEXT + planb + '[process.orders.copy]\nevery = "1h"\n')
    world = Steered(load(str(tmp_path / "c.toml")))
    begin = world.begin

    def too_slow(arguments: Any) -> SimulatedJob:
        world.statuses = {"drill": 3} if arguments[0] == "drill" and "planb" in arguments else {}
        return begin(arguments)

    world.begin = too_slow  # type: ignore[method-assign]
    world.boot()
    world.go(4 * 3600)
    world.true += 7 * 86_400
    world.begun.clear()
    world.go(24 * 3600)
    drills = [job.arguments[-1] for job in world.begun if job.arguments[0] == "drill"]
    assert drills == ["planb", "orders", "planb"]


def test_a_drill_that_passed_from_plan_b_instead_is_not_repeated_every_hour(world: Steered) -> None:
    world.statuses["drill"] = 3
    world.results["drill"] = {
        "drills": [
            {"outcome": "not_tested", "instead_of": "", "findings": []},
            {"outcome": "passed", "instead_of": "primary", "findings": []},
        ]
    }
    world.boot()
    world.go(6 * 3600)
    assert world.kinds().count("drill") == 1
