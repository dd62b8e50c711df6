"""What a proof command cannot get at: sockets of the machine, its shared memory, users of its own."""

import os
import shlex
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.sandbox import walls
from agent.adapters.sandbox.inside import WALLS
from agent.adapters.sandbox.sockets import listening
from agent.adapters.sandbox.walled import Sandbox
from support.servers.walled_machine import LIMITS, PYTHON, Machine, walled_machine

NAMESPACES = (
    "unshare --user true",
    "unshare --user --map-root-user true",
    "unshare --user --map-root-user --net --mount true",
    f"{PYTHON} -c 'import ctypes; exit(ctypes.CDLL(None).unshare(0x10000000) != 0)'",
    "echo 9 >/proc/sys/user/max_user_namespaces",
)
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with walled_machine(tmp_path) as made:
        yield made


@pytest.fixture
def srv() -> Iterator[Path]:
    """A directory that is neither in /tmp nor in /run."""
    with tempfile.TemporaryDirectory(dir="/srv") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def server(srv: Path) -> Iterator[str]:
    """A database of the machine that takes everybody's calls."""
    with listener(srv / "it's a socket") as name:
        yield name


@contextmanager
def listener(place: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))
        place.chmod(0o777)
        made.listen()
        yield str(place)


@pytest.mark.parametrize("attempt", NAMESPACES)
def test_it_cannot_make_itself_root_of_anything(machine: Machine, attempt: str) -> None:
    run = machine.shell(attempt)
    assert (run.unusable, run.status == 0) == ("", False)
    assert "no-user-namespaces" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_where_the_kernel_gives_it_no_namespace_the_command_runs_all_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        walls, "CLOSING", walls.CLOSING.replace("unshare --user --map-root-user true", "false")
    )
    run = machine.shell("id -u; grep CapBnd /proc/self/status")
    assert run.stdout.split() == [str(machine.sandbox._user), "CapBnd:", "0" * 16]
    assert "without no-user-namespaces" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_a_socket_of_the_machine_does_not_answer(machine: Machine, server: str) -> None:
    assert os.system(shlex.join([PYTHON, "-c", CONNECT, server])) == 0
    assert machine.run(PYTHON, "-c", CONNECT, server).status == 1
    assert machine.sandbox.isolation == WALLS


@pytest.mark.usefixtures("as_root")
def test_one_that_answers_all_the_same_is_said(
    machine: Machine, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "MOST_SOCKETS", len(listening()) - 1)
    machine.shell("true")
    assert "without no-outside-sockets" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_more_names_than_an_argument_takes_are_said_and_end_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "agent.adapters.sandbox.walled.listening", lambda: [f"/srv/{n:0100}" for n in range(900)]
    )
    assert machine.shell("true").unusable == ""
    assert "without no-outside-sockets" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_a_socket_among_the_live_data_is_no_socket_of_the_restored_ones(srv: Path) -> None:
    """The application listens at its data; so does the copy of it that a proof starts on restored data."""
    machine = Machine(srv)
    name = machine.live / "app.sock"
    own = f"import os, socket; s = socket.socket(socket.AF_UNIX); s.bind({str(name)!r}); s.listen()"
    with listener(name):
        assert machine.run(PYTHON, "-c", CONNECT, str(name)).status == 1
        left_behind = machine.run(PYTHON, "-c", own)
        assert (left_behind.status, left_behind.stderr) == (0, "")
        machine.shell("true")
    assert machine.sandbox.isolation == WALLS


def test_the_machines_shared_memory_is_not_the_commands(machine: Machine) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as ours:
        Path(ours.name).chmod(0o666)
        assert machine.shell(f"test -e {ours.name}").status == 1
    assert "private-shared-memory" in machine.sandbox.isolation


@pytest.mark.usefixtures("as_root")
def test_shared_memory_of_the_machine_in_sight_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.adapters.sandbox.walled._possible_namespaces", lambda: walls.FULL[1:])
    tree = Path(tempfile.mkdtemp(dir="/srv")) / "tree"
    tree.mkdir()
    tree.parent.chmod(0o711)
    sandbox = Sandbox(tree, [], [], LIMITS)
    assert sandbox.run(("true",), 30).unusable == ""
    assert "without private-shared-memory" in sandbox.isolation
    tree.rmdir()
    tree.parent.rmdir()
