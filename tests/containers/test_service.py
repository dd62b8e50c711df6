"""The service on a real machine with systemd: it starts, speaks, keeps to its walls, and drills."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.servers.container import Container, until
from support.servers.machines import CONFIG, SERVICE, business_machine, proven

pytestmark = pytest.mark.timeout(600)
SECRET = "/etc/readiness/credentials/primary"
DRILL_DROP_IN = "/etc/systemd/system/readiness-drill@.service.d"
NEW_PROCESS = """
[process.letters]
paths = ["/home/anna/mail"]
rpo = "24h"
"""
HIDING = (
    "ProtectHome=yes",
    "ProtectHome=tmpfs",
    "InaccessiblePaths=/home/anna/mail",
    "TemporaryFileSystem=/home/anna",
    "BindPaths=/srv/orders:/home/anna/mail",
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a small business, whose service runs."""
    with business_machine(tmp_path_factory) as container:
        yield container


def _process(machine: Container, name: str) -> dict[str, Any]:
    processes = machine.readiness("status")[1]["processes"]
    return next(process for process in processes if process["process"] == name)


def test_the_service_says_when_it_is_ready(machine: Container) -> None:
    assert machine.shows(SERVICE, "Type") == "notify"
    assert machine.shows(SERVICE, "ActiveState") == "active"
    assert "orders" in machine.shows(SERVICE, "StatusText")


