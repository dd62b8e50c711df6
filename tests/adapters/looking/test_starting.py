"""Who looks is nobody, and has that checked by us before it is handed anything."""

import contextlib
import os
import pwd
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.looking import starting
from agent.adapters.looking.files import open_regular
from agent.adapters.looking.session import Look
from agent.adapters.looking.starting import Looker, NotLooked, peer_of
from support.builders.databases import make_orders
from support.places import ROOT


def status_of(look: Look) -> dict[str, str]:
    assert look._looker
    assert look._looker._program
    return dict(
        re.findall(r"^(\w+):\t(.+)$", Path(f"/proc/{look._looker._program.pid}/status").read_text(), re.M)
    )


@pytest.fixture
def at_work(look: Look, tmp_path: Path) -> Look:
    handle = open_regular(make_orders(tmp_path / "orders.db", rows=3))
    assert look.ask({"rows": True}, 30, [handle]).rows
    os.close(handle)
    return look


def test_it_has_no_rights_and_no_way_to_any(at_work: Look) -> None:
    status = status_of(at_work)
    assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


def test_of_root_it_is_a_user_that_nobody_is_with_one_directory_and_no_network(
    at_work: Look, as_root: None
) -> None:
    status = status_of(at_work)
    [user] = {int(number) for number in status["Uid"].split()}
    assert user in starting.USERS
    with pytest.raises(KeyError):
        pwd.getpwuid(user)
    assert status["Groups"].strip() == ""
    assert at_work._looker
    assert at_work._looker._program
    process = Path(f"/proc/{at_work._looker._program.pid}")
    assert (process / "root").readlink() == at_work.place / "room"
    assert (process / "ns" / "net").readlink() != Path("/proc/self/ns/net").readlink()
    held = {str(link.readlink()).partition(":")[0] for link in (process / "fd").iterdir()}
    assert held <= {"socket", "pipe"}


AS_A_USER = """
import os, sys
from pathlib import Path
from agent.adapters.looking.files import open_regular
from agent.adapters.looking import starting
from agent.adapters.looking.session import Look
import sqlite3
place = Path(sys.argv[1])
starting.BOOT = starting.BOOT.replace("main()", sys.argv[2] + "main()")
with sqlite3.connect(place / "it.db") as db:
    db.execute("CREATE TABLE t (x)")
look = Look(place / "look")
print(look.ask({"rows": True}, 60, [open_regular(place / "it.db")]).rows)
print(look._looker._program.pid, flush=True)
sys.stdin.read()
look.close()
"""


REFUSING = """
import pathlib
def refuse(*_, **__):
    raise PermissionError("no user has a name here")
pathlib.Path.write_text = refuse
"""


@pytest.mark.parametrize("kernel", ["", REFUSING], ids=["giving", "refusing"])
def test_of_a_user_it_is_the_user_and_sees_as_little_as_the_kernel_allows(
    tmp_path: Path, as_root: None, kernel: str
) -> None:
    place = tmp_path / "home"
    place.mkdir()
    tmp_path.chmod(0o711)
    os.chown(place, 12345, 12345)
    command = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", sys.executable, "-c", AS_A_USER]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, place, kernel], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as user:
        assert user.stdout
        assert user.stdout.readline() == "{'t': 0}\n"
        process = Path("/proc", user.stdout.readline().strip())
        root, network = (process / "root").readlink(), (process / "ns" / "net").readlink()
        status = (process / "status").read_text()
        user.communicate("")
    assert (root, "Uid:\t12345\t" in status) == (place / "look" / "room", True)
    assert network != Path("/proc/self/ns/net").readlink()


def test_who_has_a_right_or_is_another_than_was_wanted_is_handed_nothing(look: Look, at_work: Look) -> None:
    assert look._looker
    looker = Looker(look._looker.line, look._looker._program, 1)
    with pytest.raises(NotLooked, match="more rights"):
        looker.require_walls(None)
    for peer in (None, 0, os.geteuid()):
        with pytest.raises(NotLooked, match="more rights"):
            Looker(look._looker.line, None, 0).require_walls(peer)
    Looker(look._looker.line, None, 0).require_walls(61_200)


def test_one_that_keeps_its_rights_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_root: None
) -> None:
    boot = starting.BOOT.replace("main()\n", "").replace(
        "from agent.adapters.looking.child import main",
        "from agent.adapters.looking import child, walls\nwalls.shut_in = lambda *a, **k: None\nchild.main()",
    )
    monkeypatch.setattr(starting, "BOOT", boot)
    handle = open_regular(make_orders(tmp_path / "orders.db", rows=3))
    with contextlib.closing(Look(tmp_path / "look")) as look, pytest.raises(NotLooked, match="more rights"):
        look.ask({"rows": True}, 30, [handle])
    os.close(handle)


def test_one_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "BOOT", "raise SystemExit('no room for me')")
    why = "ended with status 1 no room for me"
    with contextlib.closing(Look(tmp_path / "look")) as look, pytest.raises(NotLooked, match=why):
        look.ask({"rows": True}, 30)


def test_the_kernel_says_who_writes() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        theirs.sendall(b"x")
        assert peer_of(ours.recvmsg(10, 100)[1]) == os.geteuid()
    assert peer_of([(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", 1))]) is None
