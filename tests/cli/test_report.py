"""`readiness report`: its formats, the file it goes to, and the exit status."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.cli import run
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot
from support.places import ROOT

Shop = Callable[..., Path]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Writes a config and a ledger with the given records."""
    return partial(recorded_shop, tmp_path)


def result(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_report_exits_0_once_written_whatever_it_says(shop: Shop, capsys) -> None:
    assert run(["report", "--config", str(shop(snapshot(), drill(outcome="failed")))]) == 0
    assert capsys.readouterr().out.startswith("NOT READY")


@pytest.mark.parametrize(
    ("name", "start"),
    [("r.html", "<!DOCTYPE html>"), ("r.json", '{"schema": "readiness.report/1"'), ("r.txt", "READY")],
)
def test_the_format_is_guessed_from_the_extension(shop: Shop, tmp_path: Path, name: str, start: str) -> None:
    config = shop(snapshot(), drill())
    assert run(["report", "--output", str(tmp_path / name), "--config", str(config)]) == 0
    assert (tmp_path / name).read_text().startswith(start)


def test_a_format_that_is_asked_for_wins_over_the_extension(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    run(["report", "--format", "text", "--output", str(target), "--config", str(shop())])
    assert target.read_text().startswith("UNKNOWN")


def test_a_report_in_json_holds_the_words_and_the_numbers(shop: Shop, capsys) -> None:
    run(["report", "--for", "owner", "--json", "--config", str(shop(snapshot(), drill()))])
    answer = result(capsys)
    assert answer["schema"] == "readiness.report/1"
    assert answer["result"]["report"]["state"] == answer["result"]["status"]["verdict"] == "READY"


def test_a_report_in_json_goes_to_the_file_as_well(shop: Shop, tmp_path: Path, capsys) -> None:
    target = tmp_path / "r.json"
    run(["report", "--output", str(target), "--json", "--config", str(shop())])
    assert json.loads(target.read_text())["result"]["status"]["verdict"] == "UNKNOWN"
    assert result(capsys)["result"] == {"file": str(target), "format": "json", "verdict": "UNKNOWN"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_report_can_be_read_by_its_owner_alone(shop: Shop, tmp_path: Path) -> None:
    run(["report", "--output", str(tmp_path / "r.html"), "--config", str(shop())])
    assert mode(tmp_path / "r.html") == 0o600


def test_a_report_that_was_there_keeps_its_permissions(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("old")
    target.chmod(0o644)
    run(["report", "--output", str(target), "--config", str(shop())])
    assert mode(target) == 0o644
    assert "old" not in target.read_text()


def test_a_link_to_a_report_stays_a_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    run(["report", "--output", str(tmp_path / "link.txt"), "--config", str(shop())])
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text().startswith("UNKNOWN")


def test_an_html_report_has_four_pictures_of_every_process(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    run(["report", "--for", "owner", "--output", str(target), "--config", str(shop(drill(), snapshot()))])
    page = target.read_text()
    assert page.count('role="img"') == 4
    assert "<h2>This month</h2>" in page or "<h2>The last 2 months</h2>" in page


@pytest.mark.parametrize("where", ["", "missing/r.html", "r\0.html", "x" * 300])
def test_a_place_that_cannot_be_written_to_is_one_sentence(
    shop: Shop, tmp_path: Path, capsys, where: str
) -> None:
    assert run(["report", "--output", f"{tmp_path}/{where}", "--config", str(shop())]) == 3
    error = capsys.readouterr().err
    assert "cannot be written: " in error
    assert "Traceback" not in error


def test_a_report_that_cannot_be_finished_leaves_nothing_behind(shop: Shop, tmp_path: Path) -> None:
    config = shop()
    target = tmp_path / "out" / "r.html"
    target.parent.mkdir()
    target.mkdir()
    run(["report", "--output", str(target), "--config", str(config)])
    assert os.listdir(target.parent) == ["r.html"]


def test_a_pipe_is_written_to_directly(shop: Shop, tmp_path: Path) -> None:
    script = "import sys; from agent.cli import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, "report", "--output", "/dev/stdout", "--config", str(shop())],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.startswith("UNKNOWN")


def test_an_unknown_audience_is_wrong_usage(shop: Shop) -> None:
    assert run(["report", "--for", "press", "--config", str(shop())]) == 2
