"""Mail on a real machine with systemd: from the service's sandbox, by hand, and when the service is dead."""

import email
import json
import shutil
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from support.places import DOUBLES
from support.servers.certificates import Issuer
from support.servers.container import Container, until

pytestmark = pytest.mark.timeout(600)
SERVICE, NOTIFY, TIMER = "readiness.service", "readiness-notify.service", "readiness-notify.timer"
CONFIG = "/etc/readiness/readiness.toml"
STUB = "/srv/stub"
SETUP = f"""
unit() {{
    printf '[Service]\\nExecStart=python3 %s\\n[Install]\\nWantedBy=multi-user.target\\n' "$2" \\
        >/etc/systemd/system/$1.service
    systemctl enable --now $1
}}
unit mail-stub '{STUB}/mail_stub.py {STUB} 25 587'
unit web-stub '{STUB}/web_stub.py {STUB} 8080 8443'
cp {STUB}/test-authority.pem /usr/local/share/ca-certificates/test.crt && update-ca-certificates
mkdir -p /srv/orders /srv/backup; chown readiness: /srv/backup; echo 1 >/srv/orders/1
readiness init --repository /srv/backup/restic /srv/orders
install -m 644 {STUB}/test-authority.pem /etc/readiness/mail.pem
install -m 600 /dev/stdin /etc/readiness/credentials/smtp <<<"correct horse"
"""
MAIL = """
snapshot = { every = "1m" }
[alarm]
quiet = ""
ping = "https://127.0.0.1:8443/watch"
webhook = "https://127.0.0.1:8443/hook"
[mail]
from = "readiness@shop.example"
owner = ["owner@shop.example"]
admin = ["admin@shop.example"]
server = "127.0.0.1"
"""
GUARDED = """user = "readiness"
password_file = "credential:smtp"
ca_file = "/etc/readiness/mail.pem"
"""
STOPPED_LONG_AGO = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.runs import AgentRecord
with open_ledger(Path("/var/lib/readiness/ledger.db")) as ledger:
    ledger.append(AgentRecord(event="stopped", version="x"), datetime.now(UTC) - timedelta(hours=2))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a business, a mail server and readiness, whose service runs."""
    container = Container(tmp_path_factory.mktemp("mail"))
    try:
        stub = container.file(STUB)
        stub.mkdir()
        for name in ("mail_stub.py", "web_stub.py"):
            shutil.copy2(DOUBLES / name, stub)
        Issuer(stub).issue(stub)
        container.boot()
        container.install()
        container.shell(SETUP)
        config = container.file(CONFIG)
        before = config.read_text()
        config.write_text(before + MAIL + GUARDED)
        plain = before + MAIL + 'security = "none"\n'
        container.file("/etc/readiness/plain.toml").write_text(plain)
        container.install()
        until(lambda: _proven(container), "orders were saved and proven")
        yield container
    finally:
        container.take_down()


@pytest.fixture
def boxes(machine: Container) -> Iterator[Path]:
    """Everybody's mailbox, empty at first; the service runs again afterwards."""
    found = machine.file(f"{STUB}/mail")
    shutil.rmtree(found, ignore_errors=True)
    yield found
    for name in ("slow", "answer"):
        machine.file(f"{STUB}/{name}").unlink(missing_ok=True)
    machine.run("systemctl", "start", SERVICE)


def _proven(machine: Container) -> object:
    return machine.readiness("status")[1]["processes"][0]["last_proven_at"]


def _mails(boxes: Path, person: str = "admin") -> list[Message]:
    files = sorted((boxes / person).glob("[0-9]*"))
    return [email.message_from_bytes(file.read_bytes()) for file in files]


def _subjects(boxes: Path, person: str = "admin") -> list[str]:
    return [" ".join(str(mail["Subject"]).split()) for mail in _mails(boxes, person)]


def _calls(machine: Container) -> list[str]:
    """What the outside watcher and the webhook heard."""
    calls = machine.file(f"{STUB}/calls")
    return calls.read_text().splitlines() if calls.exists() else []


