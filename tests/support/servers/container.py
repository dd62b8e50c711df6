"""A Debian with systemd as its first process, to install readiness in and to let it run for real.

Its root is made once by scripts/fetch-container; what each container writes lies in a layer of its own over
it. It has no network, and nothing of it is left on the machine afterwards: no process, no mount, no control
group.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.places import ROOT
from support.restics import cache

KIT = "/opt/kit"  # this checkout, in the container
WHEELS = "/opt/wheels"
PATIENCE = 120.0  # seconds, on a machine with other things to do
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
NEEDED = ("systemd-nspawn", "nsenter")


def cached(kind: str) -> Path:
    """What scripts/fetch-container put into the cache."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    found = [path for path in cache().glob(f"{kind}-*") if path.is_dir()]
    if missing or not found or os.geteuid() != 0:
        pytest.skip(f"needs root, {', '.join(NEEDED)} and a container in {cache()}: scripts/fetch-container")
    return found[0]


class Container:
    """A machine of its own below `base`, which begins as it is in `origin`."""

    def __init__(self, base: Path, origin: Path | None = None) -> None:
        self.base = base
        self.root = base / "root"
        self.log = base / "console.log"
        self._groups = [group / f"readiness-{os.getpid()}" for group in _own_groups()]
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._lay(origin or cached("container"))
        if not origin:
            shutil.copytree(cached("wheels"), f"{self.root}{WHEELS}")
            self.take_checkout()

    def _lay(self, origin: Path) -> None:
        """The root: a layer over `origin`, or a copy where this machine knows no layers."""
        written, work = self.base / "written", self.base / "work"
        for directory in (self.root, written, work):
            directory.mkdir(mode=0o755)
        layers = f"lowerdir={origin},upperdir={written},workdir={work}"
        mount = ["mount", "-t", "overlay", "-o", layers, "overlay", self.root]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            subprocess.run(["cp", "-a", "--reflink=auto", f"{origin}/.", self.root], check=True)

    def take_checkout(self) -> None:
        """Copy this checkout into the container."""
        kit = Path(f"{self.root}{KIT}")
        shutil.rmtree(kit, ignore_errors=True)
        for name in ("agent", "config", "scripts", "systemd"):
            shutil.copytree(ROOT / name, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("README.md", "LICENSE", "pyproject.toml", "requirements.lock"):
            shutil.copy2(ROOT / name, kit / name)

    # ---- power

    def boot(self) -> None:
        """Switch it on and wait until it is up."""
        for group in self._groups:
            group.mkdir(exist_ok=True)
        joined = "".join(f"echo $$ >{group}/cgroup.procs; " for group in self._groups)
        nspawn = ["systemd-nspawn", "--directory", self.root, "--boot", "--register=no", "--keep-unit"]
        nspawn += ["--private-network", "--console=pipe", "--machine=readiness-test"]
        with self.log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                ["sh", "-c", f'{joined}exec "$@"', "sh", *nspawn],
                env=ENVIRONMENT | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._is_up, f"the container is up: {self.log}")

    def _is_up(self) -> bool:
        assert self._nspawn
        assert self._nspawn.poll() is None, self.log.read_text(errors="replace")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if not children:
            return False
        self._leader = int(children[0])
        state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        return state in ("running", "degraded")

    def shut_down(self) -> None:
        """Switch it off as a person would; the disk stays."""
        if self._nspawn:
            self._nspawn.send_signal(signal.SIGTERM)
            try:
                self._nspawn.wait(60)
            except subprocess.TimeoutExpired:
                self.cut_power()
        self._nspawn = None

    def cut_power(self) -> None:
        """Switch it off without a word to anybody in it."""
        assert self._nspawn
        if self._leader:
            os.kill(self._leader, signal.SIGKILL)
        self._nspawn.kill()
        self._nspawn.wait()
        self._nspawn = None

    def take_down(self) -> None:
        """Switch it off and leave nothing of it, whatever state it is in."""
        self.shut_down()
        for group in self._groups:
            for below in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
                until(lambda below=below: _removed(below), f"{below} is empty")  # type: ignore[misc]
            until(lambda group=group: _removed(group), f"{group} is empty")  # type: ignore[misc]
        if self.root.is_mount():
            unmount = ["umount", self.root]
            until(lambda: subprocess.run(unmount, check=False).returncode == 0, f"{self.root} is free")
        for directory in ("root", "written", "work"):
            shutil.rmtree(self.base / directory)

    # ---- what can be done in it

    def _inside(self, *command: str) -> list[str]:
        return ["nsenter", "--target", str(self._leader), "--all", "--", *command]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root."""
        done = subprocess.run(
            self._inside(*command),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        assert done.returncode == 0 or not check, (command, done.returncode, done.stdout, done.stderr)
        return done

    def shell(self, script: str, check: bool = True) -> str:
        """What a script prints."""
        return self.run("bash", "-euo", "pipefail", "-c", script, check=check).stdout

    def readiness(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit status and result of `readiness --json ARGUMENTS`, run by root."""
        done = self.run("readiness", "--json", *arguments, check=False)
        return done.returncode, json.loads(done.stdout)["result"]

    def file(self, path: str) -> Path:
        """A file of the container, from outside."""
        return Path(f"{self.root}{path}")

    def install(self, *arguments: str, kit: str = KIT) -> str:
        """Run scripts/install; what it says."""
        return self.run("env", f"READINESS_WHEELS={WHEELS}", f"{kit}/scripts/install", *arguments).stderr

    def shows(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.strip()

    def journal(self, unit: str) -> list[dict[str, Any]]:
        """The journal of a unit, oldest first."""
        lines = self.run("journalctl", "--output=json", f"--unit={unit}").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def says(self, unit: str, words: str) -> bool:
        """Whether these words stand in the journal of a unit."""
        return any(words in str(entry.get("MESSAGE")) for entry in self.journal(unit))

    def hear(self, unit: str, words: str, after: str = "") -> None:
        """Wait until the journal of a unit says these words, on this boot or `after` a `cursor` of it."""
        begin = f"--after-cursor={after}" if after else "--boot"
        follow = ["journalctl", "--follow", "--lines=all", "--output=cat", f"--unit={unit}", begin]
        with subprocess.Popen(
            self._inside(*follow),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that what follows in the container ends as well
        ) as journal:
            impatience = threading.Timer(PATIENCE, os.killpg, (journal.pid, signal.SIGKILL))
            impatience.start()
            try:
                assert journal.stdout
                heard = any(words in line for line in journal.stdout)
                assert heard, f"waited in vain until {unit} says: {words}"
            finally:
                impatience.cancel()
                if journal.poll() is None:
                    _end(journal)

    def cursor(self) -> str:
        """Where the journal ends now."""
        shown = self.shell("journalctl --sync; journalctl --show-cursor --lines=1 --output=cat")
        return shown.rpartition("-- cursor: ")[2].strip()


def installed(factory: pytest.TempPathFactory) -> Path:
    """The root of a machine on which readiness was installed, for containers to begin as: made once for all
    workers. There is no config yet, so that the service is enabled and waits."""
    session = factory.getbasetemp()
    session = session.parent if "PYTEST_XDIST_WORKER" in os.environ else session
    made = session / "installed"
    with (session / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            container = Container(factory.mktemp("installed"))
            try:
                container.boot()
                container.install()
                container.shut_down()
                new = session / "installed.new"
                subprocess.run(["cp", "-a", "--reflink=auto", container.root, new], check=True)
            finally:
                container.take_down()
            new.rename(made)
    return made


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that will happen."""
    patience = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patience, f"waited in vain until {what}"
        time.sleep(0.2)


def _end(nsenter: "subprocess.Popen[str]") -> None:
    """End what it runs, and have it collect that: for its dead, whom nobody collects, a container waits 10 s
    before it is off."""
    for child in Path(f"/proc/{nsenter.pid}/task/{nsenter.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    try:
        nsenter.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(nsenter.pid, signal.SIGKILL)


def _own_groups() -> list[Path]:
    """Our control groups, in each hierarchy that systemd would use."""
    ours = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split(" ")
        if kind == "cgroup2":
            found.append(Path(place) / ours[""].lstrip("/"))
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            found.append(Path(place) / ours["name=systemd"].lstrip("/"))
    return found


def _removed(group: Path) -> bool:
    """Remove a control group; False while something is in it, which is told to end."""
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        for process in (group / "cgroup.procs").read_text().split():
            os.kill(int(process), signal.SIGKILL)
        return False
    return True
