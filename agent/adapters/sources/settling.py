"""Waits until files stand still, and tells one that only grew from one that was written anew, and where
directories may have been swapped for something else."""

import os
import stat
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.adapters.host.beneath import stat_beneath
from agent.adapters.sources.hashing import digest
from agent.adapters.sources.walk import Visit
from agent.adapters.sources.witness_changes import known_line
from agent.adapters.sources.witness_files import WitnessLines, inode_of, read_lines
from agent.core.configuration.exclude import os_text
from agent.core.model.swapped import KeptFile, Owner, State, Swaps, spelt

STILL = 2.0  # seconds without a change
LOOKS = 0.25  # seconds between two
TICK_NS = 20_000_000  # by which the time of a change may lie behind the clock
MOST_PLACES, MOST_BYTES = 1000, 100_000  # that restic is asked for; of more it is asked for everything
EVERYBODY = -1

Stand = tuple[int, int, int, int]  # inode, size, mtime, ctime


class Owners:
    """Notes on two walks what tells a swapped directory from one that was there."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self._owners: dict[bytes, set[Owner]] = {root: set() for root in roots}
        self._above = {root: _above(root) for root in roots}
        self._begun = time.time_ns() - TICK_NS
        self._stirred: dict[bytes, int] = {}  # and who alone may rename there; EVERYBODY: not only one
        self._steady: set[str] = set()
        self._returned: set[str] = set()
        self._states: set[State] = set()
        self._inodes: set[int] = set()

    def meet(self, root: bytes, status: os.stat_result) -> None:
        """Something below `root`, or itself."""
        if not status.st_mode & stat.S_IROTH:
            self._owners[root].add((status.st_uid, status.st_gid))

    def compare(self, line: bytes | None, met: Visit | None, is_other: bool) -> None:
        """Something met by the first walk, the second, or both; `is_other` where it is not as it was."""
        if not is_other:
            if met and stat.S_ISDIR(met.status.st_mode) and met.path.rpartition(b"/")[0] in self._stirred:
                self._steady.add(spelt(f"/{os_text(met.path)}"))
            return
        if line and line.startswith(b"f"):
            self._inodes.add(inode_of(line))
        if met is None:
            return
        status = met.status
        if stat.S_ISREG(status.st_mode):
            self._inodes.add(status.st_ino)
            self._states.add(_known_state(status))
        elif line and line.startswith(b"d") and stat.S_ISDIR(status.st_mode):
            if met.path.rpartition(b"/")[0] in self._stirred:
                self._returned.add(spelt(f"/{os_text(met.path)}"))
            is_shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if status.st_uid or is_shared:
                self._stirred[met.path] = EVERYBODY if is_shared else status.st_uid

    def swaps(self) -> Swaps:
        """For the judgement."""
        whole = [root for root, was in self._above.items() if _was_renamed(was, _above(root))]
        stirred = list(self._stirred)
        if len(stirred) > MOST_PLACES or sum(map(len, stirred)) > MOST_BYTES:
            whole, stirred = list(self._owners), []
        renamers = {*self._stirred.values(), *([EVERYBODY] if whole else [])}
        return Swaps(
            begun_us=self._begun // 1000,
            stirred=_texts(stirred),
            steady=self._steady,
            returned=self._returned,
            whole=_texts(whole),
            renamer=renamers.pop() if len(renamers) == 1 else EVERYBODY,
            states=self._states,
            inodes=self._inodes,
            owners={f"/{os_text(root)}": owners for root, owners in self._owners.items()},
        )


def _texts(places: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(f"/{os_text(place)}" for place in places)


def _known_state(status: os.stat_result) -> State:
    mode = stat.S_IMODE(status.st_mode) & 0o777
    return status.st_ctime_ns // 1000, status.st_uid, status.st_gid, mode


def unlisted(witness: Path, files: Sequence[KeptFile]) -> list[KeptFile]:
    """Those that the witness does not know in that state, wherever they lay."""
    unknown = {file.state for file in files}
    for line in read_lines(witness):
        if line.startswith(b"f"):
            unknown.discard(_listed_state(line))
    return [file for file in files if file.state in unknown]


def _listed_state(line: bytes) -> State:
    _, mode, user, group, _, _, changed, _ = line.split(b"\t", 7)
    return int(changed) // 1000, int(user), int(group), int(mode, 8) & 0o777


def _above(root: bytes) -> list[tuple[int, int]]:
    """When those directories above a root changed that others than root may rename, and those that they
    lie in."""
    found = []
    place = b"/" + root
    inner = _status(place)
    while place := place.rpartition(b"/")[0]:
        outer = _status(place)
        if inner and outer:
            is_sticky = outer.st_mode & stat.S_ISVTX
            by_all = outer.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not is_sticky
            if outer.st_uid or by_all or (is_sticky and inner.st_uid):
                found.append((inner.st_ctime_ns, outer.st_ctime_ns))
        inner = outer
    return found


def _was_renamed(before: list[tuple[int, int]], now: list[tuple[int, int]]) -> bool:
    """A name that comes or goes changes its directory, and what is renamed itself."""
    pairs = zip(before, now, strict=False)
    return len(before) != len(now) or any(a[0] != b[0] and a[1] != b[1] for a, b in pairs)


def _status(place: bytes) -> os.stat_result | None:
    try:
        return os.lstat(place)
    except OSError:
        return None


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


def _state(base: int, path: bytes) -> Stand | None:
    try:
        status = stat_beneath(base, path)
    except OSError:
        return None
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns
