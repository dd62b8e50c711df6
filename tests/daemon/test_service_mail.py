"""The real service, the real command line and a real mail server: what arrives when something breaks."""

import json
import os
import shutil
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.app.telling.emergency import ANOTHER_SECONDS, AT_WORK_SECONDS, RETRY_SECONDS
from agent.core.model.runs import AgentRecord
from support.builders.mails import part
from support.servers.backends import free_port
from support.servers.mail_server import PASSWORD, USER, MailServer
from support.servers.running_agent import Business, running
from support.waiting import another_second, until

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
EXTRA = """
snapshot = {{ every = "1m" }}
[mail]
from = "readiness@shop.example"
owner = ["owner@shop.example"]
admin = ["admin@shop.example"]
server = "127.0.0.1"
port = {port}
user = "{user}"
password_file = "{password_file}"
ca_file = "{ca_file}"
[alarm]
quiet = ""
contact = "the office, 0xx-xxx"
{more}
"""


@pytest.fixture
def business(tmp_path: Path, newest_restic: Path, mail_server: MailServer) -> Business:
    made = Business(tmp_path, newest_restic)
    write_config(made, mail_server)
    return made


def write_config(business: Business, server: MailServer, more: str = "", port: int = 0) -> None:
    extra = EXTRA.format(
        port=port or server.port,
        user=USER,
        password_file=server.password_file,
        ca_file=server.ca_file,
        more=more,
    )
    business.write_config(extra=extra)


def arrived(server: MailServer, person: str) -> int:
    return len(list((server.base / "mail" / person / "new").glob("*")))


def make_older(file: Path, seconds: float) -> None:
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))


def subject(mail: Message) -> str:
    return " ".join(str(mail["Subject"]).split())  # long ones are folded


@pytest.mark.timeout(600)
def test_a_directory_that_is_gone_is_mailed_and_so_is_that_it_is_back_and_proven(
    business: Business, mail_server: MailServer
) -> None:
    away = business.base / "away"
    with running(business, "-v", impatient=True) as agent:
        until(lambda: any("drill orders" in line and "done" in line for line in agent.lines))
        shutil.move(business.shop.source, away)
        until(lambda: arrived(mail_server, "admin") == 1, lambda: "\n".join(agent.lines))
        shutil.move(away, business.shop.source)
        until(lambda: arrived(mail_server, "admin") == 2, lambda: "\n".join(agent.lines))
    opened, fixed = mail_server.inbox("admin", 2)

    assert subject(opened).startswith("AT RISK - ")
    assert "srv/orders" in part(opened, "plain").replace("\n", "")
    assert subject(fixed).startswith("FIXED - ")
    assert fixed["References"] == opened["Message-ID"]
    assert arrived(mail_server, "owner") == 0


def test_the_owner_can_have_the_report_at_once(business: Business, mail_server: MailServer) -> None:
    done = business.run("report", "--for", "owner", "--send")

    assert (done.returncode, done.stdout) == (0, "Sent to owner@shop.example.\n")
    [mail] = mail_server.inbox("owner")
    assert subject(mail).startswith("UNKNOWN - ")
    assert "call the office, 0xx-xxx" in " ".join(part(mail, "plain").split())


def test_the_administrators_report_is_mailed_whole(business: Business, mail_server: MailServer) -> None:
    done = business.run("--json", "report", "--send")

    assert json.loads(done.stdout)["result"]["waits"] is False
    [mail] = mail_server.inbox("admin")
    assert "HOW THE NUMBERS WERE OBTAINED" in part(mail, "plain")


def test_a_server_that_is_down_is_said_and_the_report_arrives_later(
    business: Business, mail_server: MailServer
) -> None:
    write_config(business, mail_server, port=9)
    done = business.run("report", "--for", "owner", "--send")
    assert done.returncode == 3
    assert done.stdout.startswith("The mail to owner@shop.example waits: it is tried again.\n  127.0.0.1:9")
    assert "mail-blocked" in business.run("--json", "status").stdout

    write_config(business, mail_server)
    later = business.run("notify")
    assert (later.returncode, later.stdout[:23]) == (3, "1 mail waits to be sent")


def test_without_mail_in_the_config_nothing_is_sent_and_that_is_said(business: Business) -> None:
    business.write_config()
    assert business.run("notify").stdout.startswith("Nobody was told anything: there is no [mail] in ")
    refused = business.run("report", "--send")
    assert (refused.returncode, refused.stderr.startswith("There is no [mail] in ")) == (2, True)


