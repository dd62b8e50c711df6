"""A machine in a container with readiness and a business, on which every attempt is made and looked at."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.hostile.attempts import EVIL, EVILS, LOOT, MARKS, REPOSITORY, SHORT, STATE, WINDOW, Attempt
from support.places import ROOT
from support.servers.container import Container
from support.servers.machines import CONFIG, SERVICE, switched_on

TOOLS = ("tools.py", "fallen.py", "seeds.py")
PATIENCE = 60  # seconds that readiness has for one thing, after which it hangs
OWN = "/root/own/readiness.toml"  # root's own, with rights that the service has not
OPTIONS = ((), ("--config", OWN))
SETUP = f"""
for name in shop exporter other bob; do useradd --create-home $name; done
mkdir -p /srv/orders /srv/shop /srv/race /srv/slow /srv/metrics /srv/backup
echo secret >/srv/orders/secret; chmod 600 /srv/orders/secret
sqlite3 /srv/orders/orders.db 'CREATE TABLE payroll(a); INSERT INTO payroll VALUES (1)'
chown bob: /srv/orders/orders.db; chmod 600 /srv/orders/orders.db
chown shop: /srv/shop /srv/race /srv/slow; chown exporter:readiness /srv/metrics; chmod 775 /srv/metrics
mkdir -m 1777 {MARKS}
echo 1 >/etc/victim; echo 2 >/etc/victim2
owner=uid=$(id -u readiness),gid=$(id -g readiness)
mkdir -p {STATE}; mount -t tmpfs -o size=900m,mode=700,$owner state {STATE} # what fills it up fills no more
readiness init --repository {REPOSITORY} /srv/orders /srv/shop /srv/race
mkdir -m 700 /root/own
readiness --config {OWN} init --state /root/own/state --repository /root/own/repository \
    /srv/orders /srv/shop /srv/race
sed 's,^.agent.,&\\nscratch="/tmp/scratch",' {OWN} >/root/own/elsewhere.toml
sed 's,primary.password,open.password,' {OWN} >/root/own/open.toml
"""
PROOFS = """
[[process.shop.proof]]
sqlite = "/srv/shop/declared.db"
[[process.shop.proof]]
archive = "/srv/shop/*.zip"
[[process.shop.proof]]
archive = "/srv/shop/*.gz"
[[process.shop.proof]]
archive = "/srv/shop/*.xz"
"""
SLOW = """
[process.slow]
paths = ["/srv/slow"]
"""
TAKEN = """[Service]
ExecStart=
ExecStart=/bin/bash /opt/hostile/unit.sh
ExecStopPost=
"""
BEFORE = f"""
for file in {REPOSITORY}/config {CONFIG} /etc/victim /etc/victim2 /etc/passwd /etc/shadow; do
    mkdir -p /root/before/$(dirname $file); cp -p $file /root/before/$file
