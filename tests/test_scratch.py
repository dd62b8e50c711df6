"""A drill's room is removed whole, whatever came back into it, and nothing beside it is touched."""

import os
from pathlib import Path

import pytest

from agent.adapters.scratch import scratch_room

TREES = {
    "one file at the end of a chain": ["a/b/c/d/file"],
    "a few branches": ["a/b/one/file", "a/b/two/file", "a/b/file"],
    "more branches than are handed out": [f"a/{n}/file" for n in range(300)],
    "one crowded directory": [f"a/{n}" for n in range(1500)],
    "odd names": ["a/-rf", "a/ ", "a/new\nline", "a/*", "a/b/c"],
    "nothing": [],
}


@pytest.mark.parametrize("files", TREES.values(), ids=TREES.keys())
def test_a_room_goes_with_everything_in_it(tmp_path: Path, files: list[str]) -> None:
    with scratch_room(tmp_path / "scratch") as room:
        for name in files:
            (room.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (room.tree / name).write_text("content")

    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_links_lead_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "below" / "file").write_text("live")
    with scratch_room(tmp_path / "scratch") as room:
        (room.tree / "only-a-link").symlink_to(outside)
        for number in range(30):
            (room.tree / f"only-a-link-{number}").symlink_to(outside / "below")

    assert (outside / "below" / "file").read_text() == "live"
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("mode", [0o000, 0o500, 0o100])
def test_a_closed_directory_goes_too(tmp_path: Path, mode: int) -> None:
    with scratch_room(tmp_path / "scratch") as room:
        for name in ("a/closed", "a/open"):
            (room.tree / name).mkdir(parents=True)
            (room.tree / name / "file").write_text("content")
        (room.tree / "a" / "closed").chmod(mode)

    assert os.listdir(tmp_path / "scratch") == []
