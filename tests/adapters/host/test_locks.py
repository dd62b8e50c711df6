"""One readiness at a time works on a repository or a process, and others go on meanwhile."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.host.locks import exclusive, marked
from agent.adapters.host.state import prepare
from agent.errors import Busy, Exit, StateError
from support.builders.ledger_records import python

HOLDER = """
import sys, time
from pathlib import Path
from agent.adapters.host.locks import exclusive, marked
with exclusive(Path(sys.argv[1]), ["repository.primary", "process.orders"]):
    print("held", flush=True)
    time.sleep(60)
"""

HOLDER_WITH_A_CHILD = """
import subprocess, sys, time
from pathlib import Path
from agent.adapters.host.locks import exclusive, marked
with exclusive(Path(sys.argv[1]), ["repository.primary"]):
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    print(child.pid, flush=True)
    time.sleep(60)
"""

PRIMARY = ["repository.primary"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def holder(state: Path) -> Iterator["subprocess.Popen[str]"]:
    """Somebody else, who works on process orders and the primary repository."""
    child = python(HOLDER, state)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def kill(holder: "subprocess.Popen[str]") -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()


@pytest.mark.parametrize("name", ["repository.primary", "process.orders"])
def test_a_second_readiness_leaves_at_once_and_names_the_first(
    state: Path, holder: "subprocess.Popen[str]", name: str
) -> None:
    words = rf"Another readiness \(PID {holder.pid}\) is at work on {name.replace('.', ' ')}\."
    with pytest.raises(Busy, match=words) as caught, exclusive(state, [name]):
        pass
    assert caught.value.exit == Exit.BUSY == 75


def test_work_on_something_else_goes_on(state: Path, holder: "subprocess.Popen[str]") -> None:
    with exclusive(state, ["process.mail", "repository.planb"]) as killed:
        assert not killed


def test_a_refusal_leaves_nothing_held(state: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(Busy), exclusive(state, ["process.mail", "repository.primary"]):
        pass
    with exclusive(state, ["process.mail"]):
        pass


def test_the_locks_die_with_their_process(state: Path, holder: "subprocess.Popen[str]") -> None:
    kill(holder)
    with exclusive(state, PRIMARY):
        assert (state / "locks" / "repository.primary").read_text() == f"{os.getpid()}\n"


def test_only_what_a_killed_holder_held_is_to_be_cleaned_up(
    state: Path, holder: "subprocess.Popen[str]"
) -> None:
    kill(holder)
    with exclusive(state, ["repository.primary", "process.mail"]) as killed:
        assert killed == {"repository.primary"}
    with exclusive(state, ["process.orders"]) as killed:
        assert killed == {"process.orders"}
    with exclusive(state, ["repository.primary", "process.orders"]) as killed:
        assert not killed


def test_a_refusal_does_not_hide_that_somebody_was_killed(
    state: Path, holder: "subprocess.Popen[str]"
) -> None:
    kill(holder)
    with (
        exclusive(state, PRIMARY),
        pytest.raises(Busy),
        exclusive(state, ["process.orders", "repository.primary"]),
    ):
        pass
    with exclusive(state, ["process.orders"]) as killed:
        assert killed


def test_a_child_does_not_keep_the_lock_of_a_killed_parent(state: Path) -> None:
    parent = python(HOLDER_WITH_A_CHILD, state)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        kill(parent)
        parent.stdout.close()
        os.kill(child, 0)  # it is still there
        with exclusive(state, PRIMARY):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_lock_is_free_again_after_the_block_and_after_an_error(state: Path) -> None:
    with pytest.raises(ValueError, match="inside"), exclusive(state, PRIMARY):
        raise ValueError("inside")
    with exclusive(state, PRIMARY) as killed:
        assert not killed
    assert (state / "locks" / "repository.primary").read_text() == ""


def test_a_refused_lock_keeps_the_number_of_its_holder(state: Path, holder: "subprocess.Popen[str]") -> None:
    for _ in range(2):
        with pytest.raises(Busy, match=f"PID {holder.pid}"), exclusive(state, PRIMARY):
            pass


def test_a_lock_file_that_is_a_link_is_not_followed(state: Path, tmp_path: Path) -> None:
    (prepare(state) / "locks").mkdir()
    (tmp_path / "precious").write_text("keep")
    (state / "locks" / "repository.primary").symlink_to(tmp_path / "precious")
    with pytest.raises(StateError, match="a lock file is a symbolic link"), exclusive(state, PRIMARY):
        pass
    assert (tmp_path / "precious").read_text() == "keep"


def test_the_mark_of_a_killed_holder_and_of_one_at_work_can_be_seen(
    state: Path, holder: "subprocess.Popen[str]"
) -> None:
    names = ["process.orders", "process.mail", "repository.primary"]
    held = ["process.orders", "repository.primary"]
    assert marked(state, names) == held
    kill(holder)
    assert marked(state, names) == held
    with exclusive(state, names):
        pass
    assert marked(state, names) == []
