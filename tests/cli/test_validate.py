"""`readiness validate` as a person at a terminal meets it, with a real restic."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support.builders.first_steps import init_of, on_machine, with_sources

Readiness = Callable[..., int]

needs_restic = pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return with_sources(tmp_path)


@pytest.fixture
def readiness(place: Path) -> Readiness:
    return partial(on_machine, place)


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine after `readiness init`, which takes a while; no test changes more than its config."""
    place = with_sources(tmp_path_factory.mktemp("machine"))
    assert on_machine(place, *init_of(place)) == 0
    return place


@needs_restic
def test_a_set_up_is_valid_at_once_with_a_warning_for_the_single_device(
    set_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on_machine(set_up, "validate") == 0
    answer = capsys.readouterr().out
    assert answer.startswith("The config is good: 2 processes, 1 repository. 1 warning:\n")
    assert "repository.primary.url: warning: lies on the same device as orders, shop" in answer
    assert "\n\nWhere copies lie: primary: same disk.\n" in answer


@needs_restic
def test_validate_has_its_json(set_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert on_machine(set_up, "validate", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "readiness.validate/1"
    (problem,) = found["result"]["problems"]
    assert (problem["severity"], problem["key"]) == ("warning", "repository.primary.url")
    assert [tuple(one.values()) for one in found["result"]["places"]] == [
        ("primary", name, "same-disk", "") for name in ("orders", "shop")
    ]


@needs_restic
def test_that_nobody_is_told_is_a_sentence_and_no_problem(
    set_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = set_up / "etc" / "readiness.toml"
    before, said = config.read_text(), []
    for more in (
        '[mail]\nfrom = "a@x.example"\nadmin = ["a@x.example"]',
        '[alarm]\nping = "https://hc/x"\n',
        "",
    ):
        config.write_text(before + more)
        capsys.readouterr()
        statuses = on_machine(set_up, "validate"), on_machine(set_up, "status")
        said.insert(0, "".join(capsys.readouterr().out.split()))  # a path may be cut
        assert statuses[1] == 3
        assert statuses[0] == 0 or "sendmail" in said[0]

    sentence = f"istoldwhensomethingiswrong:thereisno[mail]in{config}."
    assert said[0].count(f"Nobody{sentence}") == 2
    assert said[1].count(f"Onlytheoutsidewatcher{sentence}") == 2
    assert "istold" not in said[2]


@needs_restic
def test_every_problem_of_file_and_machine_is_named_at_once(
    readiness: Readiness, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert readiness(*init_of(place)) == 0
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
