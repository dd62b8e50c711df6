"""One restic that reaches two repositories: what it is given of each, and when it cannot."""

from pathlib import Path
from typing import Any

import pytest

from agent.adapters.restic.calls import ResticCalls
from agent.adapters.restic.copy import Copier
from agent.core.configuration.config import Repository
from agent.errors import ResticError
from support.doubles.playing_restic import calls_of, playing

IDS = ("ab" * 32, "cd" * 32)


def side(program: Path, name: str, **changes: Any) -> ResticCalls:
    fields = {"name": name, "url": f"/srv/{name}", "password_file": f"/etc/{name}"}
    return ResticCalls(str(program), Repository(**{**fields, **changes}), f"/cache/{name}", 20)


def secrets(tmp_path: Path, name: str, text: str) -> str:
    file = tmp_path / name
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return playing(tmp_path, {"copy": []})


def test_it_copies_from_the_source_into_the_target(program: Path) -> None:
    environment = Copier(side(program, "primary"), side(program, "planb")).environment()
    assert environment["RESTIC_REPOSITORY"] == "/srv/planb"
    assert environment["RESTIC_PASSWORD_FILE"] == "/etc/planb"
    assert environment["RESTIC_FROM_REPOSITORY"] == "/srv/primary"
    assert environment["RESTIC_FROM_PASSWORD_FILE"] == "/etc/primary"


def test_options_of_both_are_given_once(program: Path) -> None:
    source, target = side(program, "a", options=("x=1", "y=2")), side(program, "b", options=("y=2", "z=3"))
    assert Copier(source, target).options() == ["-o", "x=1", "-o", "y=2", "-o", "z=3"]


def test_the_environment_of_both_is_there(program: Path, tmp_path: Path) -> None:
    source = side(program, "a", environment_file=secrets(tmp_path, "a", "AWS_ACCESS_KEY_ID=key\n"))
    target = side(program, "b", environment_file=secrets(tmp_path, "b", "B2_ACCOUNT_ID=account\n"))
    environment = Copier(source, target).environment()
    assert (environment["AWS_ACCESS_KEY_ID"], environment["B2_ACCOUNT_ID"]) == ("key", "account")


def test_the_source_is_not_locked_and_snapshots_keep_their_order(program: Path) -> None:
    Copier(side(program, "primary"), side(program, "planb")).copy(IDS)
    assert calls_of(program) == [["--json", "copy", "--no-lock", *IDS]]


def test_what_one_restic_cannot_be_told_of_both_is_refused_before_it_begins(
    program: Path, tmp_path: Path
) -> None:
    source = side(program, "a", environment_file=secrets(tmp_path, "a", "AWS_ACCESS_KEY_ID=one\n"))
    target = side(program, "b", environment_file=secrets(tmp_path, "b", "AWS_ACCESS_KEY_ID=two\n"))
    with pytest.raises(ResticError) as refused:
        Copier(source, target).copy(IDS)
    assert refused.value.code == "copy-impossible"
    assert 'fed_by = "snapshot"' in refused.value.hint
    assert "one" not in refused.value.message.split() and calls_of(program) == []


def test_a_copy_that_did_not_end_well_is_an_error(tmp_path: Path) -> None:
    program = playing(tmp_path, {"copy": [{"err": "write: no space left on device\n"}, {"exit": 1}]})
    with pytest.raises(ResticError) as refused:
        Copier(side(program, "primary"), side(program, "planb")).copy(IDS)
    assert refused.value.code == "no-space"


WRITING = "Save(<lock/e0>) returned error: open /srv/planb/locks/e0-tmp-5: operation not permitted"


@pytest.mark.parametrize(
    ("said", "code", "side_of", "hint"),
    [
        (WRITING, "restic-failed", "target", "quota"),
        ("Save(<data/e0>) returned error: 507 Insufficient", "restic-failed", "target", "quota"),
        ("unable to create lock in backend: read-only file system", "restic-failed", "target", "quota"),
        ("Load(<data/e0>): /srv/primary/data/e0/e0: strange", "restic-failed", "", "by hand"),
        ("open /srv/primary/data/e0: input/output error", "repository-unreachable", "source", ""),
        ("Load(<data/e0>): ciphertext verification failed", "repository-damaged", "", "its disk"),
        ("/srv/planb/index/e0: ciphertext verification failed", "repository-damaged", "target", "its disk"),
    ],
)
def test_the_side_that_is_to_blame_is_read_from_what_restic_says(
    tmp_path: Path, said: str, code: str, side_of: str, hint: str
) -> None:
    program = playing(tmp_path, {"copy": [{"err": f"{said}\n"}, {"exit": 1}]})
    with pytest.raises(ResticError) as refused:
        Copier(side(program, "primary"), side(program, "planb")).copy(IDS)
    error = refused.value
    assert (error.code, error.of_target) == (code, side_of == "target")
    assert error.of_source == (side_of == "source")
    assert hint in error.hint
