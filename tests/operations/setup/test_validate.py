"""`readiness validate`: what only the machine can tell, against a machine made of a dictionary."""

from pathlib import Path

import pytest

from agent.config import read, with_noted
from agent.core.configuration.location import FileFacts
from agent.core.configuration.problem import Noted
from agent.errors import ResticError
from support.doubles.fake_machine import CONFIG, FakeMachine, noted_of, the_note


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readiness.toml"


@pytest.fixture
def machine(file: Path) -> FakeMachine:
    return FakeMachine(str(file))


def test_a_machine_on_which_all_is_well_has_no_problem(machine: FakeMachine, file: Path) -> None:
    assert noted_of(machine, file) == []


# ---- restic and the config itself ---------------------------------------------------------------


def test_a_missing_restic_is_said_in_its_own_words(machine: FakeMachine, file: Path) -> None:
    machine.restic = ResticError("restic is not installed.", "Install it.", "restic-missing")
    noted = the_note(machine, file)
    assert (noted.at, noted.message) == (("agent", "restic"), "restic is not installed.")


def test_a_url_with_a_password_wants_a_config_that_nobody_else_reads(
    machine: FakeMachine, file: Path
) -> None:
    machine.files[str(file)] = FileFacts("file", 0o644)
    assert noted_of(machine, file) == []
    noted = the_note(machine, file, ('url = "/backup"', 'url = "rest:https://user@shop:hunter2@nas/"'))
    assert "holds a password" in noted.message
    assert "hunter2" not in noted.message + noted.hint


# ---- repositories -------------------------------------------------------------------------------


def test_a_local_repository_must_be_there(machine: FakeMachine, file: Path) -> None:
    del machine.files["/backup"]
    noted = the_note(machine, file)
    assert noted.at == ("repository", "primary", "url")
    assert "restic init -r /backup -p /etc/p" in noted.hint


def test_a_directory_without_a_repository_is_told_from_a_missing_one(
    machine: FakeMachine, file: Path
) -> None:
    del machine.files["/backup/config"]
    assert "holds no restic repository" in the_note(machine, file).message


def test_a_repository_that_we_may_not_write_is_a_problem(machine: FakeMachine, file: Path) -> None:
    machine.unwritable.add("/backup")
    assert "may not be read and written" in the_note(machine, file).message


def test_a_remote_repository_is_not_looked_for_here(machine: FakeMachine, file: Path) -> None:
    del machine.files["/backup"]
    assert noted_of(machine, file, ('"/backup"', '"sftp:nas:/backup"')) == []


# ---- together with the file ---------------------------------------------------------------------


def test_what_the_machine_says_has_the_line_of_its_key(file: Path) -> None:
    file.write_text(CONFIG)
    reading = with_noted(read(str(file)), str(file), [Noted(("process", "shop", "paths", 0), "is not there")])
    assert [(problem.line, problem.key) for problem in reading.problems] == [(11, "process.shop.paths[0]")]


def test_a_key_that_is_wrong_in_itself_is_not_judged_by_the_machine(file: Path) -> None:
    file.write_text(CONFIG.replace('"/state"', "5"))
    noted = [Noted(("agent", "state"), "cannot be written"), Noted(("agent", "scratch"), "cannot be written")]
    reading = with_noted(read(str(file)), str(file), noted)
    assert [problem.message for problem in reading.problems] == ["must be text in quotes, not 5"]
