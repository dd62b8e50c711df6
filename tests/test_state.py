"""The state directory and its lock."""

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_records import mounted, python

from agent.adapters.state import exclusive, prepare
from agent.errors import Busy, Exit, StateError

HOLDER = """
import sys, time
from pathlib import Path
from agent.adapters.state import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""

HOLDER_WITH_A_CHILD = """
import subprocess, sys, time
from pathlib import Path
from agent.adapters.state import exclusive
with exclusive(Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def holder(state: Path) -> Iterator["subprocess.Popen[str]"]:
    child = python(HOLDER, state)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_a_missing_directory_is_made_for_us_alone(state: Path) -> None:
    deeper = state / "deeper"
    assert prepare(deeper) == deeper
    assert stat.S_IMODE(deeper.stat().st_mode) == 0o700


def test_an_existing_directory_stays_as_it_is(state: Path) -> None:
    state.mkdir(mode=0o750)
    prepare(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o750


def test_a_file_in_its_place_is_one_clear_sentence(state: Path) -> None:
    state.touch()
    with pytest.raises(StateError, match="cannot be used: it is not a directory"):
        prepare(state)
    with pytest.raises(StateError, match="cannot be used: it is not a directory"):
        prepare(state / "below")


def test_a_dangling_link_in_its_place_is_one_clear_sentence(state: Path) -> None:
    state.symlink_to(state.parent / "nowhere")
    with pytest.raises(StateError, match="cannot be used"):
        prepare(state)


def test_a_directory_of_somebody_else_is_refused(state: Path, as_root: None) -> None:
    state.mkdir(mode=0o700)
    os.chown(state, 65534, -1)
    with pytest.raises(StateError, match="belongs to user nobody, but this is user root"):
        prepare(state)


@pytest.mark.parametrize("mode", [0o770, 0o703, 0o1777])
def test_a_directory_that_others_can_change_is_refused(state: Path, mode: int) -> None:
    state.mkdir()
    state.chmod(mode)
    with pytest.raises(StateError, match="can be changed by other users"):
        prepare(state)


def test_a_read_only_file_system_is_one_clear_sentence(state: Path, as_root: None) -> None:
    with mounted(state, "ro,size=64k,mode=700"):
        with pytest.raises(StateError, match="its file system is read-only"), exclusive(state):
            pass
        with pytest.raises(StateError, match="its file system is read-only"):
            prepare(state / "below")


def test_a_full_disk_is_one_clear_sentence(state: Path, as_root: None) -> None:
    with mounted(state, "size=64k,mode=700"):
        with pytest.raises(OSError, match="No space left"), (state / "other").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        with pytest.raises(StateError, match="is full") as caught, exclusive(state):
            pass
        assert caught.value.code == "state-full"


# ---- the lock -------------------------------------------------------------------------------


def test_a_second_readiness_leaves_at_once_and_names_the_first(
    state: Path, holder: "subprocess.Popen[str]"
) -> None:
    words = rf"Another readiness \(PID {holder.pid}\) is at work on"
    with pytest.raises(Busy, match=words) as caught, exclusive(state):
        pass
    assert caught.value.exit == Exit.BUSY == 75


def test_the_lock_dies_with_its_process(state: Path, holder: "subprocess.Popen[str]") -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with exclusive(state):
        assert (state / "lock").read_text() == f"{os.getpid()}\n"


def test_a_child_does_not_keep_the_lock_of_a_killed_parent(state: Path) -> None:
    parent = python(HOLDER_WITH_A_CHILD, state)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        os.kill(child, 0)  # it is still there
        with exclusive(state):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_lock_is_free_again_after_the_block_and_after_an_error(state: Path) -> None:
    with pytest.raises(ValueError, match="inside"), exclusive(state):
        raise ValueError("inside")
    with exclusive(state):
        pass
    assert (state / "lock").read_text() == ""


def test_a_refused_lock_keeps_the_number_of_its_holder(state: Path, holder: "subprocess.Popen[str]") -> None:
    for _ in range(2):
        with pytest.raises(Busy, match=f"PID {holder.pid}"), exclusive(state):
            pass


def test_a_lock_file_that_is_a_link_is_not_followed(state: Path, tmp_path: Path) -> None:
    prepare(state)
    (tmp_path / "precious").write_text("keep")
    (state / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(StateError, match="its lock file is a symbolic link"), exclusive(state):
        pass
    assert (tmp_path / "precious").read_text() == "keep"
