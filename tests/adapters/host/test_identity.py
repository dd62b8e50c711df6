"""Who we are: as root on the service's state its user, with some of root's rights over files."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.host import identity
from agent.adapters.host.identity import RESTORING, has_file_rights, is_service
from support.places import ROOT

NOBODY = pwd.getpwnam("nobody")
# what a process is after each step, where "nobody" is the service's user
BECOMES = """
import os, sys
from agent.adapters.host import identity
from agent.errors import StateError
config, state, identity.SERVICE_USER, identity.INSTALLED, identity.INSTALLED_CONFIG = sys.argv[1:]
try:
    identity.become_service(config, state)
except StateError as error:
    print(os.geteuid(), "refused:", error.message)
    sys.exit()
print(os.geteuid(), identity.has_file_rights(), identity.is_service(), end=" ")
identity.take_file_rights()
print(identity.has_file_rights(), oct(identity._effective()), sorted(os.getgroups()), end=" ")
identity.give_up_rights()
print(oct(identity._permitted()))
"""


def becomes(
    state: Path, service_user: str = "nobody", config: str = "/none", installed_config: str = "/nowhere"
) -> list[str]:
    words = (config, str(state), service_user, "/", installed_config)
    command = [sys.executable, "-c", BECOMES, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(" ", 4)


@pytest.fixture
def state(tmp_path: Path, as_root: None) -> Path:
    place = tmp_path / "state"
    place.mkdir()
    os.chown(place, NOBODY.pw_uid, NOBODY.pw_gid)
    return place


def test_root_on_the_services_state_becomes_its_user_and_may_only_read_everything(state: Path) -> None:
    user, may_give_away, service, *_ = becomes(state)
    assert (user, may_give_away, service) == (str(NOBODY.pw_uid), "False", "True")


def test_what_was_kept_for_a_restore_can_be_taken_up(state: Path) -> None:
    may_give_away, rest = becomes(state)[3:]
    assert may_give_away == "True"
    assert rest.split()[0] == oct(sum(1 << right for right in RESTORING))


def test_none_of_roots_groups_is_kept_and_rights_can_be_given_up(state: Path) -> None:
    assert becomes(state)[4].split(maxsplit=1)[1].strip() == f"[{NOBODY.pw_gid}] 0x0".replace("0x0", "0o0")


def test_on_a_state_of_its_own_root_stays_root(state: Path, tmp_path: Path) -> None:
    assert becomes(state, "daemon")[0] == "0"
    assert becomes(state, "no-such-user")[0] == "0"
    assert becomes(tmp_path / "none")[0] == "0"


@pytest.mark.parametrize("through", ["", "link"])
def test_on_the_installed_config_root_becomes_the_user_whatever_state_it_names(
    state: Path, tmp_path: Path, through: str
) -> None:
    """`state = "/var/lib/dpkg"` kept root root, with a config that this user could write."""
    config = installed = tmp_path / "readiness.toml"
    config.touch()
    if through:
        config = tmp_path / through
        config.symlink_to(installed)
    places = {"config": str(config), "installed_config": str(installed)}

    assert becomes(state, **places)[0] == str(NOBODY.pw_uid)
    assert becomes(tmp_path / "not made yet", **places)[0] == str(NOBODY.pw_uid)
    user, *said = becomes(tmp_path, **places)
    assert (user, said[0]) == (str(NOBODY.pw_uid), "refused:")
    assert "does not belong to the service's user" in " ".join(said)


def test_what_root_has_run_as_that_user_has_the_rights_of_a_restore_and_no_other(as_root: None) -> None:
    looking = [
        *identity.as_restorer(NOBODY),
        "grep",
        "-E",
        "^(Uid|Cap(Eff|Prm|Bnd)|NoNewPrivs)",
        "/proc/self/status",
    ]
    shown = subprocess.run(looking, capture_output=True, text=True, check=True).stdout.split()

    assert shown[1:5] == [str(NOBODY.pw_uid)] * 4
    assert {int(word, 16) for word in shown if len(word) == 16} == {sum(1 << right for right in RESTORING)}
    assert shown[-1] == "1"


def test_root_is_no_service_and_may_give_files_away(as_root: None) -> None:
    assert (has_file_rights(), is_service()) == (True, False)


def test_a_user_without_any_right_is_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
    monkeypatch.setattr(identity, "_effective", lambda: 0)
    assert (has_file_rights(), is_service()) == (False, False)
    monkeypatch.setattr(identity, "_effective", lambda: 1 << 35)  # to wake the machine, as who logs in may
    assert (has_file_rights(), is_service()) == (False, False)
