"""Databases that a data owner made to do harm, against the service as it is installed."""

import json
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.places import ROOT
from support.servers.container import Container, until
from support.servers.machines import CONFIG, SERVICE, business_machine

SOCKET = "readiness-look.socket"
MINE = "/srv/orders/uploads"  # of bob, who has nothing else
ATTACKS = "/srv/attacks"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with business_machine(tmp_path_factory) as container:
        there = container.file(f"{ATTACKS}/hostile")
        there.mkdir(parents=True)
        shutil.copy2(ROOT / "tests" / "support" / "hostile" / "databases.py", there)
        container.run("chmod", "-R", "a+rX", ATTACKS)
        container.run("systemctl", "stop", SERVICE)  # it would be at work when we want to be
        yield container


@pytest.fixture(autouse=True)
def tidy(machine: Container) -> Iterator[None]:
    yield
    machine.shell(f"rm -rf {MINE}/*")


def bob(machine: Container, code: str) -> None:
    """Run this as a user who may write in one source and has no other right."""
    given = f"from pathlib import Path; from hostile.databases import *; mine = Path('{MINE}')\n{code}"
    command = ["runuser", "-u", "bob", "--", "env", f"PYTHONPATH={ATTACKS}", "python3", "-c", given]
    machine.run(*command)


def snapshot(machine: Container) -> dict[str, Any]:
    """What comes of one by the service's user; whatever is told of the databases of bob."""
    _, result = machine.readiness("snapshot", "orders")
    assert "snapshots" in result, result
    [record] = result["snapshots"]
    assert isinstance(record, dict)
    return record


def told(record: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        each["path"].removeprefix(f"{MINE}/"): (each["code"], each["message"])
        for each in record["findings"]
        if (each["path"] or "").startswith(MINE)
    }


def looking(machine: Container) -> list[int]:
    """The processes that look."""
    done = machine.run("pgrep", "--full", "agent.adapters.looking.child", check=False)
    return [int(number) for number in done.stdout.split()]


def test_who_looks_is_another_user_without_rights_or_network_in_an_empty_directory(
    machine: Container,
) -> None:
    bob(machine, "lasts_for_weeks(mine / 'weeks.db')")
    machine.shell("systemd-run --quiet --unit=one readiness snapshot orders")
    until(lambda: looking(machine), "somebody looks")
    until(lambda: machine.shell(f"ls /proc/{looking(machine)[0]}/root/", check=False) == "", "it is shut in")
    [pid] = looking(machine)
    status = dict(
        line.split(":\t", 1)
        for line in machine.shell(f"cat /proc/{pid}/status").splitlines()
        if ":\t" in line
    )
    services = machine.shell("id -u readiness").strip()
    assert services not in status["Uid"].split()
    assert "0" not in status["Uid"].split()
    assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "inet" not in machine.shell(
        f"nsenter --target {pid} --net ip -brief address | grep -v ^lo || true"
    )
    machine.shell("systemctl stop one")
    until(lambda: not looking(machine), "it ended with who asked")


def test_what_lies_beside_a_database_fills_no_disk_and_holds_nobody_up(machine: Container) -> None:
    bob(
        machine,
        "import sqlite3\n"
        "for kind in ('zero', 'link', 'fifo', 'directory'):\n"
        "    c = sqlite3.connect(mine / f'{kind}.db'); c.execute('PRAGMA journal_mode=wal')\n"
        "    c.execute('CREATE TABLE orders (text)'); c.commit(); c.close()\n"
        "    make_beside(kind, mine / f'{kind}.db-wal')",
    )
    used = shutil.disk_usage(machine.base).used
    begun = time.monotonic()
    record = snapshot(machine)
    assert record["outcome"] == "passed", json.dumps(record["findings"])[:1500]
    assert time.monotonic() - begun < 30
    assert shutil.disk_usage(machine.base).used - used < 64 << 20
    found = {name: code for name, (code, _) in told(record).items() if name.endswith(".db")}
    assert set(found.values()) == {"sqlite-not-copied", "not-looked-into"}
    assert set(found) >= {"zero.db", "fifo.db", "link.db"}
    assert (
        machine.shell("find /var/lib/readiness/look -mindepth 1; ls -A /var/lib/readiness/carried/orders")
        != ""
    )
    assert (
        machine.shell("find /var/lib/readiness/look /var/lib/readiness/carried -mindepth 2 -name '*copy-*'")
        == ""
    )


