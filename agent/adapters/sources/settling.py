"""Waits until files stand still, and tells one that only grew from one that was written anew."""

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from agent.adapters.sources.hashing import digest
from agent.adapters.sources.witness_changes import known_line
from agent.adapters.sources.witness_files import WitnessLines

STILL = 2.0  # seconds without a change
LOOKS = 0.25  # seconds between two

State = tuple[int, int, int, int]  # inode, size, mtime, ctime


def settled(base: int, paths: Sequence[bytes], seconds: float) -> bool:
    """Wait at most so long until all of `paths` are there and have not changed for a while."""
    end = time.monotonic() + seconds
    last, since = [_state(base, path) for path in paths], time.monotonic()
    while True:
        now = time.monotonic()
        there = [state for state in last if state is not None]
        is_old = all(time.time_ns() - state[3] >= STILL * 1e9 for state in there)
        if len(there) == len(paths) and (is_old or now - since >= STILL):
            return True
        if now >= end:
            return False
        time.sleep(LOOKS)
        seen = [_state(base, path) for path in paths]
        if seen != last:
            last, since = seen, time.monotonic()


def only_grew(base: int, path: bytes, good: Path) -> bool:
    """Whether the file still begins with all that the witness `good` knows of it."""
    known = known_line(WitnessLines(good).find(path))
    state = _state(base, path)
    if known is None or state is None or not known.sha256 or not 0 < known.size <= state[1]:
        return False
    return digest(base, path, known.size).sha256 == known.sha256


def _state(base: int, path: bytes) -> State | None:
    try:
        status = os.stat(path, dir_fd=base, follow_symlinks=False)
    except OSError:
        return None
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns
