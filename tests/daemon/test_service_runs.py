"""The real service with real restic: what it does when it starts, what signals do, what it tells."""

import signal
import time
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.drills import DrillRecord
from agent.core.model.runs import AgentRecord, DrillRun, RetainRun, SnapshotRun
from agent.core.model.snapshots import SnapshotRecord
from support.servers.running_agent import Agent, Business, NotifySocket, running
from support.waiting import until


@pytest.fixture
def business(tmp_path: Path, newest_restic: Path) -> Business:
    return Business(tmp_path, newest_restic)


def test_a_new_server_is_snapshot_copied_drilled_checked_and_measured(business: Business) -> None:
    with running(business, "-v") as agent:
        for task in ("snapshot orders primary", "copy orders planb", "drill orders", "check primary"):
            agent.says(f"{task}")
            until(lambda task=task: any(task in line and "done" in line for line in agent.lines))
        until((business.state / "metrics" / "readiness.prom").exists)
        assert agent.stop() == 0

    with open_reader(business.state / "ledger.db") as ledger:
        assert ledger.newest(SnapshotRecord, process="orders", repository="primary")[0].outcome == "passed"
        assert ledger.newest(SnapshotRecord, process="orders", repository="planb")[0].copy_of
        assert ledger.newest(DrillRecord, process="orders")[0].outcome == "passed"
        assert ledger.newest(SnapshotRun, process="orders")[0].outcome == "passed"
        assert [record.event for record in ledger.newest(AgentRecord, limit=2)] == ["stopped", "started"]
    assert business.run("ledger", "verify").returncode == 0
    assert (business.locks(), business.rooms(), business.ours()) == ([], [], [])


def test_a_restart_does_not_do_again_what_was_done(business: Business) -> None:
    with running(business, "-v") as agent:
        until(lambda: any("drill orders" in line and "done" in line for line in agent.lines))
        agent.stop()
    with running(business, "-v") as agent:
        until(lambda: any("metrics: done" in line for line in agent.lines))
        time.sleep(1)
        begun = [line for line in agent.lines if "begins" in line]
    assert not [line for line in begun if "snapshot" in line or "drill" in line]


def test_sigterm_in_the_middle_of_a_run_ends_it_and_leaves_nothing(business: Business) -> None:
    with running(business, "-v") as agent:
        agent.says("snapshot orders primary: begins")
        time.sleep(0.7)
        assert agent.stop() == 0
    assert (business.locks(), business.rooms(), business.ours()) == ([], [], [])
    assert any("is being stopped" in line for line in agent.lines)
    assert business.run("ledger", "verify").returncode == 0


def test_sighup_with_a_wrong_config_says_why_and_goes_on(business: Business) -> None:
    with running(business) as agent:
        agent.says("watches orders")
        business.config.write_text(business.config.read_text().replace("rpo =", "rqo ="))
        agent.process.send_signal(signal.SIGHUP)
        agent.says("The new config is not used")
        business.write_config(suffix="2")
        agent.process.send_signal(signal.SIGHUP)
        agent.says("watching orders2")
        assert agent.process.poll() is None
    assert any("rqo" in line for line in agent.lines)


def test_a_wrong_config_at_the_start_is_one_sentence_and_78(business: Business) -> None:
    business.config.write_text("[agent")
    agent = Agent(business)

    assert agent.ended() == 78
    assert not any("Traceback" in line for line in agent.lines)


def test_a_second_service_on_the_same_state_is_refused(business: Business) -> None:
    with running(business) as agent:
        agent.says("watches orders")
        second = Agent(business)
        assert second.ended() == 75
        assert f"PID {agent.process.pid}" in "\n".join(second.lines)


def test_systemd_is_told_when_it_is_up_alive_and_stopping(business: Business, tmp_path: Path) -> None:
    heard = NotifySocket(tmp_path / "n")
    with running(business, environment={"NOTIFY_SOCKET": str(tmp_path / "n")}) as agent:
        assert heard.hear() == "READY=1\nSTATUS=watching orders"
        assert heard.hear().startswith("WATCHDOG=1\n")
        agent.stop()
    messages = []
    while not messages or not messages[-1].startswith("STOPPING=1"):
        messages.append(heard.hear())
    heard.socket.close()


def test_for_journald_every_line_has_a_priority(business: Business) -> None:
    with running(business, environment={"JOURNAL_STREAM": "8:1"}) as agent:
        agent.says("snapshot orders primary: done")
    assert [line for line in agent.lines if line[:3] not in ("<3>", "<4>", "<5>", "<6>", "<7>")] == []


def test_a_service_that_is_killed_takes_its_run_along(business: Business) -> None:
    with running(business, "-v") as agent:
        agent.says("snapshot orders primary: begins")
        time.sleep(0.5)
        agent.process.kill()
        agent.ended()
        until(lambda: business.ours() == [], lambda: str(business.ours()))


def test_no_secret_is_in_the_log_the_ledger_or_the_figures(business: Business) -> None:
    secret = "correct horse"
    with running(business, "-v") as agent:
        until(lambda: any("drill orders" in line and "done" in line for line in agent.lines))
        arguments = [
            (Path("/proc") / str(number) / "cmdline").read_bytes()
            for number in business.ours()
            if (Path("/proc") / str(number)).exists()
        ]
    assert secret not in "\n".join(agent.lines)
    assert not [line for line in arguments if secret.encode() in line]
    for file in business.state.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


def test_what_a_killed_run_left_is_gone_before_the_next_begins(business: Business) -> None:
    room = business.base / "scratch" / "drill-left"
    room.mkdir(parents=True, mode=0o700)
    (room / ".readiness-scratch").touch()
    (room / "tree").mkdir()
    with running(business, "-v") as agent:
        agent.says("snapshot orders primary: begins")
        assert not room.exists()


def test_retention_runs_where_the_config_says_what_to_keep(business: Business) -> None:
    with running(business, "-v") as agent:
        until(lambda: any("retain orders primary: done" in line for line in agent.lines))
    with open_reader(business.state / "ledger.db") as ledger:
        assert ledger.newest(RetainRun, process="orders", repository="primary")[0].status == 0
        assert ledger.newest(DrillRun) is not None
