"""Files that processes write through memory: their content changes without any sign in their times.

The kernel sets the time of a mapped file at the first write after each write-back, which may be half a minute
before the last one; so a file that is mapped for writing counts as being written all the time.
"""

import os
import re
import stat
from pathlib import Path

_SHARED_WRITABLE = re.compile(rb"^\S+ .w.s \S+ ([0-9a-f]+):([0-9a-f]+) ([1-9]\d*) ", re.MULTILINE)

Identity = tuple[int, int]  # device and inode


def mapped_for_writing() -> set[Identity]:
    """The files that any process (of those that we may look at) maps shared and writable."""
    found: set[Identity] = set()
    for process in Path("/proc").glob("[0-9]*"):  # "[0-9]*/maps" would look at files of processes that ended
        try:
            content = (process / "maps").read_bytes()
        except OSError:  # it ended, or belongs to somebody else
            continue
        for major, minor, inode in _SHARED_WRITABLE.findall(content):
            found.add((os.makedev(int(major, 16), int(minor, 16)), int(inode)))
    return found


def is_written(name: bytes, status: os.stat_result, mapped: set[Identity]) -> bool:
    """Whether the content may change without a sign: through memory, as SQLite does with its wal-index."""
    if not stat.S_ISREG(status.st_mode):
        return False
    index = name.endswith(b"-shm") and status.st_size % (1 << 15) == 0 and status.st_size > 0
    return index or (status.st_dev, status.st_ino) in mapped
