"""A real exim4 on loopback that delivers into Maildirs, with certificates of our own making.

Use it through the fixture `mail_server` of conftest.py. It takes mail for PEOPLE at shop.example and answers
550 for all others, for grey@ 451 as long as there is a file `grey` beside its configuration. With `login` it
wants AUTH, which it offers inside of TLS alone.
"""

import email
import os
import pwd
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from pathlib import Path
from typing import NamedTuple

from support.servers.backends import LOOPBACK, PATIENCE, free_port, serving
from support.servers.certificates import Issuer

USER, PASSWORD = "readiness", "correct horse; battery: ä"
DOMAIN = "shop.example"
PEOPLE = ("owner", "admin", "deputy", "grey")
EXIM_USER = "Debian-exim"

CONFIGURATION = """
exim_user = {user}
exim_group = {user}
primary_hostname = mail.{domain}
spool_directory = {base}/spool
log_file_path = {base}/log/%s
pid_file_path = {base}/exim.pid
keep_environment =
notifier_socket =
never_users =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = {offers_tls}
tls_certificate = {base}/server.pem
tls_privatekey = {base}/server.key
acl_smtp_rcpt = recipients
acl_smtp_data = contents
deliver_drop_privilege = true
queue_only = false
smtp_receive_timeout = 60s
no_write_rejectlog
log_selector = +smtp_connection
domainlist ours = {domain}

begin acl
recipients:
  defer local_parts = grey
       condition = ${{if exists{{{base}/grey}}}}
       message = greylisted, come back later
  deny condition = {login}
       !authenticated = *
       message = relay not permitted without a login
  deny domains = +ours
       !verify = recipient
       message = no such person here
  accept domains = +ours
  deny message = relay not permitted
contents:
  deny condition = ${{if match{{$header_subject:}}{{viagra}}}}
       message = this looks like spam
  accept

begin routers
everybody:
  driver = accept
  domains = +ours
  local_parts = lsearch;{base}/people
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {base}/mail/$local_part_data
  maildir_format
  create_directory
  user = {user}
  group = {user}
  delivery_date_add
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_advertise_condition = ${{if and{{{{def:tls_in_cipher}}{{bool{{{login}}}}}}}}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


class MailServer(NamedTuple):
    """How to reach it, and what has arrived."""

    base: Path
    port: int
    tls_port: int
    ca_file: Path
    password_file: Path

    def inbox(self, person: str, expected: int = 1) -> list[Message]:
        """What arrived for a person, in the order of arrival; waits until it is so much."""
        deadline = time.monotonic() + PATIENCE
        new = self.base / "mail" / person / "new"
        while len(files := sorted(new.glob("*"), key=_arrival)) < expected:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        assert len(files) == expected, [file.read_text() for file in files]
        return [email.message_from_bytes(file.read_bytes()) for file in files]

    def raw(self, person: str) -> bytes:
        """The one message of a person, as it lies in the mailbox."""
        self.inbox(person)
        [file] = (self.base / "mail" / person / "new").glob("*")
        return file.read_bytes()

    def log(self) -> str:
        return (self.base / "log" / "main").read_text()


def _arrival(file: Path) -> list[int]:
    """Seconds, microseconds and process of "1764064800.M99P123.host": exim writes no leading zeros."""
    return [int(number) for number in re.findall(r"\d+", file.name)]


@contextmanager
def running_mail_server(
    base: Path,
    *,
    host: str = LOOPBACK,
    days: float = 1,
    offers_tls: bool = True,
    login: bool = True,
    port: int = 0,
) -> Iterator[MailServer]:
    """A mail server that keeps everything below `base`; a second one there finds what the first had."""
    base.mkdir(exist_ok=True)
    issuer = Issuer(base)
    issuer.issue(base, host, days)
    password = base / "password"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n")
    tls_port = free_port()

    def command(own: int) -> list[str]:
        configuration = CONFIGURATION.format(
            user=EXIM_USER,
            domain=DOMAIN,
            base=base,
            port=own,
            tls_port=tls_port,
            offers_tls="*" if offers_tls else "",
            login="true" if login else "false",
            name=USER,
            password=PASSWORD,
        )
        (base / "exim.conf").write_text(configuration)
        (base / "people").write_text("".join(f"{person}: {person}\n" for person in PEOPLE))
        _give_to_exim(base)
        program = shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin") or "exim4"
        return [program, "-C", str(base / "exim.conf"), "-bdf"]

    try:
        with serving(command, base / "server.log", port) as (_, found):
            yield MailServer(base, found, tls_port, issuer.file, password)
    finally:
        _end_deliveries(base / "exim.conf")


def _end_deliveries(configuration: Path) -> None:
    """The daemon leaves those alone that it has begun."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.fsencode(configuration) in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGTERM)


def _give_to_exim(base: Path) -> None:
    """It delivers as its own user, who has to get at its directories."""
    user = pwd.getpwnam(EXIM_USER)
    base.chmod(0o755)
    base.parent.chmod(base.parent.stat().st_mode | 0o011)
    for name in ("spool", "log", "mail"):
        (base / name).mkdir(exist_ok=True)
        os.chown(base / name, user.pw_uid, user.pw_gid)
    for name in ("server.pem", "server.key"):
        os.chown(base / name, user.pw_uid, user.pw_gid)
        (base / name).chmod(0o600)
    os.chown(base, user.pw_uid, user.pw_gid)
