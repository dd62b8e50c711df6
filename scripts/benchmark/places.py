"""A place with a source tree, a repository and a config; and the commands that are measured there."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from measuring import Run, run

ROOT = Path(__file__).resolve().parent.parent.parent

CONFIG = """
[business]
name = "The benchmark"
time_zone = "Europe/Berlin"
closes = "Fri 17:00"
opens = "Mon 08:00"

[agent]
state = "{place}/state"
scratch = "{place}/scratch"
restic = "{restic}"

[repository.primary]
url = "{place}/repository"
password_file = "{place}/password"

[process.bench]
rto = "24h"
rpo = "1h"
mtd = "48h"
paths = ["{source}"]
"""


class Place:
    """One repository with its own state; `flags` go to every restic that runs in it."""

    def __init__(self, directory: Path, source: Path, restic: str, flags: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.source = source
        self._restic = [restic, *flags]
        self._caches = 0
        directory.mkdir(parents=True)
        (directory / "password").touch(0o600)
        (directory / "password").write_text("for the benchmark only\n")
        program = self._wrapper(flags) if flags else restic
        config = CONFIG.format(place=directory, source=source, restic=program)
        (directory / "readiness.toml").write_text(config)
        self.plain("init")

    def _wrapper(self, flags: tuple[str, ...]) -> Path:
        """A program named restic that passes the flags on: readiness knows nothing of them."""
        wrapper = self.directory / "restic"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(self._restic)} "$@"\n')
        wrapper.chmod(0o700)
        return wrapper

    def plain(self, *arguments: str, cold: bool = False) -> Run:
        """One run of restic alone; a cold one meets an empty cache, as a drill does."""
        self._caches += cold
        environment = {
            "RESTIC_REPOSITORY": str(self.directory / "repository"),
            "RESTIC_PASSWORD_FILE": str(self.directory / "password"),
            "RESTIC_CACHE_DIR": str(self.directory / f"cache-{self._caches}"),
        }
        return run([*self._restic, *arguments], environment)

    def plain_restore(self, *flags: str) -> Run:
        """restic restores the newest snapshot; removing the files again is not counted."""
        target = self.directory / "target"
        done = self.plain("restore", "latest", "--target", str(target), *flags, cold=True)
        shutil.rmtree(target)
        return done

    @property
    def command(self) -> list[str]:
        """How our own command line begins."""
        start = "from agent.__main__ import main; main()"  # what the installed `readiness` does
        return [sys.executable, "-c", start, "--config", str(self.directory / "readiness.toml")]

    @property
    def environment(self) -> dict[str, str]:
        """What our own command line needs to be found."""
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}

    def readiness(self, *arguments: str, accepted: tuple[int, ...] = (0,), watch_memory: bool = False) -> Run:
        """One run of our own command line."""
        return run([*self.command, *arguments], self.environment, accepted, watch_memory)

    def remove(self) -> None:
        shutil.rmtree(self.directory)
