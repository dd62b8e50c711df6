"""`readiness init` as a person at a terminal meets it, with a real restic."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.cli import init as module
from agent.cli import run
from agent.errors import UsageError
from agent.operations.setup.initialise import Initialised, Wish
from support.builders.first_steps import init_of, on_machine, with_sources

Readiness = Callable[..., int]

needs_restic = pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return with_sources(tmp_path)


@pytest.fixture
def readiness(place: Path) -> Readiness:
    return partial(on_machine, place)


def begin(readiness: Readiness, place: Path, *more: str) -> int:
    return readiness(*init_of(place, *more))


@needs_restic
def test_it_says_what_was_made_and_what_to_keep(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place) == 0
    written = capsys.readouterr().out
    assert written.startswith(f"Ready to begin: 2 critical processes in {place}/etc/readiness.toml.\n")
    assert f"KEEP A COPY of {place}/etc/primary.password" in written
    assert "until [mail] there is filled in, nobody is told when something is wrong" in written


@needs_restic
def test_init_has_its_json(readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert begin(readiness, place, "--json") == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (made["schema"], made["exit"]) == ("readiness.init/1", 0)
    assert [process["name"] for process in made["result"]["processes"]] == ["orders", "shop"]


@needs_restic
def test_a_second_init_is_refused_and_a_forced_one_keeps_the_repository(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place) == 0
    password = (place / "etc" / "primary.password").read_text()
    assert begin(readiness, place) == 2
    assert "exists already" in capsys.readouterr().err
    assert begin(readiness, place, "--force") == 0
    assert "(was there, ID " in capsys.readouterr().out
    assert (place / "etc" / "primary.password").read_text() == password


@needs_restic
def test_a_repository_with_another_password_is_left_alone(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place) == 0
    arguments = ("init", "--state", str(place / "state"), str(place / "srv" / "shop"))
    assert run(["--config", str(place / "other" / "r.toml"), *arguments]) == 3
    assert "its password is not known here" in capsys.readouterr().err
    assert list((place / "other").iterdir()) == []


def done(**changes: Any) -> Initialised:
    fields = {
        "config_file": "/etc/readiness/readiness.toml",
        "password_file": "/etc/readiness/primary.password",
        "password_is_new": True,
        "repository": "/srv/backup",
        "repository_id": "0123456789abcdef",
        "repository_is_new": True,
        "state": "/var/lib/readiness",
        "processes": (("orders", "/srv/orders"),),
        "warnings": (),
    }
    return Initialised(**{**fields, **changes})


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: str, **changes: Any
) -> str:
    monkeypatch.setattr(module, "initialise", lambda wish: done(config_file=wish.config_file, **changes))
    assert run(["--config", config, "init", "/srv/orders"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ("/etc/readiness/readiness.toml", "  readiness validate\n"),
        ("/root/r.toml", "  readiness --config /root/r.toml validate\n"),
    ],
)
def test_the_next_commands_name_a_config_that_is_not_in_its_usual_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: str, line: str
) -> None:
    assert line in said(monkeypatch, capsys, config)


def test_warnings_stand_below_and_move_no_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "\nWarning: one disk\\x1b\n" in said(monkeypatch, capsys, "/r.toml", warnings=("one disk\x1b",))


def test_without_options_the_state_is_the_usual_one_and_nothing_is_forced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wishes: list[Wish] = []

    def initialise(wish: Wish) -> Initialised:
        wishes.append(wish)
        raise UsageError("exists already")

    monkeypatch.setattr(module, "initialise", initialise)
    assert run(["--config", "/r.toml", "init", "/srv/orders", "/srv/shop"]) == 2
    [wish] = wishes
    assert (wish.state, wish.force, wish.repository) == ("/var/lib/readiness", False, "")
    assert wish.directories == ("/srv/orders", "/srv/shop")


def test_without_a_directory_it_is_wrong_usage() -> None:
    assert run(["init"]) == 2
