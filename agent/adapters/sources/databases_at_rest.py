"""Reads SQLite databases that stand still where they lie: are they sound, and how many rows have they?

What was seen is noted beside the witness, so that a file is read once for each state that it has.
"""

import errno
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from agent.adapters.looking.session import Look
from agent.adapters.sqlite.copying import fingerprint
from agent.adapters.sqlite.live import beside, stamp
from agent.adapters.sqlite.reading import (
    DatabaseUnread,
    DatabaseUnusable,
    NeedsItsApplication,
    NotLookedInto,
    is_damage,
    look_at,
)
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import Database
from agent.core.model.snapshots import DatabaseNote
from agent.core.snapshot.live_databases import ROOM, Uncopied, with_proof
from agent.errors import ReadinessError

MOST_SECONDS = 120.0  # within which one begins; the next snapshot goes on with the others
MOST_LOOKS = 1000  # with each snapshot
LEAST_SECONDS = 5.0  # for one
BYTES_A_SECOND = 20 << 20  # that a slow disk reads
MORE = 4.0  # times as long as the last time, for one that was late
LONGEST = 600.0  # seconds for one, after which it is not tried again
NO_TURN = "others came first; the next snapshot goes on"


class Seen(Struct, frozen=True):
    """What was seen of one database."""

    at: str  # its fingerprint then; "" is not noted
    damage: str = ""
    rows: dict[str, int] | None = None
    foreign: str = ""  # why our SQLite does not understand what it is made of
    unseen: str = ""  # why nobody looked, which is not noted
    unread: str = ""  # why it was not read
    tries: int = 0  # that it was not read in
    hint: str = ""

    def is_known(self) -> bool:
        """A release before noted what it had not read, too, and of what is foreign not why."""
        return bool(self.damage or self.rows is not None or self.foreign)

    def told(self, path: bytes) -> Uncopied | None:
        """What is to be said of it."""
        if self.damage:
            return Uncopied(path, self.damage, is_damaged=True)
        if self.unseen:
            return Uncopied(path, self.unseen, is_unseen=True, hint=self.hint)
        return Uncopied(path, self.unread, is_unread=True, hint=self.hint) if self.unread else None


WAITS = Seen("", unread=NO_TURN)


class _Looks:
    """What one snapshot takes upon itself: what is noted already costs nothing of it."""

    def __init__(self) -> None:
        self._taken = 0
        self._until = time.monotonic() + MOST_SECONDS

    def is_next(self) -> bool:
        """Whether another one is looked into, which counts it."""
        self._taken += 1
        return self._taken <= MOST_LOOKS and time.monotonic() < self._until


class AtRest:
    """`notes` is the directory that snapshots carry: the notes lie beside it."""

    def __init__(self, notes: Path, look: Look) -> None:
        self._look = look
        self._file = notes.with_name(f"{notes.name}.at-rest.note")
        self._noted = self._read_notes()

    def read(
        self, databases: Sequence[Database]
    ) -> tuple[tuple[DatabaseNote, ...], tuple[Uncopied, ...], dict[str, str]]:
        """The rows of those that are sound; those that are damaged, that nobody could look into, or that were
        not read yet; and why our SQLite does not understand others, which says nothing bad by itself.

        Nothing of what changes while it is read.
        """
        looks = _Looks()
        ordered = sorted(databases, key=lambda each: self._tries(each.path))
        read = {each.path: self._seen(each, looks) for each in ordered}
        found = [(each.path, seen) for each in databases if (seen := read[each.path])]
        noted = {_shown(path): seen for path, seen in found if seen.at}
        if noted != self._noted:
            self._file.write_text(json.dumps(msgspec.to_builtins(noted)))  # names may be no UTF-8
        sound = [DatabaseNote(_shown(path), seen.rows) for path, seen in found if seen.rows is not None]
        told = [told for path, seen in found if (told := seen.told(path))]
        foreign = {_shown(path): seen.foreign for path, seen in found if seen.foreign}
        return tuple(sound), tuple(told), foreign

    def _tries(self, path: bytes) -> int:
        """What was late before comes last: it takes its time."""
        noted = self._noted.get(_shown(path))
        return noted.tries if noted else 0

    def _seen(self, database: Database, looks: "_Looks") -> Seen | None:
        source = Path(os.fsdecode(b"/" + database.path))
        at = fingerprint(source)
        noted = self._noted.get(_shown(database.path))
        if noted and not (at and noted.at == at):
            noted = None
        if noted and noted.is_known():
            return noted
        tries = noted.tries if noted else 0
        if tries and _seconds(database, tries - 1) >= LONGEST:
            return noted
        if not looks.is_next():
            return noted if tries else WAITS
        try:
            before = stamp(source)
            seen = _seen(self._look, source, at, _seconds(database, tries))
            if seen.unread and at and not seen.hint:
                seen = _late(seen, at, tries + 1, database)
            return seen if stamp(source) == before and not has_log(source) else None
        except DatabaseUnread as error:  # what lies beside it is no file
            return _unseen(source, error)
        except OSError:
            return None

    def _read_notes(self) -> dict[str, Seen]:
        try:
            return msgspec.convert(json.loads(self._file.read_text()), dict[str, Seen])
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
            return {}


def _shown(path: bytes) -> str:
    return f"/{os_text(path)}"


def _seconds(database: Database, tries: int) -> float:
    """How long it may take when it was late so many times."""
    return min((LEAST_SECONDS + database.size / BYTES_A_SECOND) * MORE**tries, LONGEST)


def _late(seen: Seen, at: str, tries: int, database: Database) -> Seen:
    """To be tried again, or not any more."""
    if _seconds(database, tries - 1) >= LONGEST:
        return Seen(at, unread=seen.unread, tries=tries, hint=with_proof(database))
    return Seen(at, unread=f"{seen.unread}; the next snapshot gives it more time", tries=tries)


def _seen(look: Look, source: Path, at: str, seconds: float) -> Seen:
    try:
        damage, rows = look_at(look, source, seconds)
    except DatabaseUnusable as error:
        why = _why(source, error)
        return Seen(at, damage=why) if is_damage(why) else Seen(at, foreign=why)
    except NeedsItsApplication as error:
        return Seen(at, foreign=_why(source, error))
    except NotLookedInto as error:
        return _unseen(source, error)
    except ReadinessError as error:
        why = _why(source, error).replace("be read in time", f"be read within {seconds:.0f} s")
        return Seen("", unread=why)
    except OSError as error:
        why, hint = error.strerror or str(error), "Look at the disk."
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why, hint = f"it has no room for a copy below {look.place}: {why}", ROOM
        return Seen("", unread=why, hint=hint)
    return Seen(at, damage="; ".join(damage)) if damage else Seen(at, rows=rows)


def _unseen(source: Path, error: ReadinessError) -> Seen:
    return Seen("", unseen=_why(source, error), hint=error.hint)


def _why(source: Path, error: ReadinessError) -> str:
    return error.message.replace(f"{source} ", "it ", 1).rstrip(".")


def has_log(source: Path) -> bool:
    """Whether a log or a journal that holds anything lies beside the database."""
    for ending in ("-wal", "-journal"):
        try:
            if beside(source, ending).lstat().st_size:
                return True
        except OSError:
            continue
    return False
