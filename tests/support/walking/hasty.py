"""The real restic without its wait of 0.2 s after each lock that it makes, in which others make theirs.

restic's own tests make that variable smaller (`TestSetLockTimeout`); a walk starts restic a hundred times,
and would spend more than half of its time there. Nothing else is changed: whoever locks still looks twice.
"""

import os
import shutil
import struct
from functools import cache
from pathlib import Path

from support.restics import restic_program

WAIT, HASTE = 200_000_000, 2_000_000  # nanoseconds
RETRY, STALE = 5_000_000_000, 1_800_000_000_000  # what lies beside it, in the order of each linker
BESIDE = (struct.pack("<3q", WAIT, RETRY, STALE), struct.pack("<2q", STALE, WAIT))


@cache
def hasty_restic(version: str) -> Path:
    """That program, kept beside the one from which it is made; the very one where the wait is not found."""
    program = restic_program(version)
    about = program.stat()
    made = program.with_name(f"hasty-{about.st_size}-{about.st_mtime_ns}") / "restic"
    if made.exists():
        return made
    content = without_wait(program.read_bytes())
    if content is None or not os.access(program.parent, os.W_OK):
        return program
    made.parent.mkdir(exist_ok=True)
    new = made.with_name(f"{os.getpid()}.new")
    new.write_bytes(content)
    shutil.copymode(program, new)
    new.rename(made)  # another test process may have been quicker
    return made


def without_wait(program: bytes) -> bytes | None:
    """None where the variable is not found, or found twice."""
    found = [(beside, at) for beside in BESIDE for at in _all_of(beside, program)]
    if len(found) != 1:
        return None
    ((beside, at),) = found
    at += beside.index(struct.pack("<q", WAIT))
    return program[:at] + struct.pack("<q", HASTE) + program[at + 8 :]


def _all_of(wanted: bytes, content: bytes) -> list[int]:
    at, found = content.find(wanted), []
    while at >= 0:
        found.append(at)
        at = content.find(wanted, at + 1)
    return found
