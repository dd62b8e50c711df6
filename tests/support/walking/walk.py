"""Walks at random through everything that can be done to a business, each step held against the truth.

A walk is a list of steps that can be taken again. hypothesis would spend most walks on repeating a step of
another one, and real commands are too dear for that: they are drawn plainly, and cut short by leaving out.
"""

import atexit
import copy
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from support.restics import RESTIC_VERSIONS
from support.walking.business import Business
from support.walking.bystander import Bystander
from support.walking.hasty import hasty_restic
from support.walking.mounts import unmount_below
from support.walking.referee import Referee
from support.walking.situations import Step, drawn

HARMLESS = ("write", "rewrite", "grow", "link", "link out", "say ok")
STARTS = ("proven", "plan b", "two processes", "new")
HOURS = (0.5, 3, 30, 24 * 15)


class Walk:
    """One walk. `start` is new, proven, plan b (proven as well), or two processes (proven)."""

    def __init__(self, start: str, version: str) -> None:
        self.name = f"{start}, restic {version}"
        self.referee = begun(start, version)
        self.left_out: list[Step] = []  # there was nothing to do it to

    def take(self, steps: Sequence[Step]) -> str:
        """What was wrong with an answer; empty when nothing was."""
        try:
            self.referee.look()
            for step in steps:
                before = len(self.referee.log)
                self._do(step)
                if len(self.referee.log) > before:
                    self.referee.look()
                else:
                    self.left_out.append(step)
        except AssertionError as error:
            return f"{self.name}: {error}"
        return ""

    def _do(self, step: Step) -> None:
        kind, *words = step.action
        {
            "snapshot": self._snapshot,
            "drill": self._drill,
            "upkeep": self._upkeep,
            "edit": self._edit,
            "config": self._configure,
            "damage": self._damage,
            "password": self._password,
            "clock": self._clock,
            "busy": self._busy,
        }[kind](*words, which=step.which)

    def _snapshot(self, *options: str, which: int) -> None:
        self.referee.snapshot(*self._possible(options))

    def _drill(self, *options: str, which: int) -> None:
        words = list(self._possible(options))
        if "ID" in words:
            place = self.referee.business.places["planb" if "planb" in words else "primary"]
            held = place.snapshots()
            words.append("orders")
            words[words.index("ID")] = held[which % len(held)].id if held else "latest"
        self.referee.drill(*words)

    def _upkeep(self, word: str, which: int) -> None:
        if word != "copy" or (self.referee.promise.two and self.referee.promise.fed_by == "copy"):
            self.referee.upkeep(word)

    def _edit(self, how: str, which: int) -> None:
        if self.referee.business.edit(how, which):
            self.referee.happened(f"edit: {how} {which}")
            self.referee.edited = True
            self.referee.shrunk |= how not in HARMLESS

    def _configure(self, what: str, which: int) -> None:
        business = self.referee.business
        if business.configure(what, which):
            self.referee.happened(f"config: {what} {which}", better=True)
            self.referee.shrunk = True

    def _damage(self, kind: str, place: str, which: int) -> None:
        business = self.referee.business
        done = business.spoil(which) if kind == "spoil" else business.places[place].damage(kind, which)
        if done:
            self.referee.happened(f"damage: {kind} {place} {which}", better=kind in ("move", "replace"))

    def _password(self, kind: str, place: str, which: int) -> None:
        here = self.referee.business.places[place]
        self.referee.business.secret(here, kind)
        here.unseen.discard("password")
        if kind == "wrong":
            here.unseen.add("password")
        here.harm()
        self.referee.happened(f"password: {place} {kind}", better=True)

    def _clock(self, which: int) -> None:
        hours = HOURS[which % len(HOURS)]
        self.referee.business.clock.move(int(hours * 3600))
        self.referee.business.write_config()  # with another restic
        self.referee.happened(f"clock: {hours} h later")

    def _busy(self, *options: str, which: int) -> None:
        """A snapshot while somebody writes."""
        files = self.referee.business.files()
        if files:
            writing = (files[which % len(files)], which % 2 == 0)
            self.referee.snapshot(*self._possible(options), writing=writing)

    def _possible(self, options: tuple[str, ...]) -> tuple[str, ...]:
        """Without the name of a repository that is not in the config."""
        if "planb" in options and not self.referee.promise.two:
            at = options.index("planb")
            return (*options[: at - 1], *options[at + 1 :])
        return options


def shorter(start: str, version: str, steps: list[Step]) -> list[Step]:
    """The same without every step that is not needed for it to fail."""
    at = 0
    while at < len(steps):
        rest = steps[:at] + steps[at + 1 :]
        if Walk(start, version).take(rest):
            steps = rest
        else:
            at += 1
    return steps


def walks(start: str, number: int, count: int = 20, length: int = 8) -> None:
    """So many walks of one seed, always the same; READINESS_TEST_SEED takes others."""
    chance = random.Random(f"{os.environ.get('READINESS_TEST_SEED', '')} {start} {number}")
    for nth in range(1, count + 1):
        version = chance.choice(RESTIC_VERSIONS)
        steps = drawn(chance, length, start)
        wrong = Walk(start, version).take(steps)
        if wrong:
            told_of = told(start, version, steps, wrong)
            raise AssertionError(f"Walk {nth} of {start} {number}: {told_of}")


def told(start: str, version: str, steps: list[Step], wrong: str) -> str:
    """A walk that failed, as a list of what was done."""
    fewest = shorter(start, version, steps)
    again = Walk(start, version)
    wrong = again.take(fewest) or f"(not each time) {wrong}"
    return "\n".join([wrong, "Steps: " + "; ".join(map(str, fewest)), *again.referee.log])


# ---- where walks begin; made once for each restic, and put back for each walk


@cache
def _ground() -> Path:
    """In memory, where there is any: restored and removed by the second."""
    shared = Path("/dev/shm")
    place = shared if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2 << 30 else None
    made = Path(tempfile.mkdtemp(prefix="readiness-walk-", dir=place))
    atexit.register(_leave, made)
    return made


def _leave(made: Path) -> None:
    unmount_below(made)
    for place in (made, Path(tempfile.gettempdir()) / made.name):
        shutil.rmtree(place, ignore_errors=True)


def begun(start: str, version: str) -> Referee:
    """A business of its own, as if nobody had walked here before."""
    here, kept = _ground() / "now", _ground() / f"{start.replace(' ', '-')}-{version}"
    referee = _made(start, version, here, kept)
    unmount_below(here)
    shutil.rmtree(here, ignore_errors=True)
    subprocess.run(["cp", "-a", kept, here], check=True)
    return copy.deepcopy(referee)


@cache
def _made(start: str, version: str, here: Path, kept: Path) -> Referee:
    unmount_below(here)
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    business = Business(here, hasty_restic(version))
    referee = Referee(business)
    business.promise.two = start == "plan b"
    if start == "two processes":
        business.bystander = Bystander(here)
    business.set_up()
    if start != "new":
        referee.snapshot()
        referee.drill()
    if start == "plan b":
        referee.upkeep("copy")
        referee.drill("--from", "planb")
    if business.bystander:
        business.bystander.close()
    with suppress(AssertionError):  # each walk says so again
        referee.look()  # the answer in all its forms need not be compared by each walk
    subprocess.run(["cp", "-a", here, kept], check=True)
    return referee
