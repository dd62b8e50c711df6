"""What the process that looks gives up is gone, and its limits hold."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.places import ROOT

TRIES = """
import json, os, resource, socket, sys
sys.path.append(sys.argv[1])
from agent.adapters.looking import walls
room, user = os.open(sys.argv[2], os.O_RDONLY), int(sys.argv[3])
victim = os.open(sys.argv[4], os.O_RDONLY)
walls.shut_in(room, user=user, rooted=True, alone=True)
walls.limit(1000)

def tried(what):
    try:
        return what() or "done"
    except (OSError, ValueError) as error:
        return type(error).__name__

def write_much():
    with open("much", "wb") as file:
        file.write(bytes(2000))

def take_memory():
    try:
        bytearray(2 << 30)
    except MemoryError:
        return "MemoryError"

print(json.dumps({
    "users": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "sees": os.listdir("/"),
    "up": tried(lambda: os.listdir("../../..") and None),
    "root": tried(lambda: os.setresuid(0, 0, 0)),
    "chroot": tried(lambda: os.chroot(".")),
    "fork": tried(os.fork) if os.getuid() else "",
    "file": tried(write_much),
    "memory": tried(take_memory),
    "limits": tried(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))),
    "kill": tried(lambda: os.kill(os.getppid(), 0)),
}))
"""


@pytest.fixture
def tried(tmp_path: Path, as_root: None) -> dict[str, Any]:
    room = tmp_path / "room"
    room.mkdir()
    room.chmod(0o777)
    (room / "database").touch()
    command = [sys.executable, "-I", "-S", "-c", TRIES, ROOT, room, "61999", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_that_was_given_up_comes_back(tried: dict[str, Any]) -> None:
    assert set(tried["users"]) == {61999}
    assert tried["sees"] == ["database"]
    assert {name: tried[name] for name in ("root", "chroot", "fork", "kill", "limits")} == {
        "root": "PermissionError",
        "chroot": "PermissionError",
        "fork": "BlockingIOError",
        "kill": "PermissionError",
        "limits": "ValueError",
    }
    assert (tried["file"], tried["memory"]) == ("OSError", "MemoryError")


def test_the_room_is_all_there_is(tried: dict[str, Any]) -> None:
    assert tried["up"] == "done"  # which leads to the room itself
    assert os.getuid() == 0


LIMITED = """
import json, resource, sys
sys.path.append(sys.argv[1])
from agent.adapters.looking import walls
names = ("CPU", "FSIZE", "NOFILE", "NPROC", "CORE")
for name in names[:3]:
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (500, 600))
walls.limit(1 << 40)
print(json.dumps([resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names]))
"""


def test_less_than_ours_is_no_reason_to_fall(as_root: None) -> None:
    """`ulimit -t 600` in the shell or the unit that started us: nobody looked into anything."""
    command = ["setpriv", "--bounding-set=-sys_resource", sys.executable, "-I", "-S", "-c", LIMITED, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[600, 600]] * 3 + [[0, 0]] * 2
