"""What there is to see of the sources: every path of every process, and what a sandbox hides."""

import json
from pathlib import Path

import pytest

from agent.adapters.sources.view import RECORDED
from agent.app import view
from agent.core.snapshot.view import parse_mounts
from support.builders.shop import config, process

SHOP = config(process("orders", paths=("/proc/self", "/")), process("mail", paths=("/proc",)))


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RECORDED, raising=False)


def test_every_path_is_shown_with_its_file_system() -> None:
    paths, findings = view.look(SHOP)
    assert [(one["process"], one["path"]) for one in paths] == [
        ("orders", "/proc/self"),
        ("orders", "/"),
        ("mail", "/proc"),
    ]
    assert (paths[0]["type"], paths[2]["type"]) == ("proc", "proc")
    assert findings == []


def test_what_was_recorded_here_hides_nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view.record(SHOP, str(tmp_path / "view"))
    monkeypatch.setenv(RECORDED, str(tmp_path / "view"))
    assert set(json.loads((tmp_path / "view").read_text())["roots"]) == {"/proc/self", "/", "/proc"}
    assert view.look(SHOP)[1] == []


def test_a_mount_that_was_not_there_outside_is_found_for_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.record(SHOP, str(tmp_path / "view"))
    seen = json.loads((tmp_path / "view").read_text())
    mounts = parse_mounts(Path("/proc/self/mountinfo").read_text())
    seen["roots"]["/proc"] = seen["roots"]["/"][:1]
    seen["groups"] = [mount.master for mount in mounts]
    (tmp_path / "view").write_text(json.dumps(seen))
    monkeypatch.setenv(RECORDED, str(tmp_path / "view"))
    [finding] = view.look(SHOP)[1]
    assert (finding.code, finding.process, finding.path) == ("view-differs", "mail", "/proc")
