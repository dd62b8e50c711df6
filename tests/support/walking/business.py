"""The business of a walk: files that are worked with, a config that is edited, the command line."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from threading import Event, Thread

from agent.cli import run
from support.builders.readiness_cli import HOST, SMALL_PACKS, Result, Shop
from support.servers.forked_cli import the_forked_cli
from support.walking.bystander import Bystander
from support.walking.clock import Clock, moved
from support.walking.mounts import mount_over, unmount_below
from support.walking.place import SECRETS, Place
from support.walking.promise import Promise
from support.walking.witness import is_excluded

OLD = 1_700_000_000  # a time long before any walk


class Business(Shop):
    """As `Shop`, with every key of the config that walks change, and a second repository that may be used."""

    def __init__(self, base: Path, restic: Path) -> None:
        super().__init__(base, restic)
        self.more_source = base / "srv" / "more"  # what may be added to the process
        # what belongs to no process; not in memory, as links to there are said to lead into the system
        self.outside = Path(tempfile.gettempdir()) / base.parent.name / "outside"
        self.places = {name: Place(name, base, restic) for name in SECRETS}
        self.repository = self.places["primary"].path
        self.password = self.places["primary"].password
        self.promise = Promise(self.source, [self.source], proofs={"word": "ok"}, vital=[self.source / "ok"])
        self.clock = Clock(restic, base / "restic-of-its-time")
        self.bystander: Bystander | None = None
        self.edits = 0  # so that no two contents are the same

    def set_up(self) -> "Business":
        for directory in (self.source / "a", self.source / "b", self.more_source, self.outside, self.state):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(6):
            self._write(self.source / "ab"[number % 2] / f"order-{number}.txt")
        for file in (self.source / "log.txt", self.more_source / "x.txt", self.outside / "z.txt"):
            self._write(file)
        (self.source / "big.bin").write_bytes(b"".join(b"%09d\n" % n for n in range(4000)))
        (self.source / "ok").write_text("it is ok\n")
        for place in self.places.values():
            self.secret(place, "right")
            place.init()
        self.write_config()
        return self

    @property
    def configured(self) -> list[Place]:
        """The repositories of the config, the first one first."""
        return [self.places["primary"], *([self.places["planb"]] if self.promise.two else [])]

    def write_config(self) -> None:
        self.repository = self.places["primary"].path
        feeding = f'fed_by = "{self.promise.fed_by}"\n'
        tables = [place.toml() + (feeding if place.name == "planb" else "") for place in self.configured]
        self.config.write_text(
            f'[business]\nname = "A walk"\ntime_zone = "UTC"\n'
            f"[agent]\nstate = {json.dumps(str(self.state))}\nscratch = {json.dumps(str(self.scratch))}\n"
            f'restic = {json.dumps(str(self.clock.restic))}\nhost = "{HOST}"\nstall_timeout = "2m"\n'
            f"{''.join(tables)}[process.orders]\n{self.promise.toml()}\n"
            f"{self.bystander.toml() if self.bystander else ''}"
        )

    def ask(self, *words: str) -> tuple[int, str]:
        """Exit status and output of a command that only reads: no process of its own, as it starts none."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), moved(self.clock.ahead):
            status = run(["--config", str(self.config), *words, "-v"])
        return status, out.getvalue()

    def _ran(self, words: list[str]) -> "subprocess.CompletedProcess[bytes]":
        self.clock.tick()
        return the_forked_cli().run(words, {**os.environ, **SMALL_PACKS, **self.clock.environment})

    def command(self, *words: str, live: bool = False) -> Result:
        if self.bystander:
            self.bystander.write()
        result = self.run(*words, locked=any(place.harmed for place in self.places.values()), live=live)
        if self.bystander:
            self.bystander.hear(result, self.places)
        return result

    @contextmanager
    def written(self, file: Path, grows: bool) -> Iterator[None]:
        """A file that is written to all the time: more is added to it, or it is written anew in place."""
        done = Event()
        grows |= file.name == "ok"  # nobody would know what it said when it was saved

        def write() -> None:
            while not done.wait(0.002):
                with file.open("ab" if grows else "r+b") as handle:
                    handle.write(b"%d\n" % time.monotonic_ns())

        writer = Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            done.set()
            writer.join()

    def secret(self, place: Place, kind: str) -> None:
        place.secret = kind
        place.password.unlink(missing_ok=True)
        if kind != "missing":
            place.password.write_text(SECRETS[place.name] if kind == "right" else "open sesame")
            place.password.chmod(0o600)

    # ---- what people do to the files; False where there is nothing to do it to

    def files(self) -> list[Path]:
        tops = (self.source, self.more_source)
        return sorted(
            path for top in tops for path in top.rglob("*") if path.is_file() and not path.is_symlink()
        )

    def edit(self, how: str, which: int) -> bool:
        files = self.files()
        one = files[which % len(files)] if files else self.source / "none"
        if not files and how not in ("write", "say ok", "empty a directory", "unmount"):
            return False
        if how == "write":
            self._write(self.source / "ab"[which % 2] / f"new-{which}.txt")
        elif how == "rewrite":
            self._write(one)
        elif how == "grow":
            with one.open("ab") as file:
                file.write(self._content())
        elif how == "truncate":
            one.write_bytes(one.read_bytes()[: one.stat().st_size // 2])
        elif how == "remove":
            one.unlink()
        elif how == "rename":
            one.rename(one.with_name(f"{one.name}~"))
        elif how == "zeros":
            one.write_bytes(b"\0" * one.stat().st_size)
        elif how == "age":
            for file in files:
                os.utime(file, (OLD, OLD))
        else:
            return self._edit_more(how, which, one)
        return True

    def _edit_more(self, how: str, which: int, one: Path) -> bool:
        ok = self.source / "ok"
        if how.startswith("link"):
            self.source.mkdir(mode=0o700, exist_ok=True)
        if how == "link":
            link = self.source / f"link-{which}"
            link.unlink(missing_ok=True)
            link.symlink_to(one)
        elif how == "link out":
            link = self.source / f"link-{which}"
            link.unlink(missing_ok=True)
            link.symlink_to(self.outside / "z.txt")
        elif how == "empty a directory":
            directory = [self.source / "a", self.source, self.more_source][which % 3]
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif how == "mount over":
            return mount_over([self.source / "b", self.source, self.source / "a"][which % 3])
        elif how == "unmount":
            return unmount_below(self.base)
        elif how == "remove a path":
            directory = [self.source, self.more_source][which % 2]
            shutil.rmtree(directory, ignore_errors=True)
        elif how == "say ok":
            self.source.mkdir(mode=0o700, exist_ok=True)
            ok.write_text("it is ok\n")
        elif how == "say bad":
            self.source.mkdir(mode=0o700, exist_ok=True)
            ok.write_text("it is bad\n")
        else:
            raise ValueError(how)
        return True

    def _write(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(self._content())

    def _content(self) -> bytes:
        self.edits += 1
        return b"".join(b"%d %d\n" % (self.edits, line * 37) for line in range(20 + self.edits % 50))

    def spoil(self, which: int) -> bool:
        """One byte of what the first repository holds of a file."""
        place, files = self.places["primary"], self.files()
        self._blobs = []
        if not files or not place.snapshots():
            return False
        with suppress(StopIteration, AssertionError):  # it was not saved as it is now, or nothing can be read
            blob = self.blob_of(files[which % len(files)])
            data = bytearray(self.pack(blob).read_bytes())
            data[blob.offset + blob.length // 2] ^= 1
            place.overwrite(self.pack(blob), bytes(data))
            place.unseen.add("data")
            place.harm()
            return True
        return False

    # ---- what people do to the config; False where that changes nothing

    def configure(self, what: str, which: int) -> bool:
        before = (self.config.read_text(), [place.pointed for place in self.places.values()])
        promise = self.promise
        if what == "paths":
            sub = [[self.source], [self.source, self.more_source], [self.source / "a"]]
            promise.paths = sub[which % 3]
        elif what == "exclude":
            promise.exclude = [[], ["log.txt"], [str(self.source / "b")], ["*.bin"]][which % 4]
        elif what == "vital":
            names = [(), ("ok",), ("a",), ("big.bin",), ("none",)][which % 5]
            promise.vital = [self.source / name for name in names]
        elif what == "proofs":
            kinds = [{}, {"word": "ok"}, {"word": "bad"}, {"count": "3"}, {"count": "1000"}, {"fresh": "1h"}]
            promise.proofs = dict(kinds[which % len(kinds)])
            if which % 2:
                promise.proofs.setdefault("count", "2")
        elif what == "rpo":
            promise.rpo = ["2h", "1s"][which % 2]
        elif what == "rto":
            promise.rto, promise.minutes = [("24h", 1), ("1h", 1), ("1h", 90), ("24h", 90)][which % 4]
        elif what == "plan b":
            promise.two, promise.fed_by = [(True, "copy"), (True, "snapshot"), (False, "copy")][which % 3]
        elif what == "url":
            place = list(self.places.values())[which % 2]
            place.pointed = "away" if place.pointed == "here" else "here"
            place.harm(robs=True)
        else:
            raise ValueError(what)
        promise.vital = [path for path in promise.vital if self._may_be_vital(path)]
        self.write_config()
        return before != (self.config.read_text(), [place.pointed for place in self.places.values()])

    def _may_be_vital(self, path: Path) -> bool:
        """A config that wants what it keeps out is refused, and no walk goes on from there."""
        tops = [top for top in self.promise.paths if path.is_relative_to(top)]
        return any(not is_excluded(str(path), str(top), self.promise.exclude) for top in tops)
