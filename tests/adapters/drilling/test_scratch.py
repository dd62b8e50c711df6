"""A drill's room is removed whole, whatever came back into it, and nothing beside it is touched."""

import fcntl
import os
import signal
from pathlib import Path

import pytest

from agent.adapters.drilling.scratch import MARKER, scratch_room, sweep
from agent.errors import StateError
from support.builders.ledger_records import python

DRILL = """
import sys, time
from pathlib import Path
from agent.adapters.drilling.scratch import scratch_room
with scratch_room(Path(sys.argv[1]) / "scratch", Path(sys.argv[1]) / "state") as room:
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
    with scratch_room(tmp_path / "scratch", tmp_path / "state") as room:
        for name in files:
            (room.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (room.tree / name).write_text("content")

    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_links_lead_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "below" / "file").write_text("live")
    with scratch_room(tmp_path / "scratch", tmp_path / "state") as room:
        (room.tree / "only-a-link").symlink_to(outside)
        for number in range(30):
            (room.tree / f"only-a-link-{number}").symlink_to(outside / "below")

    assert (outside / "below" / "file").read_text() == "live"
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("mode", [0o000, 0o500, 0o100])
def test_a_closed_directory_goes_too(tmp_path: Path, mode: int) -> None:
    with scratch_room(tmp_path / "scratch", tmp_path / "state") as room:
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
        sweep(tmp_path / "scratch", tmp_path / "state")
        assert not dead.exists()
        assert (alive / "tree" / "file").read_text() == "restored"
    finally:
        for drill in drills:
            drill.kill()
            drill.communicate()
    sweep(tmp_path / "scratch", tmp_path / "state")
    assert os.listdir(tmp_path / "scratch") == []


def test_a_sweep_takes_nothing_that_is_not_a_drills_room(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    theirs = scratch / "drill-theirs"
    theirs.mkdir(parents=True)
    (theirs / "file").touch()
    (scratch / "drill-file").touch()
    (scratch / "drill-link").symlink_to(theirs)
    (scratch / "drill-just-begun").mkdir()
    sweep(scratch, tmp_path / "state")
    assert sorted(os.listdir(scratch)) == ["drill-file", "drill-link", "drill-theirs"]


def test_a_sweep_of_a_scratch_that_is_not_there_yet_is_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "scratch", tmp_path / "state")


# ---- under foreign hands ----------------------------------------------------------------------

NOBODY = 65534


@pytest.fixture
def theirs(tmp_path: Path, as_root: None) -> Path:
    """A scratch that another user made before us."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    os.chown(scratch, NOBODY, NOBODY)
    return scratch


def test_a_scratch_that_somebody_else_made_is_refused(theirs: Path) -> None:
    with (
        pytest.raises(StateError, match=r"is not safe from others: .*scratch belongs to user nobody"),
        scratch_room(theirs, theirs.parent / "state"),
    ):
        pytest.fail("files of the business would lie in his hands")
    assert os.listdir(theirs) == []


def test_so_is_one_below_a_directory_of_his_and_nothing_is_made_there(theirs: Path) -> None:
    for below in ("ours", "ours/deeper"):
        with pytest.raises(StateError), scratch_room(theirs / below, theirs.parent / "state"):
            pytest.fail("he may put a link in its place")
    assert os.listdir(theirs) == []


def test_so_is_one_to_which_his_link_leads(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "link").symlink_to("victim")
    os.chown(tmp_path / "link", NOBODY, NOBODY, follow_symlinks=False)
    for scratch in (tmp_path / "link", tmp_path / "link/below"):
        with pytest.raises(StateError) as refused, scratch_room(scratch, tmp_path / "state"):
            pytest.fail("it may lead anywhere tomorrow")
        assert refused.value.hint
    assert os.listdir(tmp_path / "victim") == []


def test_nothing_is_removed_where_he_may_swap_it_for_something_else(theirs: Path) -> None:
    room = theirs / "drill-1"
    room.mkdir()
    (room / MARKER).touch()
    with pytest.raises(StateError, match="belongs to user nobody"):
        sweep(theirs, theirs.parent / "state")
    assert room.exists()


def test_a_directory_for_all_with_the_sticky_bit_may_be_the_scratch(tmp_path: Path) -> None:
    """As /var/tmp: nobody else can rename what is ours there."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch").chmod(0o1777)
    (tmp_path / "link").symlink_to("scratch")
    with scratch_room(tmp_path / "link", tmp_path / "state") as room:
        assert room.room.stat().st_mode & 0o777 == 0o700


def test_a_lock_that_somebody_else_holds_on_the_scratch_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir(mode=0o755)
    theirs = os.open(tmp_path / "scratch", os.O_RDONLY)
    fcntl.flock(theirs, fcntl.LOCK_EX)
    signal.alarm(5)
    with scratch_room(tmp_path / "scratch", tmp_path / "state"):
        sweep(tmp_path / "scratch", tmp_path / "state")
    signal.alarm(0)
    os.close(theirs)
