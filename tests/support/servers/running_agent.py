"""The real service on a small business with plan B, started and ended in every way."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from support.builders.quick_key import empty_repository
from support.builders.readiness_cli import SMALL_PACKS, Shop, fill
from support.places import ROOT
from support.waiting import PATIENCE, until

CONFIG = """
[business]
name = "A small business"
time_zone = "Europe/Berlin"
[agent]
state = "{base}/state"
scratch = "{base}/scratch"
restic = "{restic}"
host = "shop"
stall_timeout = "2m"
[repository.primary{suffix}]
url = "{base}/repository"
password_file = "{base}/password"
[repository.planb{suffix}]
url = "{base}/planb"
password_file = "{base}/password"
[process.orders{suffix}]
paths = ["{base}/srv/orders"]
rpo = "2h"
keep = {{ last = 3, every = "1m" }}
{extra}
"""


class Business:
    """One process, two repositories; another `suffix` makes every task new to the service."""

    def __init__(self, base: Path, restic: Path) -> None:
        self.base = base
        self.restic = restic
        self.shop = Shop(base, restic).set_up()
        fill(self.shop.source, files=40, big=6 << 20)
        self.planb = base / "planb"
        empty_repository(self.planb, restic, self.shop.password.read_text().strip(), "planb")
        self.config = base / "agent.toml"
        self.state = base / "state"
        self.write_config()

    def write_config(self, suffix: str = "", extra: str = "") -> None:
        self.config.write_text(CONFIG.format(base=self.base, restic=self.restic, suffix=suffix, extra=extra))

    def run(self, *arguments: str, by: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
        """One command; `by` a program that starts it."""
        command = [*by, sys.executable, "-m", "agent", "--config", str(self.config), *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ, **SMALL_PACKS}, check=False, capture_output=True, text=True
        )

    def ours(self) -> list[int]:
        """Every process that has to do with this business: the service, its commands, their restics."""
        words = os.fsencode(self.base) + b"/"
        found = []
        for directory in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                about = (directory / "cmdline").read_bytes() + (directory / "environ").read_bytes()
                tested = b"PYTEST_CURRENT_TEST=" in about and b"agent.toml" not in about
                if words in about and int(directory.name) != os.getpid() and not tested:
                    found.append(int(directory.name))
        return found

    def locks(self) -> list[Path]:
        """The locks in both repositories."""
        return [
            lock
            for repository in (self.shop.repository, self.planb)
            for lock in (repository / "locks").glob("*")
            if "-tmp-" not in lock.name
        ]

    def rooms(self) -> list[Path]:
        """What lies in the scratch."""
        return list((self.base / "scratch").glob("*"))


# a service for which a minute between two runs of a task, or two attempts, or until whoever is in its way has
# finished, is over in five seconds
IMPATIENT = """
from datetime import timedelta
from agent.core.schedule import agenda, schedule
usual = schedule.following
def following(rhythm, after, zone):
    return after + timedelta(seconds=5) if rhythm.every == 60 else usual(rhythm, after, zone)
assert schedule.FIRST_PAUSE == 60
schedule.following, schedule.FIRST_PAUSE, schedule.LONGEST_PAUSE = following, 5, 5
agenda.BUSY_PAUSE = timedelta(seconds=5)
from agent.__main__ import main
main()
"""


class Agent:
    """The service at work. `lines` is its log so far."""

    def __init__(
        self,
        business: Business,
        *options: str,
        environment: dict[str, str] | None = None,
        impatient: bool = False,
    ) -> None:
        self.business = business
        self.lines: list[str] = []
        program = ["-c", IMPATIENT] if impatient else ["-m", "agent"]
        command = [sys.executable, *program, "--config", str(business.config), *options, "agent"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **SMALL_PACKS, "PYTHONPATH": str(ROOT), **(environment or {})},
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as log:
            for line in log:
                self.lines.append(line.rstrip("\n"))

    def says(self, words: str) -> None:
        """Wait until a line of the log holds `words`."""
        until(lambda: any(words in line for line in self.lines), lambda: "\n".join([words, *self.lines]))

    def ended(self) -> int:
        """Wait for its end; its exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def stop(self) -> int:
        """SIGTERM, and wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()


@contextmanager
def running(
    business: Business, *options: str, environment: dict[str, str] | None = None, impatient: bool = False
) -> Iterator[Agent]:
    """The service, ended at the end whatever happens."""
    agent = Agent(business, *options, environment=environment, impatient=impatient)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.stop()


class NotifySocket:
    """Hears what a service tells systemd."""

    def __init__(self, file: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(file))
        self.socket.settimeout(PATIENCE)

    def hear(self) -> str:
        """The next message."""
        return self.socket.recv(4096).decode()
