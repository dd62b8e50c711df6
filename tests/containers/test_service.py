"""The service on a real machine with systemd: it starts, speaks, is watched, comes back, and drills."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.core.verdict.reasons_agent import BOOTING
from support.servers.container import Container, until

pytestmark = pytest.mark.timeout(600)
SERVICE, NOTIFY = "readiness.service", "readiness-notify.service"
SECRET = "/etc/readiness/credentials/primary"
DRILL_DROP_IN = "/etc/systemd/system/readiness-drill@.service.d"
DROP_IN = f"/etc/systemd/system/{SERVICE}.d/test.conf"

BUSINESS = """
mkdir -p /srv/orders/uploads /home/anna/mail /srv/backup
useradd --create-home bob
for number in 1 2 3 4; do echo "order $number" >/srv/orders/$number; done
chown bob /srv/orders/1; chmod 600 /srv/orders/2; chmod 4755 /srv/orders/3; chown bob:bob /srv/orders/uploads
chmod 2770 /srv/orders/uploads; mknod /srv/orders/null c 1 3
sqlite3 /srv/orders/orders.db 'CREATE TABLE orders (number); INSERT INTO orders VALUES (1)'
chown bob:bob /srv/orders/orders.db; chmod 600 /srv/orders/orders.db
echo hello >/home/anna/mail/1; chmod 700 /home/anna
readiness init --repository /srv/backup/restic /srv/orders /home/anna/mail
"""
PROOF = """
[[process.orders.proof]]
name = "the order database is sound"
command = ["sqlite3", "srv/orders/orders.db", "PRAGMA integrity_check"]
expect = "ok"
[[process.orders.proof]]
name = "waits when there is a file /srv/orders/slow"
command = ["sh", "-c", "[ ! -e /srv/orders/slow ] || sleep 240; id -un; grep CapEff /proc/self/status"]
"""
CONFIG = "/etc/readiness/readiness.toml"
HIDING = (
    "ProtectHome=yes",
    "ProtectHome=tmpfs",
    "InaccessiblePaths=/home/anna/mail",
    "TemporaryFileSystem=/home/anna",
    "BindPaths=/srv/orders:/home/anna/mail",
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a small business and readiness installed; the service runs."""
    container = Container(tmp_path_factory.mktemp("machine"))
    try:
        container.boot()
        container.install()
        container.shell(BUSINESS)
        config = container.file(CONFIG)
        config.write_text(config.read_text() + PROOF)
        container.install()
        yield container
    finally:
        container.take_down()


@pytest.fixture
def drop_in(machine: Container) -> Iterator[Any]:
    """Changes the service's unit for one test: `drop_in("RestartSec=1s")`."""

    def write(*lines: str) -> None:
        file = machine.file(DROP_IN)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["[Service]", *lines, ""]))
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", SERVICE, check=False)

    yield write
    machine.file(DROP_IN).unlink(missing_ok=True)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SERVICE)


def _restarts(machine: Container) -> int:
    return int(machine.shows(SERVICE, "NRestarts"))


def _is_active(machine: Container) -> bool:
    return machine.shows(SERVICE, "ActiveState") == "active"


def _process(machine: Container, name: str) -> dict[str, Any]:
    processes = machine.readiness("status")[1]["processes"]
    return next(process for process in processes if process["process"] == name)


def test_the_service_says_when_it_is_ready(machine: Container) -> None:
    assert machine.shows(SERVICE, "Type") == "notify"
    assert _is_active(machine)
    assert "orders" in machine.shows(SERVICE, "StatusText")


