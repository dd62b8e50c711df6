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
# what a process is after each step, on a state that belongs to the "service's user" nobody
BECOMES = """
import os, sys
from pathlib import Path
from agent.adapters.host import identity
identity.SERVICE_USER = sys.argv[2]
identity.become_owner(Path(sys.argv[1]))
print(os.geteuid(), identity.has_file_rights(), identity.is_service(), end=" ")
identity.take_file_rights()
print(identity.has_file_rights(), oct(identity._effective()), sorted(os.getgroups()))
"""


def becomes(state: Path, service_user: str = "nobody") -> list[str]:
    command = [sys.executable, "-c", BECOMES, str(state), service_user]
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


def test_none_of_roots_groups_is_kept(state: Path) -> None:
    assert becomes(state)[4].split(maxsplit=1)[1].strip() == f"[{NOBODY.pw_gid}]"


def test_on_a_state_of_somebody_else_root_stays_root(state: Path, tmp_path: Path) -> None:
    assert becomes(state, "readiness")[0] == "0"
    assert becomes(tmp_path / "none")[0] == "0"


def test_root_is_no_service_and_may_give_files_away(as_root: None) -> None:
    assert (has_file_rights(), is_service()) == (True, False)


def test_a_user_without_any_right_is_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
    monkeypatch.setattr(identity, "_effective", lambda: 0)
    assert (has_file_rights(), is_service()) == (False, False)