done
stat -c %i {STATE}/ledger.db >/root/ledger
"""


class Battle:
    """What became of every attempt; `worked` are those that should not have."""

    def __init__(self, machine: Container) -> None:
        self.machine = machine
        self.worked: list[str] = []
        self._begun = time.monotonic()
        self._became: dict[Attempt, str] = {}
        self._acting = threading.Lock()
        self._staying: list[subprocess.Popen[str]] = []
        self._least = self._most = self._free()

    # ---- the kinds of attempts

    def plant(self, attempts: Sequence[Attempt]) -> None:
        """Hostile files are there before all is saved and drilled, by the service's user and by root."""
        self._says("hostile files")
        for attempt in attempts:
            self._make(attempt, "/srv/shop")
        ended = threading.Event()
        watch = threading.Thread(target=self._watch_disk, args=(ended,))
        watch.start()
        with ThreadPoolExecutor() as both:
            list(both.map(self._save_and_drill, OPTIONS))
        ended.set()
        watch.join()
        for attempt in attempts:
            self._look(attempt)

    def _save_and_drill(self, options: tuple[str, ...]) -> None:
        for command in ("snapshot", "drill"):
            for process in ("shop", "orders"):
                self._act(*options, command, process)

    def _says(self, what: str) -> None:
        print(f"---- {what} at {time.monotonic() - self._begun:.0f} s")

    def try_alone(self, attempts: Sequence[Attempt]) -> None:
        """One after the other, and what readiness does about it is part of the loot."""
        self._says("attempts by hand")
        for attempt in attempts:
            self._make(attempt, "/srv/shop" if attempt.who == "shop" else "/")
            self._look(attempt)
            self.machine.run(
                "cp", "-p", f"/root/before{CONFIG}", CONFIG
            )  # where it was not what it should be

    def try_in_units(self, attempts: Sequence[Attempt]) -> None:
        """The program of a unit is the attacker's; where there is no other loot it is what that prints."""
        self._says("attempts in units")
        for attempt in attempts:
            unit = f"readiness-{attempt.who}@"
            self.machine.file("/opt/hostile/unit.sh").write_text(
                f"exec 2>/dev/null; cd /; {attempt.script}\ntrue\n"
            )
            place = self.machine.file(f"/etc/systemd/system/{unit}.service.d")
            place.mkdir()
            output = "truncate:/root/said" if attempt.who == "drill" else "socket"
            (place / "hostile.conf").write_text(f"{TAKEN}StandardOutput={output}\n")
            self.machine.run("systemctl", "daemon-reload")
            if attempt.loot:
                self._look(attempt)
            elif said := self._said_by(attempt, unit).split():
                self._note(attempt, f"IT WORKED: {' '.join(said)}")
            shutil.rmtree(place)
        self.machine.run("systemctl", "daemon-reload")

    def try_at_drills(self, attempts: Sequence[Attempt]) -> None:
        """All go on at the same time while the service's drills are at work."""
        self._says("drills")
        before = len(self._staying)
        for attempt in attempts:
            self._make(attempt, "/")
        for _ in range(2):
            self._act("drill", "orders")
        for attempt in attempts:
            self._look(attempt)
        self._end(self._staying[before:])
        del self._staying[before:]

    def race(self, attempts: Sequence[Attempt], window: int = SHORT) -> None:
        """All change names for so long at the same time, while snapshots are taken, over and over."""
        self._says("races")
        self.machine.shell("rm -rf /srv/race/*")  # of the race before
        begun = time.monotonic()
        for attempt in attempts:
            place = "/" if attempt.who == "exporter" else "/srv/race"
            self._staying.append(self._start(attempt, place))
        while time.monotonic() - begun < window:
            for options in OPTIONS:
                self._act(*options, "snapshot", "race")
            self._act("metrics", "--output", "/srv/metrics/m/readiness.prom")
        self._note_stolen()
        for attempt in attempts:
            self._look(attempt)

    def serve(self, attempts: Sequence[Attempt]) -> None:
        """The service is at work meanwhile."""
        self._says("the service")
        config = self.machine.file(CONFIG)
        config.write_text(config.read_text() + SLOW)
        self.machine.shell("rm -rf /srv/shop/* /srv/race/*")  # it is to come to the others soon
        for attempt in attempts:
            self._make(attempt, "/")
            self.machine.run("systemctl", "restart", SERVICE)
            self._look(attempt)

    def end(self) -> None:
        """Nobody goes on, and nothing is left that is too deep for whoever clears it away."""
        self._end(self._staying)
        self.machine.shell("rm -rf /srv/shop /srv/race /root/own")

    # ---- the attackers

    def _end(self, processes: "list[subprocess.Popen[str]]") -> None:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            assert process.stdout
            process.stdout.close()
            process.wait()

    def _command(self, attempt: Attempt, place: str) -> tuple[str, ...]:
        return ("runuser", "-u", attempt.who, "--", "bash", "-uc", f"cd {place}; {attempt.script}")

    def _make(self, attempt: Attempt, place: str) -> None:
        if attempt.stays:
            process = self._start(attempt, place)
            self._staying.append(process)
            assert process.stdout
            assert process.stdout.readline() == "held\n", attempt.name
            return
        done = self.machine.run(*self._command(attempt, place), check=False)
        assert done.returncode == 0 or attempt.refused, (attempt.name, done.stderr)
        if done.returncode:
            self._became[attempt] = f"refused: {(done.stderr.strip().splitlines() or [''])[-1]}"

    def _start(self, attempt: Attempt, place: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.machine._inside(*self._command(attempt, place)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def _said_by(self, attempt: Attempt, unit: str) -> str:
        if attempt.who == "drill":
            self.machine.run("systemctl", "start", f"{unit}x:y.service")
            return self.machine.file("/root/said").read_text()
        call = "python3 /opt/hostile/tools.py call /run/readiness-look/socket"
        return self.machine.shell(f"runuser -u readiness -- {call}")

    # ---- readiness at work

    def _act(self, *command: str) -> None:
        """Let root's hand do something with bounded patience, and note how it ended."""
        begun = time.monotonic()
        done = self.machine.run("timeout", "-k", "5", str(PATIENCE), "readiness", *command, check=False)
        words = " ".join(word for word in command if not word.startswith(("-", "/")))
        with self._acting, self.machine.file("/root/acts").open("a") as acts:
            acts.write(f"{done.returncode} {words}\n")
        print(f"{done.returncode:4} {time.monotonic() - begun:5.1f} s  readiness {' '.join(command)}")
        print(done.stdout[:3000], done.stderr[:1000])

    def _free(self) -> int:
        return shutil.disk_usage(f"/proc/{self.machine._leader}/root{STATE}").free >> 20

    def _watch_disk(self, ended: threading.Event) -> None:
        while not ended.wait(0.1):
            self._least = min(self._least, self._free())

    # ---- what became of it

    def _look(self, attempt: Attempt) -> None:
        if attempt.loot == "true" and attempt in self._became:
            return  # the script itself was refused
        for name, value in (("least", self._least), ("most", self._most)):
            self.machine.file(f"/root/{name}").write_text(str(value))
        begun = time.monotonic()
        done = self.machine.run("bash", "-c", f"set +e; {LOOT}{attempt.loot}", check=False)
        print(
            f"{attempt.number}: {done.returncode} {time.monotonic() - begun:.1f} s", done.stdout, done.stderr
        )
        if done.returncode == 0:
            self._note(attempt, "IT WORKED", f"{done.stdout[-1500:]}{done.stderr[-500:]}")

    def _note(self, attempt: Attempt, became: str, seen: str = "") -> None:
        self.worked.append(f"{attempt.number} {attempt.who}: {attempt.name}: {seen or became}")
        self._became[attempt] = became

    def _records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The records of both ledgers, each with its config."""
        for config in (CONFIG, OWN):
            lines = self.machine.run("readiness", "--config", config, "ledger", "export", check=False).stdout
            for record in map(json.loads, lines.splitlines()):
                yield config, {"kind": record["kind"], **record["body"]}

    def outcomes(self, process: str) -> list[str]:
        """Of all snapshots and drills of a process."""
        mine = [record for _, record in self._records() if record.get("process") == process]
        return [record["outcome"] for record in mine if record["kind"] in ("snapshot", "drill")]

    def _note_stolen(self) -> None:
        """Under which names what only root and bob may read lies in snapshots that are called good."""
        good: dict[str, set[str]] = {CONFIG: set(), OWN: set()}
        races = [(config, each) for config, each in self._records() if each.get("process") == "race"]
        assert len(races) > WINDOW / 6, "there was little to win"
        for config, record in races:
            if record["kind"] == "snapshot" and record["outcome"] == "passed":
                good[config].add(record["snapshot"])
        stolen = set()
        for config, repository in ((CONFIG, REPOSITORY), (OWN, "/root/own/repository")):
            password = f"{Path(config).parent}/primary.password"
            command = ("restic", "--no-lock", "-r", repository, "--password-file", password)
            found = json.loads(
                self.machine.run(*command, "find", "--json", "secret", "orders.db", "f*", "x*").stdout
            )
            print(f"{len(good[config])} snapshots of races are good")
            matches = [
                match for each in found if each["snapshot"] in good[config] for match in each["matches"]
            ]
            stolen |= {_stolen(match) for match in matches}
        self.machine.file("/root/stolen").write_text("".join(f"{name}\n" for name in sorted(stolen)))

    def table(self, attempts: Sequence[Attempt]) -> str:
        """Who tried what, and what became of it."""
        findings = [each for _, record in self._records() for each in record.get("findings") or ()]
        self._says("all over")
        rows = ["| | who | what | what became of it |", "|---|---|---|---|"]
        for attempt in sorted(attempts, key=lambda each: each.number):
            codes = sorted({f["code"] for f in findings if attempt.trace and attempt.trace in str(f)})
            became = self._became.get(attempt) or (f"said: {', '.join(codes)}" if codes else "nothing")
            rows.append(f"| {attempt.number} | {attempt.who} | {attempt.name} | {became} |")
        return "\n".join(rows)


def _stolen(node: dict[str, Any]) -> str:
    """The name in the directory of the races below which this lies, if it is not what is there really."""
    path = node["path"].split("/")
    taken = node["type"] == "file" and (node.get("size") or node.get("uid") == 0)
    theirs = taken and path[1:3] == ["srv", "race"]
    return path[3] if theirs else ""


@contextmanager
def battlefield(factory: pytest.TempPathFactory) -> Iterator[Battle]:
    """The machine before anything was tried; the service has run once and is stopped."""
    with switched_on(factory) as machine:
        tools = machine.file("/opt/hostile")
        tools.mkdir()
        for name in TOOLS:
            shutil.copy2(ROOT / "tests/support/hostile" / name, tools)
        machine.shell(SETUP)
        for config in (CONFIG, OWN):
            machine.file(config).write_text(machine.file(config).read_text() + PROOFS)
        for name in EVILS:
            machine.file(f"{MARKS}/{name}").write_text(EVIL)
            machine.file(f"{MARKS}/{name}").chmod(0o755)
        machine.run("systemctl", "start", SERVICE)
        machine.run("systemctl", "stop", SERVICE)
        machine.shell(BEFORE)
        fought = Battle(machine)
        try:
            yield fought
        finally:
            fought.end()
