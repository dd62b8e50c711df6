"""A repository of a walk: where it is, what was done to it unseen, what plain restic says of it."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from support.builders.quick_key import empty_repository
from support.builders.readiness_cli import HOST, SMALL_PACKS
from support.walking.witness import Digest, digest

SECRETS = {"primary": "correct horse", "planb": "battery staple"}
WITNESSES = ("snapshot", "drill", "check")  # who would see what was done to a repository


class Held(NamedTuple):
    """A snapshot as plain restic lists it."""

    id: str
    origin: str  # its ID where it was taken
    at: datetime


@dataclass
class Place:
    name: str
    home: Path  # below which everything of it lies
    restic: Path
    pointed: str = "here"  # where the config says that it is: here or away
    inits: int = 0
    # what was done to it and nobody could see yet: in what is listed, where restic's cache does not hide it,
    # in the data, or to the password
    unseen: set[str] = field(default_factory=set)
    # something was done to it, and since it was mended not everything that could say so has passed there
    harmed: bool = False
    robbed: bool = False  # likewise: snapshots were taken out of it
    struck: bool = False  # ever, by what befalls every process in it
    still: set[str] = field(default_factory=set)  # what has not passed since
    lost: dict[Path, bytes] = field(default_factory=dict)  # files as they were before they were damaged
    secret: str = "right"
    _known: dict[tuple[object, str], object] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.home / f"{self.name}-{self.pointed}"

    @property
    def real(self) -> Path:
        """Where it lies, wherever the config says."""
        there = [self.home / f"{self.name}-{where}" for where in ("here", "away")]
        return next((path for path in there if path.exists()), there[0])

    @property
    def password(self) -> Path:
        return self.home / f"{self.name}.password"

    def init(self) -> None:
        self.inits += 1
        empty_repository(self.path, self.restic, SECRETS[self.name], f"{self.name} {self.inits}")

    def toml(self) -> str:
        return (
            f"[repository.{self.name}]\nurl = {json.dumps(str(self.path))}\n"
            f'password_file = {json.dumps(str(self.password))}\ncheck = {{every = "7d", parts = 1}}\n'
        )

    # ---- what plain restic says; asked again only where something has changed

    def snapshots(self, process: str = "orders") -> list[Held]:
        """As the config leads to them, newest first; none where it leads to nothing."""
        key = (self.files(), process)
        if key not in self._known:
            done = self.plain("snapshots", "--json", "--host", HOST, "--tag", f"process={process}")
            rows = json.loads(done.stdout or "[]") if done.returncode == 0 else []
            held = [Held(row["id"], row.get("original", row["id"]), _time(row["time"])) for row in rows or []]
            self._known = {old: known for old, known in self._known.items() if old[0] == key[0]}
            self._known[key] = sorted(held, key=lambda one: one.at, reverse=True)
        return self._known[key]  # type: ignore[return-value]

    def restored(self, snapshot: str) -> Digest:
        """What plain restic brings back of it."""
        key = (self.files(), snapshot)
        if key not in self._known:
            target = self.home / "walk-restored"
            self.plain("restore", snapshot, "--target", str(target))
            self._known[key] = digest(target, strip=target)
            shutil.rmtree(target, ignore_errors=True)
        return self._known[key]  # type: ignore[return-value]

    def plain(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        mine = {"RESTIC_REPOSITORY": str(self.path), "RESTIC_PASSWORD_FILE": str(self.password)}
        return subprocess.run(
            [self.restic, "--no-cache", "--no-lock", *arguments] if arguments[0] != "forget" else
            [self.restic, "--no-cache", *arguments],
            check=False, env={**os.environ, **SMALL_PACKS, **mine}, capture_output=True,
        )  # fmt: skip

    def files(self) -> object:
        """What all that it says depends on."""
        files = [file for file in self.path.rglob("*") if file.is_file() and "locks" not in file.parts]
        facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(files)]
        secret = self.password.read_bytes() if self.password.exists() else b""
        return (tuple(facts), secret)

    def harm(self, *, robs: bool = False, every: bool = True) -> None:
        """Robbed of snapshots, or not; what befalls every process in it, or the first alone."""
        self.harmed, self.still = True, set(WITNESSES)
        self.struck |= every
        self.robbed |= robs

    def passed(self, what: str) -> None:
        """Something passed there; where all is well again, that counts."""
        if self.lost or self.secret != "right" or not self.path.exists():
            return
        self.still.discard(what)
        if not self.still:
            self.harmed = self.robbed = False

    def looked_at(self, *how: str) -> None:
        """A command has met it, and could see so much."""
        self.unseen -= {"list", *how}

    # ---- what is done to it behind the agent's back; False where there is nothing to do it to

    def damage(self, kind: str, which: int) -> bool:
        done = {
            "flip": self._flip,
            "empty a snapshot": self._empty_snapshot,
            "lose the index": self._lose_index,
            "delete": self._delete,
            "replace": self._replace,
            "move": self._move,
            "forget": self._forget,
            "mend": self._mend,
        }[kind](which)
        if done:
            self.harm(robs=kind in ("delete", "replace", "move", "forget"), every=kind != "forget")
        return done

    def _mend(self, which: int) -> bool:
        """What was damaged is put back as it was; whoever has seen the damage has yet to see that."""
        if not self.lost or not self.real.exists():
            return False
        for file, content in self.lost.items():
            _overwrite(file, content)
        self.lost.clear()
        self.unseen -= {"data", "cold"}
        return True

    def overwrite(self, file: Path, content: bytes | None) -> None:
        """As a disk does that loses something; None takes the whole file away."""
        self.lost.setdefault(file, file.read_bytes())
        if content is None:
            file.unlink()
        else:
            _overwrite(file, content)

    def _files(self, kind: str) -> list[Path]:
        files = [file for file in (self.real / kind).rglob("*") if file.is_file()]
        return sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.stat().st_size))

    def _flip(self, which: int) -> bool:
        packs = self._files("data")
        if not packs:
            return False
        pack = packs[which % len(packs)]
        data = bytearray(pack.read_bytes())
        data[which * 7919 % len(data)] ^= 1
        self.overwrite(pack, bytes(data))
        self.unseen.add("data")
        return True

    def _empty_snapshot(self, which: int) -> bool:
        files = self._files("snapshots")
        if not files:
            return False
        self.overwrite(files[which % len(files)], b"")
        self.unseen.add("cold")
        return True

    def _lose_index(self, which: int) -> bool:
        files = self._files("index")
        for file in files:
            self.overwrite(file, None)
        self.unseen.add("data")
        return bool(files)

    def _delete(self, which: int) -> bool:
        if not self.real.exists():
            return False
        shutil.rmtree(self.real)
        self.lost.clear()
        return True

    def _replace(self, which: int) -> bool:
        shutil.rmtree(self.real, ignore_errors=True)
        self.lost.clear()
        self.init()
        self.unseen.add("list")
        return True

    def _move(self, which: int) -> bool:
        """Away, or back."""
        if not self.real.exists():
            return False
        other = "away" if self.real.name.endswith("here") else "here"
        before, after = self.real, self.home / f"{self.name}-{other}"
        before.rename(after)
        self.lost = {after / file.relative_to(before): content for file, content in self.lost.items()}
        return True

    def _forget(self, which: int) -> bool:
        """By hand, with plain restic."""
        held = self.snapshots()
        if not held:
            return False
        done = self.plain("forget", held[which % len(held)].id)
        self.unseen.add("list")
        return done.returncode == 0


def _overwrite(file: Path, data: bytes) -> None:
    if file.exists():
        file.chmod(0o600)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    os.utime(file)


def _time(text: str) -> datetime:
    """restic's nanoseconds are more than Python reads."""
    head, _, rest = text.partition(".")
    digits = rest.rstrip("Z").split("+")[0].split("-")[0]
    zone = rest[len(digits) :] if rest else ""
    return datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{zone}" if rest else text)
