"""Copies live SQLite databases as of one moment, and puts such copies where restored live files lie."""

import errno
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from agent.adapters.host.identity import has_file_rights
from agent.adapters.looking.files import OutOfTime, copy_bytes, open_regular
from agent.adapters.looking.session import Look
from agent.adapters.sqlite import live
from agent.adapters.sqlite.live import CHANGED, SIDES, TryAgain, beside, stamp, take
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    NoRoom,
    ask,
    complaints,
    examined,
    is_damage,
)
from agent.core.text.plain import printable
from agent.errors import ReadinessError

PAUSE = 0.05  # seconds between two attempts
CHECK_SECONDS = 60.0  # that the check of a copy may take at least
GROWTH = 1 << 20  # bytes that a database may have more than it and its log had, once it is recovered
RACY_NS = 2_000_000_000  # a file changed this recently may change again within the same clock tick


def fingerprint(source: Path) -> str:
    """Changes whenever the database may have changed; "" when that cannot be told yet.

    Identity, size and times of the file, its write-ahead log and its journal; also the time that nobody can
    set back. Take it before a copy is made; a later equal one means that the copy is still the database's
    content.
    """
    seen = [_state(file) for file in (source, beside(source, "-wal"), beside(source, "-journal"))]
    changed = [moment for state in seen if state for moment in state[-2:]]
    if not seen[0] or time.time_ns() - max(changed) < RACY_NS:
        return ""
    return json.dumps(seen)


def _state(file: Path) -> tuple[int, ...] | None:
    try:
        status = file.lstat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def refresh_copy(look: Look, source: Path, target: Path, note: Path, deadline: float) -> bool:
    """Like `copy_consistently`, but skipped when nothing changed since the copy that `note` describes.

    Returns whether a new copy was made; an unchanged copy keeps its times, so that restic reuses it.
    """
    now = fingerprint(source)
    if now and target.exists() and note.exists() and note.read_text() == now:
        return False
    note.unlink(missing_ok=True)
    copy_consistently(look, source, target, deadline)
    if now:
        note.write_text(now)
    return True


def copy_consistently(look: Look, source: Path, target: Path, deadline: float) -> None:
    """Copy the database `source`, live or not, to the single file `target` as it was at one moment.

    Takes at most about `deadline` seconds, then raises DatabaseUnread. Raises DatabaseUnusable when the
    source is no sound database. The copy stands alone (no log beside it) and is the same byte for byte
    when the source has not changed. Nothing is created or changed in the source's directory.
    """
    until = time.monotonic() + deadline
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=look.private(), prefix="copy-") as name:
            private = Path(name)
            _attempts(look, source, private, deadline, until)
            (private / "copy").replace(target)
    except OSError as error:
        raise _no_copy(source, error, target.parent) from error


def _attempts(look: Look, source: Path, private: Path, deadline: float, until: float) -> None:
    """In half of the time writers are let in between two steps; then they are kept out."""
    patient_until = time.monotonic() + deadline / 2
    locked_since: float | None = None
    while True:
        try:
            return _attempt(look, source, private, until, hurry=time.monotonic() > patient_until)
        except TryAgain as reason:
            now = time.monotonic()
            locked_since = (locked_since or now) if reason.locked else None
            locked = locked_since is not None and now - locked_since > live.LOCKED_SECONDS
            if locked or now > until:
                waited = min(deadline, live.LOCKED_SECONDS) if locked else deadline
                raise DatabaseUnread(
                    f"{source} could not be copied within {waited:.0f} s: {reason}.",
                    "The application keeps it locked: take the snapshot at another time of the day, or have "
                    "the application write a copy of its own.",
                ) from reason
            time.sleep(PAUSE)


def _no_copy(source: Path, error: OSError, place: Path) -> ReadinessError:
    """Why a copy could not be written at `place`."""
    what = error.strerror or printable(str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoRoom(
            f"{source} has no room for a copy below {place}: {what}.",
            "Make room on the disk of the state directory: copies of databases are made there.",
        )
    return DatabaseUnread(f"{source} could not be copied: {what}.", "Look at the disk.")


def _attempt(look: Look, source: Path, private: Path, until: float, *, hurry: bool) -> None:
    copy = private / "copy"
    for leftover in (copy, *(beside(copy, ending) for ending in SIDES)):
        leftover.unlink(missing_ok=True)
    before = stamp(source)
    try:
        recovers = take(source, copy, until, hurry=hurry)
        seconds = max(until - time.monotonic(), CHECK_SECONDS)
        if recovers:
            wrong = _recovered(look, copy, source, seconds)
        else:
            wrong = complaints(examined(look, copy, seconds, {"check": True}, name=source))
        if wrong:
            worst = [line for line in wrong if is_damage(line)] or wrong
            raise DatabaseUnusable(
                f"{source} is damaged: {'; '.join(worst[:3])}.",
                "Recover it with the application's own means or from an older snapshot, before it spreads.",
            )
    except OSError as error:
        raise _no_copy(source, error, private.parent) from error
    except DatabaseUnusable:
        if stamp(source) == before:
            raise
        raise TryAgain(CHANGED) from None


def _recovered(look: Look, copy: Path, source: Path, seconds: float) -> tuple[str, ...]:
    """Have what lies beside a copy played back; what is wrong with what comes of it.

    Who looks may have changed the file in any way, and may do so still: what is kept is a copy of it.
    """
    until = time.monotonic() + seconds
    handles = {"database": os.open(copy, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)}
    try:
        for ending in ("-wal", "-journal"):
            if beside(copy, ending).exists():
                handles[f"database{ending}"] = open_regular(beside(copy, ending))
        most = sum(os.fstat(handle).st_size for handle in handles.values()) + GROWTH
        question: dict[str, object] = {"check": True, "recover": True, "options": "mode=rw"}
        with look.lent(handles, ours=True, writable=True):
            wrong = complaints(ask(look, question, seconds, source))
        size = os.fstat(handles["database"]).st_size
        if size > most:
            raise DatabaseUnusable(f"{source} grew beyond all measure when its log was played back.")
        _rewritten(copy, handles["database"], size, until)
    finally:
        for handle in handles.values():
            os.close(handle)
    return wrong


def _rewritten(copy: Path, handle: int, size: int, until: float) -> None:
    for leftover in (copy, *(beside(copy, ending) for ending in SIDES)):
        leftover.unlink(missing_ok=True)
    target = os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        copy_bytes(handle, target, until, 0, size)
    except OutOfTime:
        raise TryAgain("there was not enough time") from None
    finally:
        os.close(target)


def lay_in_place(copy: Path, database: Path) -> None:
    """Put a consistent copy where the restored live database lies, with that one's mode, owner and times.

    The live file's log, wal-index and journal are removed: they belong to another moment.
    """
    status = (database if database.exists() else copy).stat()
    for ending in SIDES:
        beside(database, ending).unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=database.parent, prefix=".laid-")
    try:
        os.close(handle)
        shutil.copyfile(copy, name)
        if has_file_rights():
            os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, status.st_mode & 0o7777)  # noqa: PTH101
        os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(name, database)  # noqa: PTH105
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
