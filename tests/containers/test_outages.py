"""The service on a real machine with systemd that goes down in every way: it comes back and says so."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.core.verdict.reasons_agent import BOOTING
from support.servers.container import Container, until
from support.servers.machines import CONFIG, NOTIFY, SERVICE, business_machine

SCRATCH = "/var/lib/readiness-drill/work/scratch"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a small business, whose service has done what is due."""
    with business_machine(tmp_path_factory) as container:
        for name in ("mail", "orders"):
            container.hear(SERVICE, f"drill {name} primary: done")
        yield container


def _is_back(machine: Container, cursor: str, restarts: int = 1) -> None:
    """Wait until it was started again so often, the last time since `cursor`."""
    machine.hear(SERVICE, " watches ", after=cursor)
    until(lambda: _is_active(machine) and _restarts(machine) == restarts, "the service is back")


def _restarts(machine: Container) -> int:
    return int(machine.shows(SERVICE, "NRestarts"))


def _is_active(machine: Container) -> bool:
    return machine.shows(SERVICE, "ActiveState") == "active"


def test_killed_with_sigkill_it_is_back_and_says_so(machine: Container, drop_in: Callable[..., None]) -> None:
    drop_in("RestartSec=100ms")
    machine.run("rm", "-rf", "/run/readiness-failed")
    cursor = machine.cursor()

    machine.run("kill", "-KILL", machine.shows(SERVICE, "MainPID"))

    _is_back(machine, cursor)
    machine.hear(f"readiness-failed@{SERVICE}.service", "HAS FAILED")
    spoken = [
        e for e in machine.journal(f"readiness-failed@{SERVICE}.service") if "HAS FAILED" in e["MESSAGE"]
    ]
    assert spoken[-1]["PRIORITY"] == "0"
    assert f"journalctl -u {SERVICE}" in spoken[-1]["MESSAGE"]


def test_one_that_dies_again_and_again_is_told_of_and_its_status_says_so(
    machine: Container, drop_in: Callable[..., None]
) -> None:
    drop_in("RestartSec=100ms")

    for number in range(1, 4):
        cursor = machine.cursor()
        machine.run("kill", "-KILL", machine.shows(SERVICE, "MainPID"))
        _is_back(machine, cursor, number)

    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert "agent-dying" in codes
    assert "agent-silent" not in codes
    machine.hear(NOTIFY, "Nobody was told anything: there is no [mail]")
    strangers = machine.shell("find /var/lib/readiness ! -user readiness -print")
    assert strangers.strip() == ""


def test_a_service_that_hangs_unwatched_is_unknown(machine: Container, drop_in: Callable[..., None]) -> None:
    drop_in("WatchdogSec=0")
    pid = machine.shows(SERVICE, "MainPID")
    until(lambda: machine.shell("ls /var/lib/readiness/alive || true"), "it gave a sign of life")
    machine.run("kill", "-STOP", pid)
    machine.shell("cd /var/lib/readiness && : >alive && touch -d '3 hours ago' alive")
    up = float(machine.shell("cut -d' ' -f1 /proc/uptime"))

    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    machine.run("kill", "-CONT", pid)
    assert ("agent-silent" in codes) == (up >= BOOTING)  # the machine of the container's host


def test_a_config_that_is_lost_is_an_alarm_and_not_an_excuse(machine: Container) -> None:
    config, away = machine.file(CONFIG), machine.file("/root/readiness.toml")
    machine.run("rm", "-rf", "/run/readiness-failed")
    config.rename(away)
    try:
        assert machine.run("systemctl", "restart", SERVICE, check=False).returncode != 0
        until(lambda: machine.shell("ls /run/readiness-failed || true"), "the alarm was given")
        assert machine.says(SERVICE, f"{CONFIG}: does not exist")
    finally:
        away.rename(config)
        machine.run("systemctl", "restart", SERVICE)


def test_a_hanging_loop_is_ended_by_the_watchdog_and_comes_back(
    machine: Container, drop_in: Callable[..., None]
) -> None:
    drop_in("RestartSec=100ms", "WatchdogSec=3s")
    cursor = machine.cursor()

    machine.run("kill", "-STOP", machine.shows(SERVICE, "MainPID"))

    machine.hear(SERVICE, "Watchdog timeout", after=cursor)
    _is_back(machine, cursor)


def test_fed_by_the_loop_the_watchdog_lets_it_live(machine: Container, drop_in: Callable[..., None]) -> None:
    drop_in("WatchdogSec=3s")
    machine.run("sleep", "8")

    assert (_is_active(machine), _restarts(machine)) == (True, 0)


def test_a_killed_drill_leaves_a_record_and_no_restored_data(machine: Container) -> None:
    [room] = _begin_slow_drill(machine)

    machine.run("systemctl", "kill", "--signal=KILL", "readiness-drill@orders:primary.service")

    until(lambda: not room.exists(), "its room is gone")
    until(lambda: not machine.shell("pgrep --euid readiness-proof || true"), "the proof has ended, too")
    killed = "The drill ended without a result: it was killed (SIGKILL)."
    until(lambda: _last_of_orders(machine) == ("not_tested", killed), "its record says what became of it")


