"""Our command line without its start: an interpreter that has imported all of it forks for each run.

To start Python and to import ours costs more than most commands do, and the tests run some thousands of
them. Each run is a process of its own here too: environment, directory, umask, streams, signals, children
and exit status are its own; only the imports were done before. Tests of the process itself start a real one.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]  # the interpreter that forks knows no package of the tests
REQUEST = 1 << 20  # bytes at most
# what Python takes from the environment once, when it starts
AT_START = ("PYTHON", "LANG", "LC_", "MALLOC", "LD_")

CLOCK = "READINESS_TEST_CLOCK"  # how many seconds ahead a run is to believe that it is

# ---- here, where the tests are


class ForkedCli:
    """One such interpreter; it ends with us."""

    def __init__(self) -> None:
        self.started_with = _at_start(os.environ)
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._asking, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[bytes]":
        """`readiness ARGUMENTS`, waited for."""
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        number = 0
        try:
            asked = {"argv": list(arguments), "environ": dict(environment), "umask": _umask()}
            try:
                socket.send_fds(self._asking, [json.dumps(asked).encode()], [out_end, err_end])
            finally:
                os.close(out_end)
                os.close(err_end)
            number = int(self._asking.recv(100))
            stdout, stderr = _drained(out, err)
            status = int(self._asking.recv(100))
        except BaseException:  # as of a test that takes too long: the next one begins with another
            if number:
                os.kill(number, signal.SIGKILL)
            self.close()
            the_forked_cli.cache_clear()
            raise
        finally:
            os.close(out)
            os.close(err)
        return subprocess.CompletedProcess(["readiness", *arguments], status, stdout, stderr)

    def close(self) -> None:
        self._asking.close()
        self._process.wait()


@cache
def the_forked_cli() -> ForkedCli:
    """The one of this test process."""
    made = ForkedCli()
    atexit.register(made.close)
    return made


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a run with this environment is the same when it is forked."""
    return _at_start(environment) == the_forked_cli().started_with


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _drained(*pipes: int) -> list[bytes]:
    """All that comes out of them until nobody holds their other ends."""
    heard = {pipe: bytearray() for pipe in pipes}
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, 1 << 16)
                heard[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
    return [bytes(heard[pipe]) for pipe in pipes]


# ---- there


def serve(number: int) -> None:
    """Fork for every request, until nobody is left who could ask."""
    sys.path[0] = ""  # as for `python -m`
    importlib.invalidate_caches()
    package = importlib.import_module("agent")
    for module in pkgutil.walk_packages(package.__path__, "agent."):
        importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # else every child would copy what it collects
    with socket.socket(fileno=number) as asked:
        while True:
            request, descriptors, *_ = socket.recv_fds(asked, REQUEST, 2)
            if not request:
                return
            child = os.fork()
            if child == 0:
                asked.close()
                _become(json.loads(request), *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            asked.send(b"%d" % child)
            _, ended = os.waitpid(child, 0)
            asked.send(b"%d" % os.waitstatus_to_exitcode(ended))


def _become(request: dict[str, Any], out: int, err: int) -> None:
    """What a new process of ours would be, and its whole life."""
    try:
        for descriptor, stream in ((out, 1), (err, 2)):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(request["environ"])
        time.tzset()
        os.umask(request["umask"])
        _move_clock(int(os.environ.pop(CLOCK, 0)))
        sys.argv = [str(ROOT / "agent/__main__.py"), *request["argv"]]
        sys.modules["agent.__main__"].main()
    except BaseException:  # noqa: BLE001 - nothing may go on here as the one that forks
        traceback.print_exc()
    os._exit(1)


def _move_clock(seconds: int) -> None:
    """Ahead, for all that is judged; what is measured is measured as ever."""
    if seconds:
        clock = sys.modules["agent.app.clock"].SystemClock
        clock.now = lambda self: datetime.now(UTC) + timedelta(seconds=seconds)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
