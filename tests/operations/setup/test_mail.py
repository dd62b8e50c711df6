"""What `readiness validate` says of the way mail leaves the machine; it never connects."""

from pathlib import Path

import pytest

from agent.adapters.setup.machine import LocalMachine
from agent.core.configuration.config import Mail
from agent.core.configuration.location import FileFacts
from agent.core.configuration.problem import Noted
from agent.operations.setup.mail import check_mail
from support.doubles.fake_machine import FakeMachine
from support.servers.certificates import Issuer

SERVER = Mail(
    sender="a@x",
    owner=("o@x",),
    admin=(),
    server="mail.x",
    user="a",
    password_file="/etc/mail",
    ca_file="/etc/ca.pem",
)
LOCAL = Mail(sender="a@x", owner=("o@x",), admin=())
PROGRAM = FileFacts("file", 0o755)


@pytest.fixture
def machine() -> FakeMachine:
    found = FakeMachine("/etc/readiness.toml")
    found.files |= {
        "/etc/mail": FileFacts("file", 0o600, 0, 9),
        "/etc/ca.pem": FileFacts("file", 0o644, 0, 900),
        "/usr/sbin/sendmail": PROGRAM,
    }
    return found


def note(mail: Mail, machine: FakeMachine | LocalMachine) -> Noted:
    [found] = check_mail(mail, machine)
    return found


def test_without_mail_there_is_nothing_to_check(machine: FakeMachine) -> None:
    assert check_mail(None, machine) == []


@pytest.mark.parametrize("mail", [SERVER, LOCAL], ids=["server", "sendmail"])
def test_a_way_that_is_there_is_good(mail: Mail, machine: FakeMachine) -> None:
    assert check_mail(mail, machine) == []


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (None, "/etc/mail is not there"),
        (FileFacts("directory", 0o700), "/etc/mail is no file that can be read"),
        (FileFacts("file", 0o600, 0, 0), "/etc/mail is empty"),
        (FileFacts("file", 0o644, 0, 9), "/etc/mail is open to every user of this machine (mode 0644)"),
        (FileFacts("file", 0o660, 0, 9), "/etc/mail is open to its whole group (mode 0660)"),
    ],
)
def test_the_password_file_is_held_to_what_repositories_are(
    machine: FakeMachine, facts: FileFacts | None, what: str
) -> None:
    machine.files.pop("/etc/mail")
    if facts:
        machine.files["/etc/mail"] = facts

    found = note(SERVER, machine)

    assert (found.at, found.message, found.warning) == (("mail", "password_file"), what, False)
    assert "repository" not in found.hint


def test_a_credential_that_is_missing_says_where_it_belongs(machine: FakeMachine) -> None:
    path = "/run/credentials/readiness.service/readiness_mail"
    mail = Mail(sender="a@x", owner=("o@x",), admin=(), server="mail.x", user="a", password_file=path)

    assert "/etc/readiness/credentials/mail" in note(mail, machine).hint


def test_certificates_to_trust_have_to_be_some(machine: FakeMachine) -> None:
    machine.files.pop("/etc/ca.pem")

    found = note(SERVER, machine)
    assert (found.at, found.warning) == (("mail", "ca_file"), False)


@pytest.mark.parametrize("facts", [None, FileFacts("directory", 0o755), FileFacts("file", 0o644)])
def test_a_sendmail_has_to_be_a_program(machine: FakeMachine, facts: FileFacts | None) -> None:
    machine.files.pop("/usr/sbin/sendmail")
    if facts:
        machine.files["/usr/sbin/sendmail"] = facts

    found = note(LOCAL, machine)
    assert (found.at, found.warning) == (("mail", "sendmail"), False)
    assert found.message == "/usr/sbin/sendmail is no program that could take mail"


def test_a_set_uid_sendmail_behind_a_link_is_warned_of(machine: FakeMachine) -> None:
    machine.links["/usr/sbin/sendmail"] = "/usr/sbin/exim4"
    machine.files["/usr/sbin/exim4"] = FileFacts("file", 0o4755)

    found = note(LOCAL, machine)
    assert found.warning
    assert found.message == "needs set-uid or set-gid rights, which the service gives to no program"
    assert 'server = "localhost"' in found.hint


def test_a_helper_without_such_rights_is_good(machine: FakeMachine) -> None:
    machine.files["/usr/sbin/postdrop"] = PROGRAM
    assert check_mail(LOCAL, machine) == []


def test_the_set_gid_helper_of_postfix_is_warned_of(machine: FakeMachine) -> None:
    machine.files["/usr/sbin/postdrop"] = FileFacts("file", 0o2555)

    assert note(LOCAL, machine).warning


def test_on_the_real_machine_certificates_are_read(tmp_path: Path) -> None:
    machine = LocalMachine()
    good = Issuer(tmp_path).file
    (tmp_path / "empty.pem").touch()
    (tmp_path / "broken.pem").write_text(good.read_text()[:200])

    assert machine.holds_certificates(str(good))
    for name in ("empty.pem", "broken.pem", "missing.pem", "."):
        assert not machine.holds_certificates(str(tmp_path / name))


def test_debians_own_exim_is_warned_of(exim: None) -> None:
    mail = Mail(sender="a@x", owner=("o@x",), admin=(), sendmail="/usr/sbin/exim4")

    assert note(mail, LocalMachine()).warning
