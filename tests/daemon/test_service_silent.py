"""A real service that was killed, and what `readiness status` says of it afterwards."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.builders.ledger_records import mounted
from support.namespaces import unshared
from support.servers.running_agent import Business, running
from support.waiting import until

# For what is asked the machine was started ten days ago: what is so long ago that it was before the machine
# was started, or so soon after it that nobody may be up yet, is another matter.
UP_FOR_DAYS = ("--time", "--boottime", "864000", "--")  # for unshare


def alive(business: Business) -> Path:
    return business.state / "alive"


def status(business: Business) -> dict[str, Any]:
    done = business.run("--json", "status", by=unshared(*UP_FOR_DAYS))
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def codes(business: Business) -> list[str]:
    return [reason["code"] for reason in status(business)["result"]["reasons"]]


def silence(business: Business, hours: float = 3) -> None:
    """As if nothing had been heard of it for so long, while the machine was awake."""
    when, _, awake = alive(business).read_text().strip().partition(" ")
    alive(business).write_text(f"{when} {float(awake) - hours * 3600}")
    sleep(business, hours)


def sleep(business: Business, hours: float) -> None:
    """As if the machine had been suspended since the last sign, or its clock been set."""
    then = time.time() - hours * 3600
    os.utime(alive(business), (then, then))


@pytest.fixture
def business(tmp_path: Path, newest_restic: Path) -> Business:
    return Business(tmp_path, newest_restic)


def test_a_service_that_was_killed_and_stays_away_is_unknown(business: Business) -> None:
    with running(business) as agent:
        agent.says("watches orders")
        until(alive(business).exists)
        assert codes(business) == [code for code in codes(business) if not code.startswith("agent")]
        agent.process.kill()
        agent.ended()
    silence(business)

    found = status(business)
    [reason] = [r for r in found["result"]["reasons"] if r["code"] == "agent-silent"]
    assert (reason["verdict"], "(3 h" in reason["message"]) == ("UNKNOWN", True)
    assert found["exit"] in (1, 3)
    assert "systemctl restart readiness" in reason["hint"]
    metrics = business.run("metrics", by=unshared(*UP_FOR_DAYS)).stdout
    assert 'readiness_verdict{verdict="READY"} 0' in metrics
    assert "no sign of life" in business.run("report", "--format", "text", by=unshared(*UP_FOR_DAYS)).stdout

    with running(business) as agent:  # it comes back, and the alarm is over
        agent.says("watches orders")
        assert "agent-silent" not in codes(business)


def test_a_service_that_hangs_is_unknown_too(business: Business) -> None:
    with running(business) as agent:
        agent.says("watches orders")
        until(alive(business).exists)
        agent.process.send_signal(signal.SIGSTOP)
        try:
            sleep(business, 3)
            assert "agent-silent" not in codes(business)  # just woken up: it has had no time to speak
            silence(business)
            assert "agent-silent" in codes(business)
        finally:
            agent.process.send_signal(signal.SIGCONT)


def test_a_service_that_was_stopped_by_a_person_is_no_alarm_at_once(business: Business) -> None:
    with running(business) as agent:
        agent.says("watches orders")
        agent.stop()
    silence(business)

    assert [code for code in codes(business) if code.startswith("agent")] == []


def _filled(disk: Path) -> bool:
    """To the last byte, also after a run that has just ended gave some back."""
    ballast = ["dd", "if=/dev/zero", f"of={disk}/ballast", "bs=4k", "oflag=append", "conv=notrunc"]
    return subprocess.run(ballast, check=False, capture_output=True).returncode != 0


@pytest.mark.usefixtures("as_root")
@pytest.mark.timeout(300)
def test_a_service_on_a_full_state_lives_and_does_not_look_healthy(business: Business) -> None:
    shutil.rmtree(business.state)
    with mounted(business.state, "size=16m,mode=700") as disk, running(business, "-v") as agent:
        agent.says("watches orders")
        until(alive(business).exists)
        assert "state-unwritable" not in codes(business)
        until(lambda: _filled(disk) and "state-unwritable" in codes(business))
        assert agent.process.poll() is None
        (disk / "ballast").unlink()
        assert "state-unwritable" not in codes(business)
        assert agent.stop() == 0
