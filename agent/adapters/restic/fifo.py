"""Notices a restic that waits at a FIFO: a file when it looked there, and something else when it opened it.

Nobody but who put the FIFO there could let it go on, and it holds the repository's lock meanwhile. An honest
source never has it wait: restic passes over the FIFOs that it sees.
"""

import os
import time
from pathlib import Path

from agent.core.text.plain import printable
from agent.errors import ResticError

LOOKS = 1.0  # seconds between two
ENOUGH = 3  # looks that find it waiting, at one FIFO or at one after the other
_WAITS = (b"wait_for_partner", b"fifo_open")  # functions of the kernel
_LONGEST = 4096


class FifoWatch:
    """Called at every tick of a running backup; raises when it has waited at FIFOs for too long."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._next_look = time.monotonic() + LOOKS
        self._found = 0

    def __call__(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOKS
        place = waits_at(self._pid)
        self._found += place is not None
        if self._found < ENOUGH or place is None:
            return
        at = f" at {place}" if place else ""
        raise ResticError(
            f"restic waited{at} for somebody to write into a FIFO, and was ended: when restic looked "
            "there, it was a file.",
            "Find out who puts FIFOs in the place of files there.",
            "file-unreadable",
        )


def waits_at(pid: int) -> str | None:
    """At which FIFO a thread of the process waits for somebody to open its other end; None for no thread.

    Empty where nobody tells which.
    """
    try:
        threads = [f"/proc/{pid}/task/{thread}" for thread in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return None
    for thread in threads:
        if _read(f"{thread}/wchan").strip() in _WAITS:
            return _opening(pid, _read(f"{thread}/syscall").split())
    return None


def _opening(pid: int, call: list[bytes]) -> str:
    """The path that an openat(2) at work was given."""
    try:
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(int(call[2], 16))
            path = memory.read(_LONGEST)
    except (OSError, ValueError, IndexError, OverflowError):
        return ""
    return printable(os.fsdecode(path.partition(b"\0")[0]))


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""
