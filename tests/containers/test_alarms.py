"""Mail on a real machine with systemd when the service is dead, or dies while it sends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.container import Container, until
from support.servers.machines import (
    CONFIG,
    NOTIFY,
    SERVICE,
    STUB,
    calls,
    mail_machine,
    mails,
    subjects,
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a business that is proven, and mail; the service runs."""
    with mail_machine(tmp_path_factory) as container:
        yield container


STOPPED_LONG_AGO = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.runs import AgentRecord
with open_ledger(Path("/var/lib/readiness/ledger.db")) as ledger:
    ledger.append(AgentRecord(event="stopped", version="x"), datetime.now(UTC) - timedelta(hours=2))
"""


def test_a_service_that_somebody_stopped_is_mailed_once_and_so_is_that_it_runs_again(
    machine: Container, boxes: Path
) -> None:
    machine.run("systemctl", "stop", SERVICE)
    runs = "runuser -u readiness -- /opt/readiness/current/bin/python -"
    machine.shell(f"cd / && {runs} <<'END'\n{STOPPED_LONG_AGO}END")
    for _ in range(2):
        machine.run("systemctl", "start", NOTIFY)
    assert len(mails(boxes)) == 1

    machine.run("systemctl", "start", SERVICE)
    until(lambda: len(mails(boxes)) == 2, "its end was mailed")
    assert subjects(boxes)[0].startswith("AT RISK - the server has stopped testing itself")
    assert subjects(boxes)[1].startswith("FIXED")


@pytest.fixture
def impatient(machine: Container) -> Iterator[None]:
    """What could not be sent is tried again after two seconds instead of a minute."""
    [outbox] = machine.file("/opt/readiness/releases").glob(
        "*/lib/*/site-packages/agent/core/telling/outbox.py"
    )
    before = outbox.read_text()
    usual = "FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1)"
    assert usual in before
    outbox.write_text(before.replace(usual, "FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2.0)"))
    yield
    outbox.write_text(before)


@pytest.mark.usefixtures("impatient")
def test_killed_while_it_sends_the_mail_comes_at_most_twice_and_the_second_is_marked(
    machine: Container, boxes: Path
) -> None:
    slow, handed_over = machine.file(f"{STUB}/slow"), machine.file(f"{STUB}/handed-over")
    handed_over.unlink(missing_ok=True)
    slow.touch()
    machine.run("systemd-run", "--unit=sending", "readiness", "report", "--send")
    until(handed_over.exists, "its text was handed over")
    assert ":587" in machine.shell("ss -Htn state established")
    assert _is_begun(machine)
    machine.run("systemctl", "kill", "--signal=KILL", "sending")
    machine.run("systemctl", "kill", "--signal=KILL", SERVICE)
    slow.unlink()

    until(lambda: machine.run("systemctl", "start", NOTIFY) and len(mails(boxes)) == 2, "it came once more")
    machine.run("systemctl", "start", NOTIFY)
    first, second = mails(boxes)
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
        until(lambda: mails(boxes), "somebody was told")
        machine.run("systemctl", "start", NOTIFY)
        assert subjects(boxes) == ["UNKNOWN - the record of all backups cannot be used"]
        assert [call.split(" ")[1] for call in calls(machine)].count("/hook") == 1
        assert any(call.startswith("POST /watch/fail UNKNOWN - the record") for call in calls(machine))
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
        until(lambda: mails(boxes), "somebody was told")
        machine.run("systemctl", "start", NOTIFY, check=False)
        assert subjects(boxes) == ["UNKNOWN - the config cannot be used, so nothing is saved"]
        assert machine.shell("find /var/lib/readiness /run/readiness ! -user readiness") == ""
    finally:
        machine.shell(f"cp /root/readiness.toml {CONFIG}; systemctl reset-failed")
