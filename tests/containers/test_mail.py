"""Mail on a real machine with systemd: from the sandbox of the service, and by hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers.container import Container, until
from support.servers.machines import (
    NOTIFY,
    SERVICE,
    STUB,
    TIMER,
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


def test_from_the_sandbox_the_outside_watcher_hears_of_a_drill_and_that_it_passed(machine: Container) -> None:
    until(lambda: "GET /watch " in calls(machine), "it heard that all is proven")

    assert calls(machine)[:2] == ["GET /watch/start ", "GET /watch "]


@pytest.mark.parametrize("answer", ["500", "302 http://127.0.0.1:8080/in-the-clear", "hang"])
def test_an_outside_watcher_in_trouble_is_named_and_harms_nothing(
    machine: Container, boxes: Path, answer: str
) -> None:
    machine.file(f"{STUB}/answer").write_text(answer)
    machine.run("rm", "-f", "/var/lib/readiness/pinged.json", f"{STUB}/calls")

    machine.run("systemctl", "start", NOTIFY)

    assert (machine.shows(NOTIFY, "Result"), mails(boxes), calls(machine)) == (
        "success",
        [],
        ["GET /watch "],
    )
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert "ping-failing" in codes
    machine.file(f"{STUB}/answer").unlink()
    machine.run("systemctl", "start", NOTIFY)
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert ("ping-failing" in codes, mails(boxes)) == (False, [])


def test_a_fault_is_mailed_from_the_sandbox_and_so_is_that_it_is_mended_and_proven(
    machine: Container, boxes: Path
) -> None:
    machine.shell("mv /srv/orders /srv/away; readiness snapshot || true")
    machine.run("systemctl", "restart", SERVICE)  # looks at once, and not when its minute is over
    until(lambda: len(mails(boxes)) == 1, "the fault was mailed")
    machine.shell("mv /srv/away /srv/orders")
    until(lambda: machine.readiness("snapshot")[0] == 0, "it can be saved again")
    machine.run("systemctl", "restart", SERVICE)
    until(lambda: len(mails(boxes)) == 2, "its end was mailed")

    opened, fixed = mails(boxes)
    assert subjects(boxes)[0].startswith("AT RISK - the newest backup of orders did not work")
    assert subjects(boxes)[1].startswith("FIXED - orders restored and proven")
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

    assert len([s for s in subjects(boxes, "owner") if s.startswith("TEST")]) == 2
    assert (len(mails(boxes, "owner")), len(mails(boxes))) == (3, 3)
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
    assert mails(boxes) == []


def test_after_a_reboot_it_runs_again_and_nobody_is_bothered(machine: Container, boxes: Path) -> None:
    machine.shut_down()
    machine.boot()

    until(lambda: machine.shows(SERVICE, "ActiveState") == "active", "the service is back")
    machine.run("systemctl", "start", NOTIFY)
    assert machine.shows(TIMER, "ActiveState") == "active"
    assert machine.shows(TIMER, "NextElapseUSecMonotonic") != ""
    codes = [reason["code"] for reason in machine.readiness("status")[1]["reasons"]]
    assert [code for code in codes if code.startswith("agent")] == []
    assert (mails(boxes), mails(boxes, "owner")) == ([], [])
