"""`readiness init` and `readiness validate` as a person at a terminal meets them, with a real restic."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli import run

Readiness = Callable[..., int]

needs_restic = pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("orders", "shop"):
        (tmp_path / "srv" / name).mkdir(parents=True)
        (tmp_path / "srv" / name / "file").write_text("content")
    return tmp_path


@pytest.fixture
def readiness(place: Path) -> Readiness:
    def call(*arguments: str) -> int:
        return run(["--config", str(place / "etc" / "readiness.toml"), *arguments])

    return call


def begin(readiness: Readiness, place: Path, *more: str) -> int:
    sources = [str(place / "srv" / name) for name in ("orders", "shop")]
    return readiness("init", "--state", str(place / "state"), *more, *sources)


@needs_restic
def test_a_set_up_is_valid_at_once_with_a_warning_for_the_single_device(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place) == 0
    written = capsys.readouterr().out
    assert written.startswith(f"Ready to begin: 2 critical processes in {place}/etc/readiness.toml.\n")
    assert f"KEEP A COPY of {place}/etc/primary.password" in written
    assert readiness("validate") == 0
    answer = capsys.readouterr().out
    assert answer.startswith("The config is good: 2 processes, 1 repository. 1 warning:\n")
    assert "repository.primary.url: warning: lies on the same device as orders, shop" in answer
    assert "until [mail] there is filled in, nobody is told when something is wrong" in written


@needs_restic
def test_that_nobody_is_told_is_a_sentence_and_no_problem(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = place / "etc" / "readiness.toml"
    begin(readiness, place)
    before, said = config.read_text(), []
    for more in (
        "",
        '[alarm]\nping = "https://hc/x"\n',
        '[mail]\nfrom = "a@x.example"\nadmin = ["a@x.example"]',
    ):
        config.write_text(before + more)
        capsys.readouterr()
        statuses = readiness("validate"), readiness("status")
        said.append("".join(capsys.readouterr().out.split()))  # a path may be cut
        assert statuses[1] == 3
        assert statuses[0] == 0 or "sendmail" in said[-1]

    sentence = f"istoldwhensomethingiswrong:thereisno[mail]in{config}."
    assert said[0].count(f"Nobody{sentence}") == 2
    assert said[1].count(f"Onlytheoutsidewatcher{sentence}") == 2
    assert "istold" not in said[2]


@needs_restic
def test_init_and_validate_have_their_json(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place, "--json") == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (made["schema"], made["exit"]) == ("readiness.init/1", 0)
    assert [process["name"] for process in made["result"]["processes"]] == ["orders", "shop"]
    assert readiness("validate", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "readiness.validate/1"
    (problem,) = found["result"]["problems"]
    assert (problem["severity"], problem["key"]) == ("warning", "repository.primary.url")


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


@needs_restic
def test_every_problem_of_file_and_machine_is_named_at_once(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(readiness, place) == 0
    config = place / "etc" / "readiness.toml"
    config.write_text(config.read_text().replace('rpo = "24h" ', 'rpoo = "1h" ', 1))
    (place / "etc" / "primary.password").chmod(0o644)
    shutil.rmtree(place / "srv" / "shop")
    capsys.readouterr()
    assert readiness("validate") == 78
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"3 problems and 1 warning in {config}:"
    blocks = "\n".join(lines)
    assert 'process.orders.rpoo: is not a key that is known here\n    Did you mean "rpo"?' in blocks
    assert f"    Run: chmod 600 {place}/etc/primary.password" in lines
    assert f"process.shop.paths[0]: {place}/srv/shop is not there" in blocks


@pytest.mark.parametrize(
    "content", [b"", b"\0\1\2", b"[[[", b"\xff\xfe", b"x = " + b"[" * 9999, b"[process]", None], ids=repr
)
def test_whatever_the_config_is_the_end_is_78_with_a_sentence_and_no_traceback(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (place / "etc").mkdir()
        (place / "etc" / "readiness.toml").write_bytes(content)
    assert readiness("validate") == 78
    printed = capsys.readouterr()
    assert f"in {place}/etc/readiness.toml:" in printed.out.splitlines()[0]
    assert "Traceback" not in printed.out + printed.err


def test_a_hostile_key_cannot_move_the_cursor(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "etc").mkdir()
    (place / "etc" / "readiness.toml").write_text(
        '"\\u001b[2J" = "\\u001b[31m"\n[process."\\u009b"]\npaths = []\n'
    )
    assert readiness("validate") == 78
    assert "\x1b" not in capsys.readouterr().out
