"""`readiness view`: on which file systems the paths lie."""

import json
from pathlib import Path

import pytest

from agent.adapters.sources.view import RECORDED
from agent.app import view
from support.builders.recorded_shop import readiness, recorded_shop
from support.builders.shop import wrong


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(RECORDED, raising=False)
    config = recorded_shop(tmp_path)
    config.write_text(config.read_text().replace("/srv/orders", "/proc/self"))
    return tmp_path


def test_each_path_has_its_file_system(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert readiness(place, "view") == 0
    assert capsys.readouterr().out == "orders: /proc/self lies on proc proc\n"


def test_what_the_sandbox_hides_is_bad(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(view, "look", lambda _: ([], [wrong("view-differs")]))
    assert readiness(place, "view") == 1
    assert "view-differs: This is view-differs." in capsys.readouterr().out


def test_it_is_recorded_only_where_that_is_asked_for(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readiness(place, "view", "--json")
    assert json.loads(capsys.readouterr().out)["schema"] == "readiness.view/1"
    before = set(place.iterdir())
    readiness(place, "view", "--record", str(place / "view.json"))
    assert set(place.iterdir()) - before == {place / "view.json"}
