"""Where a repository lies, told apart without keeping it."""

from hashlib import sha256

import pytest

from agent.core.configuration.config import Repository
from agent.core.configuration.whereabouts import address, leads_to, same_address

NAS = "sftp:backup@nas:/restic"


def at(url: str, *options: str, **more: str) -> Repository:
    return Repository(name="primary", url=url, password_file="/p", options=options, **more)


def before(url: str) -> str:
    """As records of before hold it."""
    return sha256(url.encode()).hexdigest()[:16]


@pytest.mark.parametrize("other", ["/mnt/repo/", "local:/mnt/repo", "/mnt//repo", "/mnt/./repo/"])
def test_a_local_path_is_the_same_however_it_is_written(other: str) -> None:
    assert address(at("/mnt/repo")) == address(at(other))
    assert same_address(before(other), at(other)), "as it was noted by an older readiness"
    assert not same_address(address(at("/mnt/repo2")), at(other))


def test_a_user_and_a_password_make_no_other_place() -> None:
    assert address(at("rest:https://shop:secret@nas:8000/shop")) == address(at("rest:https://nas:8000/shop/"))
    assert same_address(before("rest:https://nas:8000/shop"), at("rest:https://shop:secret@nas:8000/shop"))


def test_nothing_of_a_password_with_an_at_sign_is_in_it_and_what_was_noted_with_it_still_counts() -> None:
    odd = at("rest:https://shop:secret@tail@nas:8000/shop/")

    assert address(odd) == address(at("rest:https://nas:8000/shop"))
    assert same_address(f"{before('rest:https://tail@nas:8000/shop')}.0.0", odd), "as it was noted until now"
    assert same_address(before("rest:https://tail@nas:8000/shop/"), odd), "as it was noted at first"
    assert not same_address(f"{before('rest:https://tail@nas:8000/shop')}.1.0", odd)


@pytest.mark.parametrize(
    ("url", "noted"),
    [
        ("sftp:backup@nas:/restic", "68f7838e30f742c4.0.0"),
        ("rest:https://shop:secret@nas:8000/shop", "7018e5efd8b98062.0.0"),
        ("/srv/a@b", "ab10c4de337fa7fa.0.0"),
    ],
)
def test_an_address_stays_what_the_ledgers_hold(url: str, noted: str) -> None:
    assert address(at(url)) == noted


@pytest.mark.parametrize(
    ("option", "other"),
    [
        ("sftp.command=ssh -p 22 backup@nas -s sftp", "sftp.command=ssh -p 2222 backup@nas -s sftp"),
        ("sftp.command=ssh nas -s sftp", "sftp.command=ssh other -s sftp"),
        ("sftp.command=ssh nas -s sftp", "sftp.command=ssh -J gate nas -s sftp"),
        ("sftp.command=/usr/local/bin/to-nas1", "sftp.command=/usr/local/bin/to-nas2"),
        ("sftp.args=-o HostName=10.0.0.1", "sftp.args=-o HostName=10.0.0.2"),
        ("", "sftp.args=-p 2222"),
    ],
)
def test_options_that_lead_elsewhere_make_another_place(option: str, other: str) -> None:
    assert address(at(NAS, option)) != address(at(NAS, other))
    assert not same_address(address(at(NAS, option)), at(NAS, other))
    assert same_address(before(NAS), at(NAS, other)), "nothing is known of the options of then"


@pytest.mark.parametrize(
    ("option", "other"),
    [
        ("sftp.command=ssh -i /a nas -s sftp", "sftp.command=/usr/bin/ssh -4 -i /b nas -s sftp"),
        ("sftp.args=-i /a", "sftp.args=-i /b -o ServerAliveInterval=60"),
        ("sftp.command=sshpass -p secret ssh nas", "sftp.command=sshpass -p other ssh nas"),
        ("", "sftp.connections=5"),
        ("", "s3.region=eu-west-1"),
    ],
)
def test_a_key_or_patience_makes_none(option: str, other: str) -> None:
    assert address(at(NAS, option)) == address(at(NAS, other))


def test_an_environment_file_may_lead_elsewhere_and_its_secrets_do_not() -> None:
    one, other = {"OS_AUTH_URL": "https://one"}, {"OS_AUTH_URL": "https://other"}
    assert leads_to(one) != leads_to(other)
    assert leads_to(one) == leads_to({**one, "OS_PASSWORD": "secret", "AWS_SECRET_ACCESS_KEY": "secret"})
    assert leads_to({"RCLONE_CONFIG_NAS_PASS": "secret"}) == leads_to({})

    def there(**known: str) -> Repository:
        return at("swift:box:/", environment_file="/etc/env", leads=leads_to(known))

    assert same_address(address(there(**one)), there(**one))
    assert not same_address(address(there(**one)), there(**other))
    assert same_address(address(there(**one)), at("swift:box:/", environment_file="/etc/env")), "unreadable"
    assert same_address(address(at("swift:box:/")), there(AWS_ACCESS_KEY_ID="x")), "only a key came"
