"""Where things lie: which repositories are on this machine, and what is inside of what."""

import pytest

from agent.core.configuration.location import (
    PASSWORD_IN_URL,
    directories_above,
    is_excluded,
    is_inside,
    is_loopback,
    local_path,
    missing_secret_hint,
    without_password,
)


def test_a_repository_on_this_machine_has_a_local_path() -> None:
    assert [local_path(url) for url in ("/srv/r", "local:/srv/r", "sftp:h:/r", "/srv/a:b")] == [
        "/srv/r",
        "/srv/r",
        None,
        "/srv/a:b",
    ]


def test_a_directory_of_a_similar_name_is_not_inside() -> None:
    assert is_inside("/srv/orders/x", "/srv/orders")
    assert is_inside("/srv", "/")
    assert not is_inside("/srv/orders2", "/srv/orders")


def test_a_password_in_an_address_is_blanked_and_the_name_stays() -> None:
    assert without_password("rest:https://me:hunter2@nas:8000/r") == "rest:https://me:***@nas:8000/r"
    assert without_password("sftp:me@nas:/r") == "sftp:me@nas:/r"
    assert without_password("rest:https://nas:8000/a:b@c") == "rest:https://nas:8000/a:b@c"


@pytest.mark.parametrize("password", ["b@c", "b:d@c@", "@", "p?a@#"])
def test_a_password_may_hold_what_else_ends_it(password: str) -> None:
    url = f"rest:https://me:{password}@nas:8000/r@1"

    assert without_password(url) == "rest:https://me:***@nas:8000/r@1"
    assert PASSWORD_IN_URL.search(url)


def test_what_never_leaves_the_machine_is_known_by_its_address_and_by_no_name_but_one() -> None:
    hosts = (
        "localhost",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "127.0.0.1.example",
        "10.0.0.1",
        "localhost.example",
    )

    assert [host for host in hosts if is_loopback(host)] == ["localhost", "127.0.0.1", "127.9.9.9", "::1"]


def test_the_directories_above_a_path_go_up_to_the_root() -> None:
    assert list(directories_above("/srv/orders/x")) == ["/srv/orders", "/srv", "/"]
    assert list(directories_above("/")) == []


def test_what_lies_in_an_excluded_directory_is_excluded() -> None:
    assert is_excluded("/srv/cache/deep/x", ("/srv/cache",))
    assert is_excluded("/srv/orders/x.tmp", ("*.tmp",))
    assert not is_excluded("/srv/orders/x", ("/srv/cache", "*.tmp"))
    assert not is_excluded("/srv/orders/x", ())


def test_what_to_do_about_a_missing_secret_depends_on_whether_it_is_a_credential() -> None:
    assert missing_secret_hint("/etc/readiness/p", "repository").startswith("Write the repository's password")
    assert "/etc/readiness/credentials/primary, and run" in missing_secret_hint(
        "/run/credentials/readiness.service/readiness_primary", "repository"
    )
