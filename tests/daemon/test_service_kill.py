"""kill -9 at random moments of the running service: nothing acknowledged is lost, nothing stays behind.

READINESS_KILLS=60 kills sixty times; by default it is a few, because each takes some seconds: of the service
alone and of everything, each early, in the middle and late in what a new server has to do.
"""

import os
import random
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.core.model.runs import RUNS
from support.builders.ledger_records import hashes
from support.servers.running_agent import Agent, Business
from support.waiting import until

KILLS = int(os.environ.get("READINESS_KILLS") or 6)
TASKS = 13  # that a new server has to do: so often the log says that one begins
LONGEST = 0.7  # seconds: a task takes about as long
DONE = re.compile(r"info: (\w+) (\S+)(?: (\S+))?: done in")


def acknowledged(agent: Agent) -> list[tuple[str, ...]]:
    """The runs that the log calls done."""
    return [match.groups(default="") for line in agent.lines if (match := DONE.match(line))]


def recorded(business: Business) -> set[tuple[str, ...]]:
    with open_reader(business.state / "ledger.db") as ledger:
        bodies = [entry.body for entry in ledger.entries()]
    kinds = {kind: task for task, kind in RUNS.items()}
    return {
        (kinds[type(body)], body.process or body.repository, body.repository if body.process else "")  # type: ignore[union-attr]
        for body in bodies
        if type(body) in kinds
    }


def kill_everything(business: Business, agent: Agent) -> None:
    """As systemd does when the main process of a service is dead."""
    agent.process.kill()
    while mine := business.ours():
        for number in mine:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


@pytest.mark.timeout(300 + 15 * KILLS)
def test_kill_9_of_the_running_service_loses_nothing_and_leaves_nothing(
    tmp_path: Path, newest_restic: Path
) -> None:
    seed = int(os.environ.get("READINESS_TEST_SEED") or random.randrange(1 << 32))
    print("READINESS_TEST_SEED", seed)
    chance = random.Random(seed)
    business = Business(tmp_path, newest_restic)
    before: list[str] = []
    interrupted = 0
    for number in range(KILLS):
        business.write_config(suffix=str(number))  # every task is new, and so due at once
        (business.shop.source / f"new-{number}").write_bytes(chance.randbytes(1 << 20))
        agent = Agent(business, "-v")
        begun = TASKS * (number // 2 % 3 + chance.random()) / 3
        until(lambda: len([line for line in agent.lines if "begins" in line]) >= begun)  # noqa: B023
        time.sleep(chance.uniform(0, LONGEST))
        mine = business.ours()
        interrupted += len(mine) > 1
        if number % 2:
            kill_everything(business, agent)
        else:
            agent.process.kill()
        agent.ended()
        until(lambda: business.ours() == [], lambda: str(business.ours()))
        # restic takes a lock for held until the dead process that it belonged to was buried as well
        until(lambda: not any(Path(f"/proc/{number}").exists() for number in mine))  # noqa: B023
        if (business.state / "ledger.db").exists():
            now = hashes(business.state / "ledger.db")
            assert now[: len(before)] == before
            before = now
            lost = [run for run in acknowledged(agent) if run[0] in RUNS and run not in recorded(business)]
            assert lost == []
        # the next start clears away what was left, before it does anything else
        assert business.run("agent", "--clean-up").returncode == 0
        assert (business.rooms(), business.locks(), business.ours()) == ([], [], [])
    assert business.run("ledger", "verify").returncode == 0
    print(f"{KILLS} kills, {interrupted} with runs at work, {len(before)} records")