def test_it_is_its_own_user_with_one_right_and_no_way_to_more(machine: Container) -> None:
    status = machine.shell(f"cat /proc/{machine.shows(SERVICE, 'MainPID')}/status")
    facts = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)

    user = machine.shell("id -u readiness").strip()
    assert facts["Uid"].split() == [user] * 4
    assert {facts[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0000000000000004"}
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")


def test_the_schedule_fires_by_itself(machine: Container) -> None:
    until(lambda: _process(machine, "mail")["last_proven_at"], "mail was saved and proven")
    until(lambda: _process(machine, "orders")["last_proven_at"], "orders were saved and proven")

    assert all(finding["severity"] != "error" for finding in _process(machine, "orders")["findings"])


def test_a_drill_of_the_service_brings_back_owners_modes_and_device_nodes(machine: Container) -> None:
    until(lambda: _process(machine, "orders")["last_proven_at"], "orders were saved and proven")
    drill = next(record for record in _ledger(machine, "drill") if record["process"] == "orders")

    assert (drill["outcome"], drill["findings"]) == ("passed", [])
    assert drill["files"]["verified"] == drill["files"]["expected"] >= 8


def test_its_proofs_ran_behind_every_wall(machine: Container) -> None:
    until(lambda: _process(machine, "orders")["last_proven_at"], "orders were saved and proven")
    drill = next(record for record in _ledger(machine, "drill") if record["process"] == "orders")

    assert drill["proofs"][1]["output"].split() == ["readiness-proof", "CapEff:\\x090000000000000000"]
    assert [wall for wall in drill["isolation"] if wall.startswith("without")] == []
    assert {"user", "no-network", "hidden-files", "restored-at-live-paths"} <= set(drill["isolation"])


def test_by_hand_root_leaves_nothing_in_the_state_that_is_not_the_services(machine: Container) -> None:
    until(lambda: machine.readiness("snapshot", "mail")[0] == 0, "a snapshot by hand is good")
    until(lambda: machine.readiness("drill", "mail")[0] == 0, "a drill by hand is good")

    assert machine.shell("find /var/lib/readiness /srv/backup/restic ! -user readiness") == ""


def test_the_service_may_ask_systemd_for_drills_and_proofs_only(machine: Container) -> None:
    asked = "runuser -u readiness -- systemctl --no-ask-password"

    for what in (
        "stop cron.service",
        "start 'readiness-drill@../../x:primary.service'",
        "start readiness-proof@etc.service",
        "restart readiness.service",
        "daemon-reload",
    ):
        said = machine.run("sh", "-c", f"{asked} {what}", check=False).stderr
        assert re.search("denied|required", said), (what, said)
    run = "runuser -u readiness -- systemd-run --no-ask-password --wait id"
    assert machine.run("sh", "-c", run, check=False).returncode != 0


def test_killed_with_sigkill_it_is_back_and_says_so(machine: Container, drop_in: Any) -> None:
    drop_in("RestartSec=1s")
    machine.run("rm", "-rf", "/run/readiness-failed")

    machine.run("kill", "-KILL", machine.shows(SERVICE, "MainPID"))

    until(lambda: _restarts(machine) == 1 and _is_active(machine), "the service is back")
    until(lambda: machine.says(f"readiness-failed@{SERVICE}.service", "HAS FAILED"), "the alarm was given")
    spoken = [
        e for e in machine.journal(f"readiness-failed@{SERVICE}.service") if "HAS FAILED" in e["MESSAGE"]
    ]
    assert spoken[-1]["PRIORITY"] == "0"
    assert f"journalctl -u {SERVICE}" in spoken[-1]["MESSAGE"]


def test_one_that_dies_again_and_again_is_told_of_and_its_status_says_so(
    machine: Container, drop_in: Any
) -> None:
    drop_in("RestartSec=1s")

    for number in range(1, 4):
        machine.run("kill", "-KILL", machine.shows(SERVICE, "MainPID"))
        until(lambda: _restarts(machine) == number and _is_active(machine), "the service is back")  # noqa: B023

    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert "agent-dying" in codes
    assert "agent-silent" not in codes
    until(lambda: machine.says(NOTIFY, "Nobody was told anything: there is no [mail]"), "notify ran")
    strangers = machine.shell("find /var/lib/readiness ! -user readiness -print")
    assert strangers.strip() == ""


def test_a_service_that_hangs_unwatched_is_unknown(machine: Container, drop_in: Any) -> None:
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


def test_a_hanging_loop_is_ended_by_the_watchdog_and_comes_back(machine: Container, drop_in: Any) -> None:
    drop_in("RestartSec=1s", "WatchdogSec=3s")

    machine.run("kill", "-STOP", machine.shows(SERVICE, "MainPID"))

    until(lambda: machine.says(SERVICE, "Watchdog timeout"), "the watchdog noticed")
    until(lambda: _restarts(machine) == 1 and _is_active(machine), "the service is back")


def test_fed_by_the_loop_the_watchdog_lets_it_live(machine: Container, drop_in: Any) -> None:
    drop_in("WatchdogSec=3s")
    machine.run("sleep", "8")

    assert (_is_active(machine), _restarts(machine)) == (True, 0)


@pytest.mark.parametrize("hide", HIDING)
def test_a_sandbox_that_hides_data_is_refused_by_name(machine: Container, drop_in: Any, hide: str) -> None:
    drop_in(hide, "ExecStart=", "ExecStart=/bin/sleep infinity", "Type=exec")

    inside = f"nsenter --target {machine.shows(SERVICE, 'MainPID')} --mount -- "
    inside += "setpriv --reuid readiness --regid readiness --clear-groups --inh-caps +dac_read_search "
    inside += "--ambient-caps +dac_read_search env READINESS_VIEW=/run/readiness/view.json "
    done = machine.run("sh", "-c", f"{inside} readiness --json snapshot mail", check=False)

    row = json.loads(done.stdout)["result"]["snapshots"][0]  # the service is not at work: it only sleeps
    assert (done.returncode, [found["code"] for found in row["findings"]]) == (1, ["view-differs"])


def test_the_unit_as_it_is_hides_nothing(machine: Container) -> None:
    inside = f"nsenter --target {machine.shows(SERVICE, 'MainPID')} --mount -- "
    done = machine.run("sh", "-c", f"{inside} env READINESS_VIEW=/run/readiness/view.json readiness view")

    assert "sandbox" not in done.stdout


@pytest.fixture
def credential(machine: Container) -> Iterator[Path]:
    """The password is a credential of the service, and no file that the config names."""
    config, password = machine.file(CONFIG), machine.file("/etc/readiness/primary.password")
    before = config.read_text()
    secret = machine.file(SECRET)
    secret.write_text(password.read_text())
    config.write_text(before.replace("/etc/readiness/primary.password", "credential:primary"))
    yield secret
    config.write_text(before)
    secret.unlink(missing_ok=True)


def test_a_credential_opens_the_repository_for_the_service_its_drills_and_by_hand(
    machine: Container, credential: Path, drop_in: Any
) -> None:
    drop_in("RestartSec=1s")
    unit = "readiness-drill@mail:primary.service"

    until(lambda: machine.readiness("snapshot", "mail")[0] == 0, "a snapshot by hand is good")
    until(lambda: machine.run("systemctl", "start", unit, check=False).returncode == 0, "a drill is good")


def test_an_encrypted_credential_opens_it_for_the_service_and_its_drills(
    machine: Container, credential: Path, drop_in: Any
) -> None:
    unit = "readiness-drill@mail:primary.service"
    sealed = "/etc/readiness/primary.cred"
    machine.run("systemd-creds", "encrypt", "--name=readiness_primary", SECRET, sealed)
    credential.unlink()
    line = f"LoadCredentialEncrypted=readiness_primary:{sealed}"
    machine.shell(f"mkdir -p {DRILL_DROP_IN} && printf '[Service]\n{line}\n' >{DRILL_DROP_IN}/sealed.conf")
    config = machine.file(CONFIG)
    often = '[process.mail]\nsnapshot = { every = "1m" }'
    config.write_text(config.read_text().replace("[process.mail]", often))
    before = _process(machine, "mail")["last_snapshot_at"]
    drop_in(line)

    until(lambda: _process(machine, "mail")["last_snapshot_at"] != before, "the service saved mail")
    until(lambda: machine.run("systemctl", "start", unit, check=False).returncode == 0, "a drill is good")
    machine.shell(f"rm -r {DRILL_DROP_IN} {sealed}")


def test_without_its_credential_it_says_clearly_what_is_missing(
    machine: Container, credential: Path, drop_in: Any
) -> None:
    credential.unlink()
    drop_in("RestartSec=1s")

    said = [str(entry["MESSAGE"]) for entry in machine.journal(SERVICE)]
    assert any("/readiness_primary is not there" in line for line in said)
    assert any("Put the credential into /etc/readiness/credentials/primary" in line for line in said)


def test_a_killed_drill_leaves_no_restored_data(machine: Container) -> None:
    [room] = _begin_slow_drill(machine)

    machine.run("systemctl", "kill", "--signal=KILL", "readiness-drill@orders:primary.service")

    until(lambda: not room.exists(), "its room is gone")
    until(lambda: not machine.shell("pgrep --euid readiness-proof || true"), "the proof has ended, too")


def test_restored_files_of_a_killed_drill_keep_nobody_from_saving(machine: Container) -> None:
    room = "/var/lib/readiness/scratch/drill-killed"
    machine.shell(
        f"install -d -m 700 -o readiness {room} {room}/tree && install -d -m 700 -o bob {room}/tree/mail; "
        f"echo hello >{room}/tree/mail/1 && install -o readiness -m 600 /dev/null {room}/.readiness-scratch"
    )

    until(lambda: machine.readiness("snapshot", "mail")[0] != 75, "nobody else is at work")
    assert machine.readiness("snapshot", "mail")[0] == 0
    assert machine.file(room).exists()  # a snapshot has no right to another user's files, and leaves them be
    assert machine.run("readiness", "agent", "--clean-up").returncode == 0
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

    assert machine.shell("pgrep --euid readiness,readiness-proof || true") == ""
    assert list(machine.file("/srv/backup/restic/locks").iterdir()) == []
    assert list(machine.file("/var/lib/readiness/scratch").glob("drill-*")) == []
    machine.run("systemctl", "start", SERVICE)


def test_after_a_reboot_it_starts_and_makes_up_for_what_it_missed(machine: Container) -> None:
    config = machine.file(CONFIG)
    before = config.read_text()
    config.write_text(before.replace("[process.mail]", '[process.mail]\nsnapshot = { every = "1m" }'))
    machine.run("systemctl", "restart", SERVICE)
    until(lambda: _runs_of_mail(machine), "mail was saved")
    machine.shut_down()
    time.sleep(60)  # it is due once while the machine is off

    booted = datetime.now(UTC)
    machine.boot()

    until(lambda: _is_active(machine), "the service is back")
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
    machine.run("systemctl", "start", "--no-block", "readiness-drill@orders:primary.service")
    until(lambda: machine.shell("pgrep --euid readiness-proof sleep || true"), "the drill is at its proofs")
    rooms = list(machine.file("/var/lib/readiness/scratch").glob("drill-*"))
    machine.run("systemctl", "start", SERVICE)
    return rooms


def _ledger(machine: Container, kind: str) -> list[dict[str, Any]]:
    """The bodies of all records of a kind, newest first."""
    lines = machine.run("readiness", "ledger", "export").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    return [record["body"] for record in reversed(records) if record["kind"] == kind]
