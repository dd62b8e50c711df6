"""A drill's room is removed whole, whatever came back into it, and nothing beside it is touched."""

import os
import signal
from pathlib import Path

import pytest

from agent.adapters.drilling.scratch import scratch_room, sweep
from support.builders.ledger_records import python

DRILL = """
import sys, time
from pathlib import Path
from agent.adapters.drilling.scratch import scratch_room
with scratch_room(Path(sys.argv[1])) as room:
    (room.tree / "file").write_text("restored")
    print(room.room, flush=True)
    time.sleep(60)
"""

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


def test_the_room_of_a_drill_at_work_stays_and_that_of_a_killed_one_goes(tmp_path: Path) -> None:
    drills = [python(DRILL, tmp_path) for _ in range(2)]
    try:
        dead, alive = (Path((drill.stdout or pytest.fail()).readline().strip()) for drill in drills)
        os.kill(drills[0].pid, signal.SIGKILL)
        drills[0].wait()
        sweep(tmp_path)
        assert not dead.exists()
        assert (alive / "tree" / "file").read_text() == "restored"
    finally:
        for drill in drills:
            drill.kill()
            drill.communicate()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_takes_nothing_that_is_not_a_drills_room(tmp_path: Path) -> None:
    theirs = tmp_path / "drill-theirs"
    theirs.mkdir()
    (theirs / "file").touch()
    (tmp_path / "drill-file").touch()
    (tmp_path / "drill-link").symlink_to(theirs)
    (tmp_path / "drill-just-begun").mkdir()
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["drill-file", "drill-link", "drill-theirs"]


def test_a_sweep_of_a_scratch_that_is_not_there_yet_is_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "scratch")
