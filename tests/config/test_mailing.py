"""`[mail]`: who gets mail from whom, and the way it leaves."""

from pathlib import Path

import pytest

from agent.config import read
from agent.core.configuration.config import Mail
from agent.core.configuration.problem import Problem

TEXT = """
[mail]
{mail}
[repository.primary]
url = "/srv/backup"
password_file = "/etc/p"
[process.orders]
paths = ["/srv/orders"]
"""
PEOPLE = 'from = "readiness@shop.example"\nowner = ["owner@shop.example"]\n'
SERVER = PEOPLE + 'server = "mail.shop.example"\n'
LOGIN = SERVER + 'user = "readiness"\npassword_file = "/etc/readiness/mail"\n'


def mail(tmp_path: Path, written: str) -> Mail:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(mail=written))
    reading = read(str(file))
    assert reading.problems == ()
    assert reading.config
    assert reading.config.mail
    return reading.config.mail


def problems(tmp_path: Path, written: str) -> tuple[Problem, ...]:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(mail=written))
    return read(str(file)).problems


def problem(tmp_path: Path, written: str) -> str:
    [one] = problems(tmp_path, written)
    assert one.line, one
    return f"{one.severity}: {one.key}: {one.message}"


def test_without_the_table_nothing_is_mailed(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.replace("[mail]\n{mail}", ""))
    config = read(str(file)).config

    assert config
    assert config.mail is None


def test_the_least_is_from_and_somebody_to_tell(tmp_path: Path) -> None:
    found = mail(tmp_path, PEOPLE)

    assert found == Mail(sender="readiness@shop.example", owner=("owner@shop.example",), admin=())
    assert found.sendmail == "/usr/sbin/sendmail"


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465)])
def test_the_port_follows_from_the_security(tmp_path: Path, security: str, port: int) -> None:
    assert mail(tmp_path, f'{SERVER}security = "{security}"').port == port


def test_what_is_written_counts(tmp_path: Path) -> None:
    more = 'admin = ["a@x"]\ndeputy = ["d@x", "e@x"]\nport = 2525\nca_file = "/etc/ca.pem"\n'

    assert mail(tmp_path, LOGIN + more) == Mail(
        sender="readiness@shop.example",
        owner=("owner@shop.example",),
        admin=("a@x",),
        deputy=("d@x", "e@x"),
        server="mail.shop.example",
        port=2525,
        user="readiness",
        password_file="/etc/readiness/mail",
        ca_file="/etc/ca.pem",
    )


def test_the_password_may_be_a_credential_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/c")
    written = SERVER + 'user = "readiness"\npassword_file = "credential:mail"\n'

    assert mail(tmp_path, written).password_file == "/run/c/readiness_mail"


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_on_this_machine_nothing_needs_to_be_hidden(tmp_path: Path, server: str) -> None:
    written = LOGIN.replace("mail.shop.example", server) + 'security = "none"'

    assert mail(tmp_path, written).port == 25


@pytest.mark.parametrize(
    "address", ["root@localhost", "o'hara+x@a.b-c.example", "a.b@x", "!#$%&*/=?^_`{|}~@x.example"]
)
def test_an_address_may_be_odd(tmp_path: Path, address: str) -> None:
    assert mail(tmp_path, f'from = "{address}"\nadmin = ["{address}"]').sender == address


@pytest.mark.parametrize(
    "address",
    [
        "Shop <a@x.example>",
        "a@x.example, b@x.example",
        "a@x.example\\r\\nBcc: b@x.example",
        "ä@x.example",
        "a@ä.example",
        "-oQ/tmp@x.example",
        "a@-x.example",
        "a..b@x.example",
        "a b@x.example",
        "a@x.example;b",
        "a@[127.0.0.1]",
        "office",
        "@x",
        "",
        "a" * 250 + "@x.example",
    ],
)
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    found = problem(tmp_path, f'from = "a@x"\nowner = ["{address}"]')

    assert found.startswith("error: mail.owner[0]: ")


@pytest.mark.parametrize(
    "server", ["smtp://mail", "mail:587", "mail.example/x", "mail example", "", "ä.example", "mail.\\n"]
)
def test_what_is_no_server_is_refused(tmp_path: Path, server: str) -> None:
    assert problem(tmp_path, f'{PEOPLE}server = "{server}"').startswith("error: mail.server: ")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('owner = ["o@x"]', "error: mail.from: is missing"),
        ('from = "a@x"', "error: mail: names nobody who gets mail"),
        ('from = "a@x"\nowner = []\ndeputy = ["d@x"]', "error: mail: names nobody who gets mail"),
        (
            'from = "a@x"\nowner = ["o@x", "p@x", "O@x"]',
            "error: mail.owner[2]: O@x is named twice",
        ),
        (LOGIN.replace("password_file", "#"), "error: mail.user: has no password_file beside it"),
        (LOGIN.replace("user", "#"), "error: mail.password_file: has no user beside it"),
        (
            SERVER + 'sendmail = "/usr/bin/msmtp"',
            "error: mail.sendmail: stands beside server, so that it is not clear which way mail leaves",
        ),
        (
            LOGIN + 'security = "none"',
            "error: mail.security: would send the password over the net in the clear",
        ),
        (
            LOGIN.replace("mail.shop.example", "127.0.0.evil.example") + 'security = "none"',
            "error: mail.security: would send the password over the net in the clear",
        ),
        (
            SERVER + 'security = "none"',
            "warning: mail.security: sends mail over the net in the clear: whoever sees it can read and"
            " change it",
        ),
        (
            SERVER.replace("mail.shop.example", "localhost") + 'security = "none"\nca_file = "/etc/ca.pem"',
            'error: mail.ca_file: means nothing beside security = "none"',
        ),
        (
            SERVER + "port = 465",
            "warning: mail.port: is where servers speak TLS from the first byte on",
        ),
        (SERVER + "port = 0", "error: mail.port: must be between 1 and 65535, not 0"),
        (
            SERVER + 'security = "ssl"',
            'error: mail.security: must be starttls, tls or none, not "ssl"',
        ),
        (PEOPLE + 'password = "x"', "error: mail.password: is not a key that is known here"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, written: str, expected: str) -> None:
    assert problem(tmp_path, written) == expected


def test_what_only_a_server_needs_is_refused_without_one(tmp_path: Path) -> None:
    more = 'port = 25\nsecurity = "tls"\nuser = "u"\npassword_file = "/p"\nca_file = "/c"'

    assert [found.key for found in problems(tmp_path, PEOPLE + more)] == [
        "mail.port",
        "mail.security",
        "mail.user",
        "mail.password_file",
        "mail.ca_file",
    ]


def test_a_warning_keeps_nobody_from_mailing(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(TEXT.format(mail=SERVER + 'security = "none"'))
    config = read(str(file)).config

    assert config
    assert config.mail
