"""The environment of a repository's restic comes from a file, and reaches nothing but restic."""

import json
import os
import pwd
from pathlib import Path

import pytest

from agent.adapters.host import trusted
from agent.adapters.restic.environment_file import read_environment
from agent.adapters.restic.repository import Restic
from agent.core.configuration.config import Repository
from agent.errors import ResticError
from support.builders.readiness_cli import PASSED, Shop, fill, not_tested

CANARY = "canary-4711"


def written(tmp_path: Path, text: str | bytes, mode: int = 0o600) -> str:
    file = tmp_path / "environment"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return str(file)


def refused(file: str) -> str:
    with pytest.raises(ResticError) as caught:
        read_environment(file)
    assert caught.value.code == "environment-file-wrong"
    assert caught.value.hint
    assert CANARY not in caught.value.message + caught.value.hint
    return caught.value.message


def test_names_and_values_are_read_and_comments_are_not(tmp_path: Path) -> None:
    text = (
        '# the cloud\n\nAWS_ACCESS_KEY_ID = id\nAWS_SECRET_ACCESS_KEY=a=b#c\n  QUOTED="two words"\nEMPTY=\n'
    )
    assert read_environment(written(tmp_path, text)) == {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "a=b#c",
        "QUOTED": "two words",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (f"{CANARY}  # of 2026", "a # behind the value"),
        (f"{CANARY}\t#", "a # behind the value"),
        ("# not yet", "a # behind the value"),
        (f'"{CANARY}" # of 2026', "begins with a quote"),
        (f"'{CANARY}\"", "begins with a quote"),
        (f'"{CANARY}', "begins with a quote"),
        (f'"a" {CANARY} "b"', "begins with a quote"),
        ('"', "begins with a quote"),
        (f'{CANARY}"', "ends with a quote"),
        (f"{CANARY}\\", "ends with a quote or a backslash"),
    ],
)
def test_what_might_become_part_of_a_secret_is_refused(tmp_path: Path, value: str, what: str) -> None:
    said = refused(written(tmp_path, f"GOOD=1\nKEY={value}\n"))
    assert what in said and "ine 2 of" in said


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("'a # b'", "a # b"),
        ('"a # b\\"', "a # b\\"),
        ("a#b", "a#b"),
        ("it's", "it's"),
        ('\'{"a": "b"}\'', '{"a": "b"}'),
        ('{"a": "b"}', '{"a": "b"}'),
        ("''", ""),
        ("value\r", "value"),
    ],
)
def test_a_value_in_quotes_is_taken_as_it_stands(tmp_path: Path, value: str, meant: str) -> None:
    assert read_environment(written(tmp_path, f"KEY={value}\n")) == {"KEY": meant}


def test_no_file_is_no_environment() -> None:
    assert read_environment("") == {}


def test_the_services_own_group_may_read_it(tmp_path: Path) -> None:
    assert read_environment(written(tmp_path, "A=b", 0o640)) == {"A": "b"}


def test_one_that_somebody_else_may_write_or_replace_is_refused(tmp_path: Path, as_root: None) -> None:
    """What it sets decides what restic starts."""
    file = written(tmp_path, f"A={CANARY}")
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(file, nobody, -1)
    assert refused(file) == f"The environment file {file} belongs to user nobody."
    os.chown(file, 0, -1)
    os.chown(tmp_path, nobody, -1)
    assert refused(file).endswith(f"may be replaced by others: {tmp_path} belongs to user nobody.")
    os.chown(tmp_path, 0, -1)
    assert read_environment(file) == {"A": CANARY}


def test_our_own_user_does_not_decide_with_rights_beyond_his(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, f"A={CANARY}")
    monkeypatch.setattr(trusted, "is_service", lambda: True)
    monkeypatch.setattr(trusted, "_ALWAYS", {4711})
    assert "may be replaced by others" in refused(file)


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    assert f"open to others (mode {mode:04o})" in refused(written(tmp_path, f"A={CANARY}", mode))


@pytest.mark.parametrize(
    "line", [f"export KEY={CANARY}", CANARY, f"={CANARY}", f"A-B={CANARY}", f"A=\0{CANARY}"]
)
def test_a_malformed_line_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    assert "Line 2 of" in refused(written(tmp_path, f"GOOD=1\n{line}\n"))


@pytest.mark.parametrize(
    "name", ["RESTIC_REPOSITORY", "RESTIC_PASSWORD", "RESTIC_FROM_PASSWORD", "LD_PRELOAD"]
)
def test_what_we_set_ourselves_is_refused(tmp_path: Path, name: str) -> None:
    assert f"sets {name}, which readiness sets itself" in refused(written(tmp_path, f"{name}={CANARY}"))


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(str(tmp_path / "nowhere"))
    assert "no small regular file" in refused(str(tmp_path))
    assert "UTF-8" in refused(written(tmp_path, b"A=\xff"))
    assert "no small regular file" in refused(written(tmp_path, "A=b\n" * 100_000))
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert "no small regular file" in refused(str(tmp_path / "fifo"))


def test_restic_gets_options_and_environment_with_every_call(tmp_path: Path) -> None:
    program = tmp_path / "restic"
    program.write_text(f'#!/bin/sh\necho "$KEY $*" >> {tmp_path}/calls\necho restic 0.18.0\n')
    program.chmod(0o700)
    repository = Repository(
        name="planb",
        url="/nowhere",
        password_file="/dev/null",
        options=("sftp.args=-p 2299", "s3.region=eu"),
        environment_file=written(tmp_path, f"KEY={CANARY}"),
    )
    restic = Restic(str(program), repository, str(tmp_path / "cache"), 20)
    restic.unlock()
    with pytest.raises(ResticError):
        restic.through_cache(str(tmp_path)).repository_id()
    unlocked, looked = (tmp_path / "calls").read_text().splitlines()
    assert unlocked.startswith(f"{CANARY} -o sftp.args=-p 2299 -o s3.region=eu unlock")
    assert looked.startswith(f"{CANARY} --json -o sftp.args=-p 2299 -o s3.region=eu cat config")


def test_a_wrong_environment_file_is_no_test_and_one_sentence(newest_restic: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    fill(shop.source, files=3, big=0)
    file = written(tmp_path, f"KEY={CANARY}")
    shop.config.write_text(
        shop.config.read_text().replace("[process", f"environment_file = {json.dumps(file)}\n[process", 1)
    )
    assert shop.snapshot().says == PASSED
    Path(file).chmod(0o644)
    for verb in ("snapshot", "drill"):
        result = shop.run(verb)
        assert result.says == not_tested("environment-file-wrong")
    assert CANARY not in (shop.state / "ledger.db").read_bytes().decode("latin-1")
