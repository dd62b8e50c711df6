"""The witness of the last good snapshot, kept beside the carried one, and what differs from it."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path

from agent.adapters.host.beneath import open_beneath
from agent.adapters.sources.walk import Visit
from agent.adapters.sources.witness_files import WITNESS, path_of, read_lines
from agent.core.snapshot.changes import Changes, Known
from agent.core.snapshot.samples import Became, Pick, Picked, Samples, what_became
from agent.core.snapshot.witness import NOTHING, sort_key, unescape

_SIZE, _MTIME, _CTIME, _INODE, _DEVICE, _SHA256, _PATH = 4, 5, 6, 7, 8, 11, 15
SAMPLE_BYTES = 1 << 16
COMPARED_BYTES = 1 << 23  # larger files are not read whole to see whether they are the same
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def good_witness(state: Path, process: str) -> Path:
    """Where the witness of the last good snapshot of a process is kept."""
    return state / "exposure" / f"{process}.witness"


def remember_witness(carried: Path, good: Path) -> None:
    """The snapshot with the witness in `carried` is good: from now on changes are counted from it."""
    witness = carried / WITNESS
    if good.exists() and good.samefile(witness):
        return
    good.parent.mkdir(mode=0o700, exist_ok=True)
    new = good.with_name(f"{good.name}.new")
    new.unlink(missing_ok=True)
    try:
        new.hardlink_to(witness)  # it is never written again, only replaced
    except OSError:
        shutil.copyfile(witness, new)
    new.replace(good)


def count_changes(good: Path, carried: Path, changes: Changes) -> bool:
    """Count how the witness in `carried` differs from the good one; False when there is nothing to count."""
    witness = carried / WITNESS
    if not good.exists() or good.samefile(witness):
        return False
    for old, new in _joined(read_lines(good), read_lines(witness)):
        changes.files += old is not None and old.startswith(b"f")
        if old != new:
            changes.differs(known_line(old), known_line(new))
    return True


def sampled(base: int, changes: Changes) -> Samples:
    """What became of the picked files that can be read."""
    return Samples(
        _looked_into(base, changes.changed_pick),
        _looked_into(base, changes.alike_pick),
        _looked_into(base, changes.touched_pick),
    )


def _looked_into(base: int, pick: Pick) -> list[Became]:
    found = (_what_became(base, picked) for picked in pick.picked())
    return [became for became in found if became]


def known_line(line: bytes | None) -> Known | None:
    """The regular file that a line of a witness tells of; None when it is none, or torn by a power cut."""
    if line is None or not line.startswith(b"f\t"):
        return None
    fields = line.rstrip(b"\n").split(b"\t", _PATH)
    try:
        size, mtime, ctime, inode = (int(fields[number]) for number in (_SIZE, _MTIME, _CTIME, _INODE))
        sha256 = b"" if fields[_SHA256] == NOTHING else fields[_SHA256]
        return Known(unescape(fields[_PATH]), size, mtime, ctime, inode, sha256)
    except (IndexError, ValueError):
        return None


def identity_of(line: bytes) -> tuple[int, int]:
    """Device and inode of a line of a witness; zeros when it is none."""
    fields = line.split(b"\t", _DEVICE + 1)
    try:
        return int(fields[_DEVICE]), int(fields[_INODE])
    except (IndexError, ValueError):
        return 0, 0


def known_visit(met: Visit | None) -> Known | None:
    """The regular file that was met; None when it is none."""
    if met is None or not stat.S_ISREG(met.status.st_mode):
        return None
    status = met.status
    return Known(met.path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _joined(olds: Iterable[bytes], news: Iterable[bytes]) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Lines of the same path together, the rest alone."""
    old_lines, new_lines = iter(olds), iter(news)
    old, new = next(old_lines, None), next(new_lines, None)
    while old is not None or new is not None:
        if old == new:
            before = after = b""
        else:
            before = sort_key(path_of(old)) if old is not None else b""
            after = sort_key(path_of(new)) if new is not None else b""
        if new is None or (old is not None and before < after):
            yield old, None
            old = next(old_lines, None)
        elif old is None or after < before:
            yield None, new
            new = next(new_lines, None)
        else:
            yield old, new
            old, new = next(old_lines, None), next(new_lines, None)


def _what_became(base: int, picked: Picked) -> Became | None:
    """What became of a file; None when it cannot be read, or is empty."""
    try:
        handle = open_beneath(base, picked.path, _READ)
    except OSError:
        return None
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            comparable = picked.before and status.st_size <= COMPARED_BYTES
            is_same = bool(comparable) and _sha256(file) == picked.before
            file.seek(0)
            start = file.read(SAMPLE_BYTES)
        except OSError:
            return None
    return what_became(start, is_same) if start else None


def _sha256(file: FileIO) -> bytes:
    return hashlib.file_digest(file, "sha256").hexdigest().encode()
