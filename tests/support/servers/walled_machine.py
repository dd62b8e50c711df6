"""A small machine whose restored data proof commands run on, walled in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from agent.adapters.sandbox.walled import Sandbox
from agent.adapters.sandbox.walls import Limits
from agent.core.drill.proofs import CommandRun

PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or "python3"
LIMITS = Limits(memory=200 << 20, file_size=64 << 20, free_space=1 << 20, processes=64)


class Machine:
    """A small machine below a temporary directory: live files, a secret, and a restored tree."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.live = base / "srv" / "orders"
        self.state = base / "state"
        self.tree = self.state / "scratch" / "drill" / "tree"
        self.restored = self.tree / str(self.live).lstrip("/")
        self.secret = base / "primary.password"
        for directory, text in ((self.live, "live"), (self.restored, "restored")):
            directory.mkdir(parents=True)
            (directory / "orders.txt").write_text(text)
        self.secret.write_text("the password")
        self.sandbox = Sandbox(self.tree, [str(self.live)], [str(self.state), str(self.secret)], LIMITS)

    def run(self, *command: str, timeout: int = 60) -> CommandRun:
        return self.sandbox.run(command, timeout)

    def shell(self, script: str, timeout: int = 60) -> CommandRun:
        return self.run("sh", "-c", script, timeout=timeout)

    def python(self, code: str, timeout: int = 60) -> CommandRun:
        return self.run(PYTHON, "-c", code, timeout=timeout)

    def left_behind(self) -> list[str]:
        """Processes of the proof's user; where that is our own user, those that carry the mark of a proof."""
        found = []
        for process in psutil.process_iter(["uids", "cmdline"]):
            if process.info["uids"].real == self.sandbox._user != 0 and (
                os.geteuid() == 0 or marked(process)
            ):
                found.append(str(process.info["cmdline"]))
        return found


def marked(process: psutil.Process) -> bool:
    try:
        return b"READINESS_PROOF=proof-" in Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return False


@contextmanager
def walled_machine(base: Path) -> Iterator[Machine]:
    """A machine of which no proof may leave anything behind."""
    made = Machine(base)
    yield made
    assert made.left_behind() == []
    assert os.listdir(made.tree.parent) == ["tree"]
