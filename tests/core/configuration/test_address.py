"""Which host a repository's address leads to, as restic and ssh would read it."""

import pytest

from agent.core.configuration.address import HERE, as_configured, destination


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("sftp:nas:/restic", "nas"),
        ("sftp:backup@nas:restic", "nas"),
        ("sftp:backup@nas.example:/a@b/c", "nas.example"),
        ("sftp://backup@nas:2222//restic", "nas"),
        ("sftp://[::1]:2222//restic", "::1"),
        ("sftp:root@[::1]:/restic", "::1"),
        ("rest:https://shop:p:w@nas:8000/shop/", "nas"),
        ("rest:http://127.0.0.1:8000/", "127.0.0.1"),
        ("rest:http+unix:///run/rest.sock:/shop/", HERE),
        ("s3:https://s3.amazonaws.com/bucket", "s3.amazonaws.com"),
        ("s3:s3.amazonaws.com/bucket", "s3.amazonaws.com"),
        ("s3:localhost:9000/bucket", "localhost"),
        ("b2:bucket:shop", ""),
    ],
)
def test_the_host_is_read_from_the_url(url: str, host: str) -> None:
    assert destination(url).host == host


@pytest.mark.parametrize(
    ("option", "host"),
    [
        ("sftp.command=ssh root@localhost -s sftp", "localhost"),
        (
            "sftp.command=/usr/bin/ssh -F none -p2222 -i /k -l me -o BatchMode=yes 127.0.0.1 -s sftp",
            "127.0.0.1",
        ),
        ("sftp.command=ssh -vCp 2222 backup@other -s sftp", "other"),
        ("sftp.command=ssh ssh://me@other:2222 -s sftp", "other"),
        ("sftp.command=ssh -o HostName=localhost nas -s sftp", "localhost"),
        ("sftp.command=ssh -oHostname=localhost nas -s sftp", "localhost"),
        ("sftp.command=/usr/lib/openssh/sftp-server", HERE),
        ("sftp.args=-p 2222 -o HostName=localhost", "localhost"),
        ("sftp.args=-p 2222", "nas"),
        ("sftp.connections=3", "nas"),
        ("sftp.command=ssh -J gate inner -s sftp", "inner"),
    ],
)
def test_a_command_and_arguments_for_sftp_outweigh_the_url(option: str, host: str) -> None:
    assert destination("sftp:backup@nas:/restic", ("s3.region=x", option)).host == host


@pytest.mark.parametrize(
    ("url", "options", "why"),
    [
        ("rclone:cloud:shop", (), "rclone"),
        ("sftp:nas:/r", ("sftp.command=docker exec nas sftp-server",), "command of its own"),
        ("sftp:nas:/r", ("sftp.command=ssh 'open",), "names no host"),
        ("sftp:nas:/r", ("sftp.command=ssh -J gate localhost -s sftp",), "ProxyJump"),
        ("sftp:nas:/r", ("sftp.command=ssh -o ProxyCommand=x localhost -s sftp",), "ProxyJump"),
        ("rest:https://[]/shop", (), "names no host"),
        ("s3:/bucket", (), "names no host"),
    ],
)
def test_what_cannot_be_told_from_the_address_says_why(url: str, options: tuple[str, ...], why: str) -> None:
    found = destination(url, options)
    assert found.host == ""
    assert why in found.unknown


def test_the_configuration_of_ssh_has_the_last_word() -> None:
    alias = destination("sftp:backup@vault:/restic", ("sftp.args=-p 2222",))
    assert alias.ssh == ("ssh", "-p", "2222", "vault")
    assert as_configured(alias, "host vault\nhostname localhost\nport 22\n").host == "localhost"
    assert as_configured(alias, "hostname localhost\nproxyjump none\n").host == "localhost"
    assert "ProxyJump" in as_configured(alias, "hostname localhost\nproxyjump gate\n").unknown
    assert as_configured(alias, "") == alias
    assert destination("rest:https://nas/").ssh == ()