def test_from_the_sandbox_the_outside_watcher_hears_of_a_drill_and_that_it_passed(machine: Container) -> None:
    until(lambda: "GET /watch " in _calls(machine), "it heard that all is proven")

    assert _calls(machine)[:2] == ["GET /watch/start ", "GET /watch "]


@pytest.mark.parametrize("answer", ["500", "302 http://127.0.0.1:8080/in-the-clear", "hang"])
def test_an_outside_watcher_in_trouble_is_named_and_harms_nothing(
    machine: Container, boxes: Path, answer: str
) -> None:
    machine.file(f"{STUB}/answer").write_text(answer)
    machine.run("rm", "-f", "/var/lib/readiness/pinged.json", f"{STUB}/calls")

    machine.run("systemctl", "start", NOTIFY)

    assert (machine.shows(NOTIFY, "Result"), _mails(boxes), _calls(machine)) == (
        "success",
        [],
        ["GET /watch "],
    )
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert "ping-failing" in codes
    machine.file(f"{STUB}/answer").unlink()
    machine.run("systemctl", "start", NOTIFY)
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert ("ping-failing" in codes, _mails(boxes)) == (False, [])


def test_a_fault_is_mailed_from_the_sandbox_and_so_is_that_it_is_mended_and_proven(
    machine: Container, boxes: Path
) -> None:
    machine.shell("mv /srv/orders /srv/away; readiness snapshot || true")
    until(lambda: len(_mails(boxes)) == 1, "the fault was mailed")
    machine.shell("mv /srv/away /srv/orders")
    until(lambda: machine.readiness("snapshot")[0] == 0, "it can be saved again")
    until(lambda: len(_mails(boxes)) == 2, "its end was mailed")

    opened, fixed = _mails(boxes)
    assert _subjects(boxes)[0].startswith("AT RISK - the newest backup of orders did not work")
    assert _subjects(boxes)[1].startswith("FIXED - orders restored and proven")
    assert fixed["References"] == opened["Message-ID"]


def test_by_hand_root_mails_beside_the_service_and_leaves_nothing_that_is_roots(
    machine: Container, boxes: Path
) -> None:
    days = "--from 2026-01-01 --to $(date +%F)"
    machine.shell(
        "readiness notify & readiness report --send --for owner & readiness report --send & "
        f"readiness report --for auditor {days} --output /root/bundle.zip & wait; "
        "readiness mail test; readiness --config /etc/readiness/plain.toml mail test"
    )

    assert len([s for s in _subjects(boxes, "owner") if s.startswith("TEST")]) == 2
    assert (len(_mails(boxes, "owner")), len(_mails(boxes))) == (3, 3)
    assert machine.file("/root/bundle.zip").stat().st_uid == 0
    assert machine.shell("find /var/lib/readiness ! -user readiness") == ""


def test_who_acknowledged_is_noted_as_the_person_behind_sudo(machine: Container, boxes: Path) -> None:
    name = machine.readiness("notify")[1]["incidents"][0]["name"]

    machine.run("env", "SUDO_USER=anna", "readiness", "ack", name)

    newest = [json.loads(line) for line in machine.shell("readiness ledger export").splitlines()]
    seen = [record["body"] for record in newest if record["kind"] == "acknowledgement"]
    assert [(one["name"], one["by"]) for one in seen] == [(name, "anna")]
    assert machine.shell("find /var/lib/readiness ! -user readiness") == ""


def test_the_hourly_round_waits_for_its_time_and_tells_nothing_twice(machine: Container, boxes: Path) -> None:
    assert machine.shows(TIMER, "ActiveState") == "active"
    assert machine.shows(TIMER, "UnitFileState") == "enabled"

    machine.run("systemctl", "start", NOTIFY)

    assert machine.shows(NOTIFY, "Result") == "success"
    assert _mails(boxes) == []


def test_after_a_reboot_it_runs_again_and_nobody_is_bothered(machine: Container, boxes: Path) -> None:
    machine.shut_down()
    machine.boot()

    until(lambda: machine.shows(SERVICE, "ActiveState") == "active", "the service is back")
    machine.run("systemctl", "start", NOTIFY)
    assert machine.shows(TIMER, "ActiveState") == "active"
    assert machine.shows(TIMER, "NextElapseUSecMonotonic") != ""
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert [code for code in codes if code.startswith("agent")] == []
    assert (_mails(boxes), _mails(boxes, "owner")) == ([], [])