def test_one_that_cannot_be_started_is_said_and_takes_no_turn_from_others(machine: Container) -> None:
    machine.run("systemctl", "stop", SERVICE)
    machine.run("systemctl", "mask", "--runtime", "readiness-drill@orders:primary.service")

    status, result = machine.readiness("drill", "orders", "mail")

    machine.run("systemctl", "unmask", "--runtime", "readiness-drill@orders:primary.service")
    machine.run("systemctl", "start", SERVICE)
    assert status == 3
    assert [one["outcome"] for one in result["drills"]] == ["not_tested", "passed"]
    outcome, message = _last_of_orders(machine)
    assert (outcome, "could not be started" in message, "is masked" in message) == ("not_tested", True, True)


def test_restored_files_of_a_killed_drill_keep_nobody_from_saving(machine: Container) -> None:
    room = f"{SCRATCH}/drill-killed"
    machine.shell(
        f"o='-o readiness-drill'; install -d -m 700 $o {room} {room}/tree; "
        f"install -d -m 700 -o bob {room}/tree/mail; echo hello >{room}/tree/mail/1; "
        f"install $o -m 600 /dev/null {room}/.readiness-scratch"
    )

    ended: list[int] = []

    def has_its_turn() -> bool:
        ended.append(machine.readiness("snapshot", "mail")[0])
        return ended[-1] != 75

    until(has_its_turn, "nobody else is at work")
    assert ended[-1] == 0
    assert machine.file(room).exists()  # a snapshot has no right to another user's files, and leaves them be
    machine.run("systemctl", "start", "readiness-clean.service")
    assert not machine.file(room).exists()


def test_after_a_power_cut_in_a_drill_nothing_restored_is_left(machine: Container) -> None:
    [room] = _begin_slow_drill(machine)

    machine.cut_power()
    assert room.exists()
    machine.boot()

    until(lambda: _is_active(machine), "the service is back")
    assert not room.exists()  # before anything else
    assert machine.readiness("ledger", "verify")[0] == 0


def test_stopped_it_leaves_no_process_no_lock_and_no_restored_data(machine: Container) -> None:
    _begin_slow_drill(machine)

    machine.run("systemctl", "stop", SERVICE, "readiness-drill@*")

    assert machine.shell("pgrep --euid readiness,readiness-drill,readiness-proof || true") == ""
    assert list(machine.file("/srv/backup/restic/locks").iterdir()) == []
    assert list(machine.file(SCRATCH).glob("drill-*")) == []
    machine.run("systemctl", "start", SERVICE)


def test_after_a_reboot_it_starts_and_makes_up_for_what_it_missed(machine: Container) -> None:
    config = machine.file(CONFIG)
    before = config.read_text()
    each_minute = '[process.mail]\nsnapshot = { cron = "* * * * *" }'
    config.write_text(before.replace("[process.mail]", each_minute))
    cursor = machine.cursor()
    machine.run("systemctl", "restart", SERVICE)
    machine.hear(SERVICE, "snapshot mail primary: done", after=cursor)
    assert _runs_of_mail(machine)
    machine.shut_down()
    time.sleep(61 - time.time() % 60)  # until the next minute has begun: it is due while the machine is off

    booted = datetime.now(UTC)
    machine.boot()

    until(lambda: _is_active(machine), "the service is back")
    machine.hear(SERVICE, "snapshot mail primary: done")
    until(
        lambda: datetime.fromisoformat(_runs_of_mail(machine)[0]["started"]) > booted, "mail was saved again"
    )
    assert datetime.fromisoformat(_runs_of_mail(machine)[0]["due"]) < booted
    config.write_text(before)
    machine.run("systemctl", "reload", SERVICE)


def _runs_of_mail(machine: Container) -> list[dict[str, Any]]:
    """The records of scheduled snapshots of mail, newest first."""
    return [run for run in _ledger(machine, "run-snapshot") if run["process"] == "mail"]


def _begin_slow_drill(machine: Container) -> list[Path]:
    """A drill of orders that stays at its proofs, beside the service; its room."""
    machine.run("systemctl", "stop", SERVICE, "readiness-drill@*")  # nobody else is to hold the repository
    machine.shell("touch /srv/orders/slow")
    status, result = machine.readiness("snapshot", "orders")
    assert status == 0, result
    machine.shell("rm /srv/orders/slow")
    machine.run("systemd-run", "--quiet", "--collect", "readiness", "drill", "orders")
    until(lambda: machine.shell("pgrep --euid readiness-proof sleep || true"), "the drill is at its proofs")
    rooms = list(machine.file(SCRATCH).glob("drill-*"))
    machine.run("systemctl", "start", SERVICE)
    return rooms


def _last_of_orders(machine: Container) -> tuple[str, str]:
    """Outcome and message of its newest drill."""
    newest = next(body for body in _ledger(machine, "drill") if body["process"] == "orders")
    return newest["outcome"], newest["findings"][0]["message"] if newest["findings"] else ""


def _ledger(machine: Container, kind: str) -> list[dict[str, Any]]:
    """The bodies of all records of a kind, newest first."""
    lines = machine.run("readiness", "ledger", "export").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    return [record["body"] for record in reversed(records) if record["kind"] == kind]