def test_it_is_its_own_user_with_one_right_and_no_way_to_more(machine: Container) -> None:
    status = machine.shell(f"cat /proc/{machine.shows(SERVICE, 'MainPID')}/status")
    facts = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)

    user = machine.shell("id -u readiness").strip()
    assert facts["Uid"].split() == [user] * 4
    assert {facts[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0000000000000004"}
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")


def test_the_schedule_fires_by_itself(machine: Container) -> None:
    for name in ("mail", "orders"):
        machine.hear(SERVICE, f"drill {name} primary: done")
        until(lambda name=name: proven(machine, name), f"{name} was proven")

    orders = _process(machine, "orders")
    assert all(finding["severity"] != "error" for finding in orders["findings"])
    assert [copy["place"] for copy in orders["copies"]] == ["same-disk"]  # seen from within its walls


def test_within_its_walls_it_can_tell_its_own_address_from_others(machine: Container) -> None:
    """Without the rights to ask the kernel for its addresses, or to see devices."""
    script = "from agent.adapters.host.places import find_place as f; "
    script += (
        "print(*(f(f'rest:http://{host}/', (), ['/srv']).place for host in ('127.0.1.1', '198.51.100.7')))"
    )
    walls = ("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "PrivateDevices=yes", "User=readiness")
    words = " ".join(f"-p '{wall}'" for wall in walls)
    command = f'systemd-run --quiet --wait --pipe {words} /opt/readiness/current/bin/python -c "{script}"'
    assert machine.shell(command).split() == ["same-machine", "elsewhere"]


def test_a_drill_of_the_service_brings_back_owners_modes_and_device_nodes(machine: Container) -> None:
    until(lambda: proven(machine, "orders"), "orders were saved and proven")
    drill = next(record for record in _ledger(machine, "drill") if record["process"] == "orders")

    assert (drill["outcome"], drill["findings"]) == ("passed", [])
    assert drill["files"]["verified"] == drill["files"]["expected"] >= 8


def test_its_proofs_ran_behind_every_wall(machine: Container) -> None:
    until(lambda: proven(machine, "orders"), "orders were saved and proven")
    drill = next(record for record in _ledger(machine, "drill") if record["process"] == "orders")

    assert drill["proofs"][1]["output"].split() == ["readiness-proof", "CapEff:\\x090000000000000000"]
    assert [wall for wall in drill["isolation"] if wall.startswith("without")] == []
    assert {"user", "no-network", "hidden-files", "restored-at-live-paths"} <= set(drill["isolation"])


def test_by_hand_root_leaves_nothing_in_the_state_that_is_not_the_services(machine: Container) -> None:
    until(lambda: machine.readiness("snapshot", "mail")[0] == 0, "a snapshot by hand is good")
    until(lambda: machine.readiness("drill", "mail")[0] == 0, "a drill by hand is good")

    assert machine.shell("find /var/lib/readiness /srv/backup/restic ! -user readiness") == ""
    assert machine.shell("find /var/lib/readiness-drill/work ! -user readiness-drill") == ""


def test_the_service_may_ask_systemd_for_drills_and_proofs_only(machine: Container) -> None:
    asked = "runuser -u readiness -- systemctl --no-ask-password"

    for what in (
        "stop cron.service",
        "start 'readiness-drill@../../x:primary.service'",
        "start readiness-proof@var-lib-readiness\\x2ddrill-scratch-drill\\x2da-tree.service",
        "start readiness-proof@etc.service",
        "restart readiness.service",
        "daemon-reload",
    ):
        said = machine.run("sh", "-c", f"{asked} {what}", check=False).stderr
        assert re.search("denied|required", said), (what, said)
    run = "runuser -u readiness -- systemd-run --no-ask-password --wait id"
    assert machine.run("sh", "-c", run, check=False).returncode != 0


def test_who_has_the_ledger_cannot_change_what_a_drill_restores(machine: Container) -> None:
    tree = "/var/lib/readiness-drill/work/scratch"
    until(lambda: machine.file(tree).is_dir(), "there was a drill")
    for wish in (
        f"touch {tree}/x",
        f"mv {tree} {tree}-mine",
        f"ln -s /etc {tree}/drill-x",
        f"chmod 777 {tree}",
    ):
        for rights in ("", "--inh-caps +dac_read_search --ambient-caps +dac_read_search"):
            command = f"setpriv --reuid readiness --regid readiness --clear-groups {rights} -- sh -c '{wish}'"
            assert machine.run("sh", "-c", command, check=False).returncode != 0, (wish, rights)


@pytest.mark.parametrize("hide", HIDING)
def test_a_sandbox_that_hides_data_is_refused_by_name(
    machine: Container, drop_in: Callable[..., None], hide: str
) -> None:
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
    machine: Container, credential: Path, drop_in: Callable[..., None]
) -> None:
    drop_in("RestartSec=1s")

    until(lambda: machine.readiness("snapshot", "mail")[0] == 0, "a snapshot by hand is good")
    until(lambda: machine.readiness("drill", "mail")[0] == 0, "a drill by hand is good")


def test_an_encrypted_credential_opens_it_for_the_service_and_its_drills(
    machine: Container, credential: Path, drop_in: Callable[..., None]
) -> None:
    sealed = "/etc/readiness/primary.cred"
    machine.run("systemd-creds", "encrypt", "--name=readiness_primary", SECRET, sealed)
    credential.unlink()
    line = f"LoadCredentialEncrypted=readiness_primary:{sealed}"
    machine.shell(f"mkdir -p {DRILL_DROP_IN} && printf '[Service]\n{line}\n' >{DRILL_DROP_IN}/sealed.conf")
    config = machine.file(CONFIG)
    config.write_text(config.read_text() + NEW_PROCESS)  # which is due at once
    cursor = machine.cursor()
    drop_in(line)

    machine.hear(SERVICE, "snapshot letters primary: done", after=cursor)
    assert _process(machine, "letters")["last_snapshot_at"]
    until(lambda: machine.readiness("drill", "mail")[0] == 0, "a drill is good")
    machine.shell(f"rm -r {DRILL_DROP_IN} {sealed}")


def test_without_its_credential_it_says_clearly_what_is_missing(
    machine: Container, credential: Path, drop_in: Callable[..., None]
) -> None:
    credential.unlink()
    drop_in("RestartSec=1s")

    said = [str(entry["MESSAGE"]) for entry in machine.journal(SERVICE)]
    assert any("/readiness_primary is not there" in line for line in said)
    assert any("Put the credential into /etc/readiness/credentials/primary" in line for line in said)


def _ledger(machine: Container, kind: str) -> list[dict[str, Any]]:
    """The bodies of all records of a kind, newest first."""
    lines = machine.run("readiness", "ledger", "export").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    return [record["body"] for record in reversed(records) if record["kind"] == kind]
