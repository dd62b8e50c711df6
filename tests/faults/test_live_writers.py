"""No false alarm while everything is written: a healthy office is READY in every answer, each time one asks.

READINESS_TEST_EXAMPLES is how many rounds of snapshot, drill and every answer are made (1). Where it is more
than one, a PostgreSQL server is among the writers, and each fifth round makes a sample as well.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.core.verdict.meanings import REASONS
from support.builders.readiness_cli import Result, Shop
from support.places import DOUBLES, ROOT

ROUNDS = int(os.environ.get("READINESS_TEST_EXAMPLES") or 1)
NOTES = {"copies-same-machine", "place-unknown", "repository-same-device"}  # where this machine's disks lie
RECIPE = (ROOT / "docs" / "databases.md").read_text().partition("```toml")[2].partition("```")[0]
PROOFS = """
[[process.orders.proof]]
sqlite = "{home}/orders.db"
[[process.orders.proof]]
sqlite = "{home}/stock.db"
[[process.orders.proof]]
newest_row = {{sqlite = "{home}/orders.db", query = "SELECT max(at) FROM orders", max_age = "10m"}}
[[process.orders.proof]]
newest_file = {{path = "{home}/dumps/*", max_age = "10m"}}
[[process.orders.proof]]
archive = "{home}/dumps/stock-*.sql.gz"
[[process.orders.proof]]
file_count = {{path = "{home}/Maildir/cur", at_least = 100}}
"""
MORE = """
[mail]
from = "readiness@shop.example"
owner = ["owner@shop.example"]
admin = ["admin@shop.example"]
sendmail = "{base}/sendmail"
[alarm]
quiet = ""
"""


@pytest.fixture
def shop(newest_restic: Path, tmp_path: Path) -> Iterator[Shop]:
    """Its data lie in memory: on another device than the repository, on most machines."""
    shop = Shop(tmp_path, newest_restic)
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    where = memory if has_room else tmp_path
    home = Path(tempfile.mkdtemp(prefix="readiness-test-", dir=where))
    home.chmod(0o711)
    shop.source = home / "office"
    shop.paths, shop.rpo = [shop.source], "1h"
    shop.extra = "tier = 1\n" + PROOFS.format(home=shop.source)
    shop.more = MORE.format(base=tmp_path)
    (tmp_path / "sendmail").write_text(f"#!/bin/sh\ncat >>{tmp_path}/mails\n")
    (tmp_path / "sendmail").chmod(0o755)
    yield shop.set_up()
    shutil.rmtree(home)


@pytest.mark.timeout(300 + 60 * ROUNDS)
def test_a_healthy_office_at_work_raises_no_alarm(shop: Shop) -> None:
    with server(shop) if ROUNDS > 1 else nothing() as socket, at_work(shop, socket) as writers:
        shop.run("snapshot", live=True)  # which databases are written to is known from the second one on
        alarms = [alarm for turn in range(ROUNDS) for alarm in a_round(shop, turn)]
        assert writers.poll() is None, "a writer has failed"

    assert alarms == []
    assert not (shop.base / "mails").exists()


def a_round(shop: Shop, turn: int) -> list[str]:
    """What was said in one round that is not true."""
    steps = [["snapshot"], ["drill"], ["status"], ["exposure"], ["forecast"], ["notify"]]
    if ROUNDS > 1 and turn % 5 == 4:
        steps[1:1] = [["drill", "--sample", "10%"], ["status"]]
    alarms = []
    for words in steps:
        result = shop.run(*words, live=True)
        alarms += [f"{turn} {' '.join(words)}: {wrong}" for wrong in wrongs(result)]
    reports = [shop.base / "owner.txt", shop.base / "admin.txt"]
    for report in reports:
        shop.run("report", "--for", report.stem, "--output", str(report), live=True)
        text = report.read_text()
        words = ["NOT READY", "UNKNOWN", *(code for code in REASONS if code not in NOTES)]
        words += ["AT RISK"] if "one broken disk takes both" not in text else []
        alarms += [f"{turn} {report.name}: {word}: {text}" for word in words if word in text]
    for alarm in alarms:
        print(alarm, flush=True)
    return alarms


def wrongs(result: Result) -> Iterator[str]:
    """Findings, reasons, incidents, mails, and an exit status that are not those of a healthy office."""
    answer = result.answer["result"]
    said = [finding for row in result.rows for finding in row["findings"]]
    said += [reason for process in answer.get("processes", ()) for reason in process.get("reasons", ())]
    said += [found for process in answer.get("processes", ()) for found in process.get("findings", ())]
    said += [reason for reason in answer.get("reasons", ()) if isinstance(reason, dict)]
    said += answer.get("incidents", [])
    bad = [one for one in said if one["code"] not in NOTES]
    yield from (json.dumps(one) for one in bad)
    yield from (one["subject"] for one in answer.get("written", ()))
    near = any(one["code"] == "repository-same-device" for one in said)
    if result.status not in ((0, 4) if near else (0,)):
        yield f"exit {result.status} {'' if bad else json.dumps(answer)}"
    for row in result.rows:
        if row["outcome"] != "passed":
            yield f"{row['outcome']} {json.dumps(row)}"


# ---- what is at work


@contextmanager
def at_work(shop: Shop, socket: Path | None) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, DOUBLES / "busy_office.py", shop.source, *([socket] if socket else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writers:
        try:
            assert writers.stdout and writers.stdout.readline() == "at work\n"
            yield writers
        finally:
            writers.kill()


@contextmanager
def nothing() -> Iterator[None]:
    yield None


@contextmanager
def server(shop: Shop) -> Iterator[Path]:
    """A PostgreSQL server of its own: its data below the path and excluded, its dump loaded in each drill."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))[-1]
    home = shop.source / "pg"
    home.mkdir()
    shop.source.chmod(0o711)
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")

    def run(program: str, *words: str | Path) -> None:
        command = [*(as_postgres if os.geteuid() == 0 else []), programs / program, *words]
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL)

    alone = ("-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run("initdb", "-D", home / "data", *alone)
    options = f"-c listen_addresses='' -c unix_socket_directories={home}"
    run("pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
    try:
        ask = ("-h", home, "-U", "owner", "-q")
        run("psql", *ask, "-d", "postgres", "-c", "CREATE DATABASE shop")
        table = "CREATE TABLE orders (number serial PRIMARY KEY, at timestamptz DEFAULT now(), what text)"
        rows = "INSERT INTO orders (what) SELECT 'x' FROM generate_series(1, 1000)"
        run("psql", *ask, "-d", "shop", "-c", table, "-c", rows)
        shop.extra = f'exclude = ["{home}"]\n{shop.extra}{of_this(shop, RECIPE)}'
        shop.write_config()
        yield home
    finally:
        run("pg_ctl", "-D", home / "data", "-m", "immediate", "stop")


def of_this(shop: Shop, recipe: str) -> str:
    return recipe.replace("srv/dumps/", f"{str(shop.source)[1:]}/dumps/")
