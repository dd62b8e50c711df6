"""`readiness mail test`: what is sent, what is said, and the exit status."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import tomli

from agent.config.schema import schema
from support.builders.mails import part
from support.places import ROOT
from support.servers.mail_server import DOMAIN, PASSWORD, USER, MailServer

CONFIG = """
[business]
name = "Harbour Lane"
[agent]
state = "{base}/state"
host = "shop"
[mail]
from = "readiness@{domain}"
{mail}
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
"""
THREE = """
owner = ["owner@shop.example"]
admin = ["admin@shop.example", "Owner@shop.example"]
deputy = ["deputy@shop.example"]
"""


def way(server: MailServer) -> str:
    return (
        f'server = "127.0.0.1"\nport = {server.port}\nuser = "{USER}"\n'
        f'password_file = "{server.password_file}"\nca_file = "{server.ca_file}"\n'
    )


def run(tmp_path: Path, mail: str, *options: str) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "readiness.toml"
    file.write_text(CONFIG.format(base=tmp_path, domain=DOMAIN, mail=mail))
    jsonschema.validate(tomli.loads(file.read_text()), schema())
    command = [sys.executable, "-m", "agent", "--config", str(file), "mail", "test", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def result(ended: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told["exit"] == ended.returncode
    return told


def test_everybody_gets_it_once_and_the_first_line_says_so(mail_server: MailServer, tmp_path: Path) -> None:
    ended = run(tmp_path, THREE + way(mail_server))

    assert (ended.returncode, ended.stderr) == (0, "")
    first, *others = ended.stdout.splitlines()
    assert re.fullmatch(
        rf"The test mail was accepted for 3 of 3 recipients by 127\.0\.0\.1:{mail_server.port}"
        r" \(TLSv1\.3, certificate of 127\.0\.0\.1 valid until \d+ \w+ \d{4}\)\.",
        first,
    )
    assert others[0].startswith("  owner@shop.example   accepted: 250 OK id=")
    assert len(others) == 4
    for person in ("owner", "admin", "deputy"):
        [arrived] = mail_server.inbox(person)
        assert "Nothing is wrong" in part(arrived, "plain")
        assert max(map(len, part(arrived, "plain").splitlines())) <= 72
        assert "Nothing is wrong" in part(arrived, "html")
        assert arrived["Subject"] == "TEST - mail from readiness reaches you"
    assert not (tmp_path / "state").exists()


def test_a_refused_recipient_is_tested_and_bad(mail_server: MailServer, tmp_path: Path) -> None:
    people = 'owner = ["owner@shop.example"]\nadmin = ["nobody@shop.example"]\n'
    ended = run(tmp_path, people + way(mail_server))

    assert ended.returncode == 1
    first, *others = ended.stdout.splitlines()
    assert first.startswith("The test mail was accepted for 1 of 2 recipients by ")
    assert others[1] == "  nobody@shop.example  refused: 550 no such person here"


def test_a_deferred_recipient_is_not_delivered(mail_server: MailServer, tmp_path: Path) -> None:
    (mail_server.base / "grey").touch()
    ended = run(tmp_path, 'owner = ["grey@shop.example"]\n' + way(mail_server))

    assert ended.returncode == 3
    assert ended.stdout.splitlines() == [
        f"The test mail was accepted for 0 of 1 recipient by 127.0.0.1:{mail_server.port}"
        f" ({ended.stdout.split('(')[1].split(')')[0]}).",
        "  grey@shop.example  deferred: 451 greylisted, come back later",
    ]


def test_json_is_one_object(mail_server: MailServer, tmp_path: Path) -> None:
    told = result(run(tmp_path, THREE + way(mail_server), "--json"))

    assert told["schema"] == "readiness.mail-test/1"
    found = told["result"]
    assert (found["via"], found["accepted"]) == (f"127.0.0.1:{mail_server.port}", 3)
    assert (found["tls"]["version"], found["tls"]["issued_to"]) == ("TLSv1.3", "127.0.0.1")
    assert [row["fate"] for row in found["recipients"]] == ["accepted"] * 3
    assert [row["code"] for row in found["recipients"]] == [250] * 3


def test_a_wrong_password_says_what_to_do(mail_server: MailServer, tmp_path: Path) -> None:
    mail_server.password_file.write_text("wrong")

    ended = run(tmp_path, THREE + way(mail_server))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "does not accept user readiness" in ended.stderr
    assert "Correct user or the password" in ended.stderr
    told = result(run(tmp_path, THREE + way(mail_server), "--json"))
    assert told["result"]["code"] == "mail-login"
    assert PASSWORD not in json.dumps(told)


def test_by_sendmail(mail_server: MailServer, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\nexec /usr/sbin/exim4 -C {mail_server.base}/exim.conf "$@"\n')
    program.chmod(0o755)

    ended = run(tmp_path, f'{THREE}sendmail = "{program}"')
    assert ended.returncode == 0
    assert ended.stdout.startswith(
        f"The test mail was accepted for 3 of 3 recipients by {program} (on this machine)."
    )
    mail_server.inbox("deputy")


def test_without_a_mail_table_that_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "readiness.toml"
    file.write_text(CONFIG.partition("[mail]")[0].format(base=tmp_path) + CONFIG.partition("{mail}")[2])
    command = [sys.executable, "-m", "agent", "--config", str(file), "mail", "test"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"There is no [mail] in {file}" in ended.stderr