def test_without_anybody_to_look_nothing_is_read_and_it_says_what_to_do(machine: Container) -> None:
    bob(
        machine,
        "import gzip, sqlite3; c = sqlite3.connect(mine / 'app.db'); c.execute('CREATE TABLE t (x)')\n"
        "(mine / 'cut.sql.gz').write_bytes(gzip.compress(b'-- MySQL dump 10.13'))\n"
        "(mine / 'log.gz').write_bytes(gzip.compress(b'GET /'))",
    )
    machine.run("systemctl", "stop", SOCKET)
    try:
        record = snapshot(machine)
        hints = {each["hint"] for each in record["findings"] if f"{each['path']}".startswith(MINE)}
    finally:
        machine.run("systemctl", "start", SOCKET)
    assert record["outcome"] == "passed", json.dumps(record["findings"])[:1500]
    assert set(told(record)) == {"app.db", "cut.sql.gz", "log.gz"}
    assert all("/run/readiness-look/socket does not answer" in why for _, why in told(record).values())
    assert hints == {f"Run: systemctl start {SOCKET}"}
    assert {name: code for name, (code, _) in told(snapshot(machine)).items()} == {"cut.sql.gz": "dump-cut"}


def test_a_drill_has_copies_looked_into_as_well_and_says_when_nobody_does(machine: Container) -> None:
    bob(
        machine,
        "import os, sqlite3\n"
        "c = sqlite3.connect(mine / 'live.db', isolation_level=None); c.execute('PRAGMA journal_mode=wal')\n"
        "c.execute('CREATE TABLE t (x)'); c.execute('INSERT INTO t VALUES (1)'); os._exit(0)",
    )
    assert told(snapshot(machine)) == {}
    machine.run("systemctl", "mask", "--runtime", "--now", SOCKET)  # stopped, a drill starts it
    try:
        _, blind = machine.readiness("drill", "orders")
    finally:
        machine.run("systemctl", "unmask", "--runtime", SOCKET)
        machine.run("systemctl", "start", SOCKET)
    _, seeing = machine.readiness("drill", "orders")
    print(blind)
    assert [each["outcome"] for each in seeing["drills"]] == ["passed"]
    assert "does not answer" in json.dumps(blind)


def test_nobody_else_may_have_files_looked_into(machine: Container) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX).connect('/run/readiness-look/socket')"
    for user in ("bob", "readiness-proof", "nobody"):
        done = machine.run("runuser", "-u", user, "--", "python3", "-c", code, check=False)
        assert "PermissionError" in done.stderr, user


def test_a_journal_that_names_what_is_ours_removes_nothing(machine: Container) -> None:
    victims = ("/srv/backup/restic/config", "/var/lib/readiness/ledger.db", "/etc/passwd")
    for number, victim in enumerate(victims):
        bob(
            machine,
            "import sqlite3\n"
            f"d = mine / '{number}.db'; c = sqlite3.connect(d)\n"
            "c.execute('CREATE TABLE orders (text)')\n"
            "c.executemany('INSERT INTO orders VALUES (?)', [('x' * 500,)] * 3000); c.commit(); c.close()\n"
            f"name_super_journal(crash(d), Path('{victim}'))",
        )
    record = snapshot(machine)
    assert {name: code for name, (code, _) in told(record).items()} == {
        f"{number}.db": "sqlite-not-copied" for number in range(3)
    }
    assert all("names a file that would be removed" in message for _, message in told(record).values())
    for victim in victims:
        assert machine.file(victim).exists(), victim


def test_a_service_that_looks_into_what_lasts_for_weeks_stops_within_seconds(machine: Container) -> None:
    config = machine.file(CONFIG)
    before = config.read_text()
    bob(machine, "lasts_for_weeks(mine / 'weeks.db')")
    try:
        config.write_text(f"{before}\n[process.orders.snapshot]\nevery = '1m'\n")
        machine.run("systemctl", "restart", SERVICE)
        until(lambda: looking(machine), "the service looks")
        begun = time.monotonic()
        machine.run("systemctl", "stop", SERVICE)
        assert time.monotonic() - begun < 10
        until(lambda: not looking(machine), "nobody looks any more")
        held = machine.shell("find /var/lib/readiness/look -mindepth 1", check=False)
        assert held == ""
    finally:
        config.write_text(before)
        machine.run("systemctl", "start", SERVICE)
    ledger = json.loads(machine.run("readiness", "--json", "ledger", "verify", check=False).stdout)
    assert ledger["result"]