def test_an_incident_is_acknowledged_by_its_name(business: Business, mail_server: MailServer) -> None:
    with open_ledger(business.state / "ledger.db") as ledger:
        ledger.append(AgentRecord(event="started"), LONG_AGO)
    business.run("snapshot")
    shutil.move(business.shop.source, business.base / "away")
    business.run("snapshot")
    told = json.loads(business.run("--json", "notify").stdout)["result"]
    [name] = [one["name"] for one in told["incidents"] if one["code"] == "snapshot-failing"]

    seen = business.run("ack", name.lower())
    assert (seen.returncode, seen.stdout.split(":")[0]) == (0, name)
    assert "It stays open until it is gone and a drill has passed." in seen.stdout
    wrong = business.run("ack", "F-0")
    assert wrong.returncode == 2
    assert name in wrong.stderr


def test_a_ledger_that_cannot_be_used_is_mailed_once_a_day(
    business: Business, mail_server: MailServer
) -> None:
    business.run("snapshot")
    with (business.state / "ledger.db").open("r+b") as ledger:
        ledger.seek(100)
        ledger.write(b"\xff" * 4000)
    for _ in range(2):
        done = business.run("notify")
        assert (done.returncode, "ledger" in done.stderr) == (3, True)

    [mail] = mail_server.inbox("admin")
    assert subject(mail) == "UNKNOWN - the record of all backups cannot be used (A small business)"
    assert str(business.state / "ledger.db") in part(mail, "plain").replace("\n", "")

    # another trouble is another mail, though not within the hour, and of the same thread
    (business.state / "ledger.db").unlink()
    (business.state / "ledger.db").mkdir()
    assert business.run("notify").returncode == 3
    assert arrived(mail_server, "admin") == 1
    [told] = business.state.glob("emergency-ledger-mail-*")
    make_older(told, ANOTHER_SECONDS)
    another_second()
    for _ in range(2):
        assert business.run("notify").returncode == 3
    first, second = mail_server.inbox("admin", 2)
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_an_emergency_that_nobody_could_be_told_of_is_tried_again_before_tomorrow(
    business: Business, mail_server: MailServer
) -> None:
    business.run("snapshot")
    (business.state / "ledger.db").write_bytes(b"\xff" * 8000)
    write_config(business, mail_server, port=free_port())
    assert business.run("notify").returncode == 3
    write_config(business, mail_server)

    assert business.run("notify").returncode == 3
    assert arrived(mail_server, "admin") == 0  # not at once: a service that dies again and again would ask
    [told] = business.state.glob("emergency-ledger-mail-*")
    make_older(told, RETRY_SECONDS)
    assert business.run("notify").returncode == 3
    mail_server.inbox("admin")


@pytest.mark.parametrize("wrong", ["[mail", "[agent]\nstate = 7", ""])
def test_a_config_that_cannot_be_used_is_mailed_once_a_day_but_not_while_somebody_is_at_it(
    business: Business, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(business.state))
    assert business.run("notify").returncode == 0
    business.config.write_text(business.config.read_text() + wrong if wrong else "")

    assert business.run("notify").returncode == 78
    assert arrived(mail_server, "admin") == 0
    long_ago = business.config.stat().st_mtime - AT_WORK_SECONDS
    os.utime(business.config, (long_ago, long_ago))
    for _ in range(2):
        assert business.run("notify").returncode == 78
    [mail] = mail_server.inbox("admin")
    assert subject(mail) == "UNKNOWN - the config cannot be used, so nothing is saved (A small business)"
    assert str(business.config) in part(mail, "plain").replace("\n", "")


def test_the_password_is_in_no_record_output_or_mail(business: Business, mail_server: MailServer) -> None:
    outputs = [business.run(*words) for words in (("report", "--send"), ("notify",), ("ledger", "export"))]
    mail_server.password_file.write_text("wrong but secret\n")
    another_second()
    outputs += [business.run(*words) for words in (("report", "--send"), ("status",), ("ledger", "export"))]
    said = "".join(done.stdout + done.stderr for done in outputs)
    assert "535" in said
    for secret in (PASSWORD, "wrong but secret"):
        assert secret not in said
        assert secret not in mail_server.raw("admin").decode()