def test_a_service_that_somebody_stopped_is_mailed_once_and_so_is_that_it_runs_again(
    machine: Container, boxes: Path
) -> None:
    machine.run("systemctl", "stop", SERVICE)
    runs = "runuser -u readiness -- /opt/readiness/current/bin/python -"
    machine.shell(f"cd / && {runs} <<'END'\n{STOPPED_LONG_AGO}END")
    for _ in range(2):
        machine.run("systemctl", "start", NOTIFY)
    assert len(_mails(boxes)) == 1

    machine.run("systemctl", "start", SERVICE)
    until(lambda: len(_mails(boxes)) == 2, "its end was mailed")
    assert _subjects(boxes)[0].startswith("AT RISK - the server has stopped testing itself")
    assert _subjects(boxes)[1].startswith("FIXED")


def test_killed_while_it_sends_the_mail_comes_at_most_twice_and_the_second_is_marked(
    machine: Container, boxes: Path
) -> None:
    slow = machine.file(f"{STUB}/slow")
    slow.touch()
    machine.run("systemd-run", "--unit=sending", "readiness", "report", "--send")
    until(lambda: ":587" in machine.shell("ss -Htn state established"), "it is being sent")
    until(lambda: _is_begun(machine), "its text was handed over")
    machine.run("systemctl", "kill", "--signal=KILL", "sending")
    machine.run("systemctl", "kill", "--signal=KILL", SERVICE)
    slow.unlink()

    until(lambda: machine.run("systemctl", "start", NOTIFY) and len(_mails(boxes)) == 2, "it came once more")
    machine.run("systemctl", "start", NOTIFY)
    first, second = _mails(boxes)
    assert first["Message-ID"] == second["Message-ID"]
    assert (first["X-Readiness-Duplicate"], second["X-Readiness-Duplicate"]) == (None, "possible")


def _is_begun(machine: Container) -> bool:
    newest = json.loads(machine.shell("readiness ledger export").splitlines()[-1])
    return newest["kind"] == "delivery" and newest["body"]["event"] == "begun"


def test_a_ledger_that_keeps_the_service_from_starting_is_mailed_once(
    machine: Container, boxes: Path
) -> None:
    machine.run("systemctl", "stop", SERVICE)
    machine.shell("cd /var/lib/readiness && cp ledger.db /root/ && head -c 9000 /dev/zero >ledger.db")
    try:
        machine.run("systemctl", "start", SERVICE, check=False)
        until(lambda: _mails(boxes), "somebody was told")
        machine.run("systemctl", "start", NOTIFY)
        assert _subjects(boxes) == ["UNKNOWN - the record of all backups cannot be used"]
        assert [call.split(" ")[1] for call in _calls(machine)].count("/hook") == 1
        assert any(call.startswith("POST /watch/fail UNKNOWN - the record") for call in _calls(machine))
        assert machine.shell("find /var/lib/readiness /run/readiness ! -user readiness") == ""
    finally:
        machine.run("systemctl", "stop", SERVICE)
        machine.shell("cd /var/lib/readiness && cat /root/ledger.db >ledger.db && rm -f ledger.db-*")


def test_a_config_that_keeps_the_service_from_starting_is_mailed_once(
    machine: Container, boxes: Path
) -> None:
    machine.run("systemctl", "start", NOTIFY)
    machine.shell(f"cp {CONFIG} /root/ && echo '[mail' >>{CONFIG} && touch -d '1 hour ago' {CONFIG}")
    try:
        machine.run("systemctl", "restart", SERVICE, check=False)
        until(lambda: _mails(boxes), "somebody was told")
        machine.run("systemctl", "start", NOTIFY, check=False)
        assert _subjects(boxes) == ["UNKNOWN - the config cannot be used, so nothing is saved"]
        assert machine.shell("find /var/lib/readiness /run/readiness ! -user readiness") == ""
    finally:
        machine.shell(f"cp /root/readiness.toml {CONFIG}; systemctl reset-failed")
