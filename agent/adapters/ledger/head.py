"""The head file beside the ledger: number and hash of the newest record, as a second witness of the tail.

It is written after each commit. A kill in between leaves it one record behind; it never leads. So a
ledger that ends before its head file does has lost records, or is an older copy put in its place.
"""

import os
import re
from pathlib import Path

from msgspec import Struct

from agent.errors import LedgerDamaged

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
LINE = re.compile(rb"(\d{1,18}) ([0-9a-f]{64})\n")


class Head(Struct, frozen=True):
    """Number and hash (hex) of the newest record."""

    sequence: int
    hash: str


def head_path(ledger: Path) -> Path:
    """`ledger.head` for `ledger.db`."""
    return ledger.with_suffix(".head")


def read_head(ledger: Path) -> Head | None:
    """What the head file says; None when there is none. Raises OSError, or LedgerDamaged for another content.

    Read it before the database, so that a record that arrives in between cannot make it lead.
    """
    path = head_path(ledger)
    try:
        with path.open("rb") as file:
            line = LINE.fullmatch(file.read(200))
    except FileNotFoundError:
        return None
    if line is None:
        raise LedgerDamaged(
            f"{path} does not hold the number and the hash of a record.",
            f"Run readiness ledger verify; when the ledger is whole otherwise, move {path.name} away.",
        )
    return Head(int(line[1]), line[2].decode())


def write_head(ledger: Path, head: Head) -> None:
    """Replace the head file atomically, unless another process has written a newer one."""
    path = head_path(ledger)
    present = read_head(ledger)
    if present is not None and present.sequence >= head.sequence:
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)  # of a process of this number that was killed, or somebody's link
    descriptor = os.open(unfinished, _NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{head.sequence} {head.hash}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
