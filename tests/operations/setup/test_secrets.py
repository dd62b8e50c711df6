"""Files that hold secrets are there, readable by us, and by nobody else."""

from pathlib import Path

import pytest

from agent.core.configuration.location import FileFacts
from support.doubles.fake_machine import FakeMachine, noted_of, the_note


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


@pytest.fixture
def machine(file: Path) -> FakeMachine:
    return FakeMachine(str(file))


PASSWORD = [
    (None, "is not there"),
    (FileFacts("file", 0o644, 0, 44), "open to every user"),
    (FileFacts("file", 0o640, 0, 44), "open to its whole group"),
    (FileFacts("file", 0o600, 0, 0), "is empty"),
    (FileFacts("directory", 0o700), "no file"),
]


@pytest.mark.parametrize(("facts", "because"), PASSWORD, ids=[row[1] for row in PASSWORD])
def test_a_password_file_must_be_there_private_and_filled(
    machine: FakeMachine, file: Path, facts: FileFacts | None, because: str
) -> None:
    machine.files.pop("/etc/p")
    if facts:
        machine.files["/etc/p"] = facts
    noted = the_note(machine, file)
    assert noted.at == ("repository", "primary", "password_file")
    assert because in noted.message


WITH_ENVIRONMENT = ('password_file = "/etc/p"', 'password_file = "/etc/p"\nenvironment_file = "/etc/e"')


def test_an_environment_file_that_restic_could_not_use_is_a_problem(machine: FakeMachine, file: Path) -> None:
    noted = the_note(machine, file, WITH_ENVIRONMENT)
    assert (noted.at, noted.message) == (
        ("repository", "primary", "environment_file"),
        "/etc/e cannot be read.",
    )


def test_an_environment_file_holds_secrets_too(machine: FakeMachine, file: Path) -> None:
    machine.files["/etc/e"] = FileFacts("file", 0o640, 0, 44)
    noted = the_note(machine, file, WITH_ENVIRONMENT)
    assert noted.message == "/etc/e is open to its whole group (mode 0640)"
    assert noted.hint == "Run: chmod 600 /etc/e"
    machine.files["/etc/e"] = FileFacts("file", 0o600, 0, 44)
    assert noted_of(machine, file, WITH_ENVIRONMENT) == []


@pytest.mark.parametrize(("mode", "said"), [(0o640, 0), (0o660, 1), (0o650, 1), (0o644, 1)])
def test_what_init_writes_for_the_service_is_closed_and_no_more_than_that(
    machine: FakeMachine, file: Path, mode: int, said: int
) -> None:
    for path in ("/etc/p", "/etc/e"):
        machine.files[path] = FileFacts("file", mode, 0, 44, of_service=True)
    assert len(noted_of(machine, file, WITH_ENVIRONMENT)) == 2 * said


def test_a_linked_password_file_is_judged_by_its_target(machine: FakeMachine, file: Path) -> None:
    machine.links["/etc/p"] = "/secret/p"
    machine.files["/secret/p"] = FileFacts("file", 0o604, 0, 44)
    assert the_note(machine, file).hint == "Run: chmod 600 /secret/p"


def test_the_hint_is_the_very_command_that_closes_the_password_file(machine: FakeMachine, file: Path) -> None:
    machine.files["/etc/p"] = FileFacts("file", 0o644, 0, 44)
    assert the_note(machine, file).hint == "Run: chmod 600 /etc/p"


def test_a_password_file_of_somebody_else_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unreadable.add("/etc/p")
    assert "may not be read" in the_note(machine, file).message
