"""Containers on which readiness is installed and works: for a small business, and one that gets mail."""

import email
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest

from support.builders.quick_key import quicken
from support.places import DOUBLES
from support.servers.certificates import Issuer
from support.servers.container import Container, installed, until

SERVICE, NOTIFY, TIMER = "readiness.service", "readiness-notify.service", "readiness-notify.timer"
CONFIG = "/etc/readiness/readiness.toml"

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


@contextmanager
def switched_on(factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with readiness installed and no config."""
    container = Container(factory.mktemp("machine"), installed(factory))
    try:
        container.boot()
        yield container
    finally:
        container.take_down()


@contextmanager
def business_machine(factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a small business and readiness, whose service runs."""
    with switched_on(factory) as container:
        container.shell(BUSINESS)
        _quicken(container)
        config = container.file(CONFIG)
        config.write_text(config.read_text() + PROOF)
        container.run("systemctl", "start", SERVICE)
        yield container


@contextmanager
def mail_machine(factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A machine with a business, a mail server and readiness, whose service has proven the business."""
    with switched_on(factory) as container:
        stub = container.file(STUB)
        stub.mkdir()
        for name in ("mail_stub.py", "web_stub.py"):
            shutil.copy2(DOUBLES / name, stub)
        Issuer(stub).issue(stub)
        container.shell(SETUP)
        _quicken(container)
        config = container.file(CONFIG)
        before = config.read_text()
        config.write_text(before + MAIL + GUARDED)
        plain = before + MAIL + 'security = "none"\n'
        container.file("/etc/readiness/plain.toml").write_text(plain)
        container.run("systemctl", "start", SERVICE)
        container.hear(SERVICE, "drill orders primary: done")
        until(lambda: proven(container, "orders"), "orders were saved and proven")
        yield container


def _quicken(machine: Container) -> None:
    """restic takes half a second to open the repository that it made; from now on none."""
    repository = machine.file("/srv/backup/restic")
    quicken(repository, machine.file("/etc/readiness/primary.password").read_text().strip())
    owner = repository.stat()
    for key in (repository / "keys").iterdir():
        os.chown(key, owner.st_uid, owner.st_gid)


def proven(machine: Container, process: str) -> object:
    """When it was proven last."""
    processes = machine.readiness("status")[1]["processes"]
    return next(one["last_proven_at"] for one in processes if one["process"] == process)


def mails(boxes: Path, person: str = "admin") -> list[Message]:
    """What lies in the mailbox of a person, in the order of arrival."""
    files = sorted((boxes / person).glob("[0-9]*"))
    return [email.message_from_bytes(file.read_bytes()) for file in files]


def subjects(boxes: Path, person: str = "admin") -> list[str]:
    """Their subjects."""
    return [" ".join(str(mail["Subject"]).split()) for mail in mails(boxes, person)]


def calls(machine: Container) -> list[str]:
    """What the outside watcher and the webhook heard."""
    heard = machine.file(f"{STUB}/calls")
    return heard.read_text().splitlines() if heard.exists() else []
