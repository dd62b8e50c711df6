"""Starts the process that looks: a unit of systemd for the service, for anybody else a child of our own.

Either is another user than we are, or has at least nothing in reach but one directory, before it is handed
anything. A user who is not root has nobody else to be: there the kernel's walls stand alone, as far as it
lets us have them.
"""

import os
import re
import signal
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import agent
from agent.adapters.host.command import CommandMissing, Running
from agent.adapters.host.identity import is_service
from agent.core.text.plain import printable
from agent.errors import ReadinessError

UNIT = "readiness-look.socket"
SOCKET = "/run/readiness-look/socket"
DYING_SECONDS = 2.0
USERS = range(61184, 65520)  # IDs that systemd keeps for users without a name
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
# -S: what is installed beside Python is not even looked for
BOOT = """\
import sys
sys.dont_write_bytecode = True
sys.path.append(sys.argv[1])
from agent.adapters.looking.child import main
main()
"""


class NotLooked(ReadinessError):
    """Nobody looked into a file: there is no process to look with, or it was ended. `message` says why."""

    is_late = False


class Looker:
    """A process that looks, and the line to it."""

    def __init__(self, line: socket.socket, program: Running | None, user: int) -> None:
        self.line = line
        self.held, self._lifeline = os.pipe2(os.O_CLOEXEC)  # the end that is for it, and ours
        self._program = program
        self._user = user

    def require_walls(self, peer: int | None) -> None:
        """NotLooked unless it is who it should be and has no rights; `peer` is the user that wrote to us."""
        if self._program is None:
            sound = peer not in (None, 0, os.geteuid())
        else:
            sound = self._is_nobody(self._program.pid)
        if not sound:
            raise NotLooked("the process that looks has more rights than it may have")

    def _is_nobody(self, pid: int) -> bool:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:  # some machines hide from users what is not theirs, and who looks is no more
            if self._user == os.geteuid() != 0:
                return True
            raise
        found = dict(re.findall(r"^(\w+):\t(.+)$", status, re.M))
        users = {int(number) for number in found["Uid"].split()}
        rights = [int(found[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")]
        return users == {self._user} and not any(rights) and found["NoNewPrivs"] == "1"

    def end(self) -> None:
        """End it, whatever it is at."""
        self.line.close()
        os.close(self._lifeline)  # where it is at work, the kernel kills it
        os.close(self.held)
        if self._program:
            self._program.stop_signal = signal.SIGKILL
            self._program.stop()

    def how_it_ended(self) -> str:
        """What is known of one that is gone."""
        until = time.monotonic() + DYING_SECONDS
        while self._program and time.monotonic() < until:
            ended = self._program.look()
            if ended and ended.status < 0:
                return f"it was ended by {signal.Signals(-ended.status).name}"
            if ended:
                said = printable(ended.stderr.decode("ascii", "replace").strip().rpartition("\n")[2])
                return f"it ended with status {ended.status} {said[:200]}".rstrip()
            time.sleep(0.01)
        return "it ended"


def start() -> tuple[Looker, dict[str, object]]:
    """A process that looks, and what has to be told to it first."""
    if is_service():
        return _of_systemd(), {"user": 0, "rooted": True, "alone": False}
    return _of_ours()


def _of_systemd() -> Looker:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    try:
        line.connect(SOCKET)
    except OSError as error:
        line.close()
        raise NotLooked(
            f"there is nobody to look into it, because {SOCKET} does not answer ({error.strerror})",
            f"Run: systemctl start {UNIT}",
        ) from error
    return Looker(line, None, 0)


def _of_ours() -> tuple[Looker, dict[str, object]]:
    is_root = os.geteuid() == 0
    user = _spare_user() if is_root else 0
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    place = str(Path(agent.__file__).parents[1])
    python = [sys.executable, "-I", "-S", "-c", BOOT, place]
    with theirs:
        try:
            program = Running(python, env=ENVIRONMENT, cwd="/", stdin=theirs.fileno())
        except CommandMissing as error:
            ours.close()
            raise NotLooked(error.message.rstrip("."), error.hint) from error
    wishes: dict[str, object] = {"user": user, "rooted": is_root, "alone": True}
    return Looker(ours, program, user or os.getuid()), wishes


def _spare_user() -> int:
    """A user ID that runs nothing now."""
    running = set()
    for name in os.listdir("/proc"):
        with suppress(OSError):
            running.add(os.stat(f"/proc/{name}").st_uid)  # noqa: PTH116
    first = (os.getpid() + time.monotonic_ns() // 1_000_000) % len(USERS)
    candidates = (*USERS[first:], *USERS[:first])
    return next((user for user in candidates if user not in running), USERS[first])


def peer_of(ancillary: Sequence[tuple[int, int, bytes]]) -> int | None:
    """The user that wrote a message, as the kernel says."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            user: int = struct.unpack("iII", data[:12])[1]
            return user
    return None
