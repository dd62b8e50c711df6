"""Reads SQLite databases that stand still where they lie: are they sound, and how many rows have they?

What was seen is noted beside the witness, so that a file is read once for each state that it has.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from agent.adapters.sqlite.copying import fingerprint
from agent.adapters.sqlite.live import beside, stamp
from agent.adapters.sqlite.reading import DatabaseUnusable, is_damage, look_at
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import Database
from agent.core.model.snapshots import DatabaseNote
from agent.core.snapshot.live_databases import Uncopied
from agent.errors import ReadinessError

MOST_SECONDS = 120.0  # for all of them; the next snapshot goes on with the others
LEAST_SECONDS = 5.0
BYTES_A_SECOND = 20 << 20  # that a slow disk reads


class Look(Struct, frozen=True):
    """What was seen of one database; neither damage nor rows: it could not be read."""

    at: str  # its fingerprint then
    damage: str = ""
    rows: dict[str, int] | None = None


class AtRest:
    """`notes` is the directory that snapshots carry: the notes lie beside it."""

    def __init__(self, notes: Path) -> None:
        self._file = notes.with_name(f"{notes.name}.at-rest.note")
        self._noted = self._read_notes()

    def read(self, databases: Sequence[Database]) -> tuple[tuple[DatabaseNote, ...], tuple[Uncopied, ...]]:
        """The rows of those that are sound, and those that are damaged; nothing of what could not be read."""
        sound: list[DatabaseNote] = []
        damaged: list[Uncopied] = []
        noted: dict[str, Look] = {}
        until = time.monotonic() + MOST_SECONDS
        for database in databases:
            path = f"/{os_text(database.path)}"
            look = self._look(path, database, until)
            if look is None:
                continue
            if look.at:
                noted[path] = look
            if look.damage:
                damaged.append(Uncopied(database.path, look.damage, is_damaged=True))
            elif look.rows is not None:
                sound.append(DatabaseNote(path, look.rows))
        if noted != self._noted:
            self._file.write_bytes(msgspec.json.encode(noted))
        return tuple(sound), tuple(damaged)

    def _look(self, path: str, database: Database, until: float) -> Look | None:
        source = Path(os.fsdecode(b"/" + database.path))
        at = fingerprint(source)
        noted = self._noted.get(path)
        if noted and at and noted.at == at:
            return noted
        left = until - time.monotonic()
        if left <= 0:
            return None
        before = stamp(source)
        own = LEAST_SECONDS + database.size / BYTES_A_SECOND
        look = _seen(source, at if own <= left else "", min(left, own))
        return look if stamp(source) == before and not has_log(source) else None

    def _read_notes(self) -> dict[str, Look]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Look])
        except (OSError, msgspec.MsgspecError):
            return {}


def _seen(source: Path, at: str, seconds: float) -> Look:
    try:
        damage, rows = look_at(source, seconds)
    except DatabaseUnusable as error:
        why = error.message.replace(f"{source} ", "it ", 1).rstrip(".")
        return Look(at, damage=why) if is_damage(why) else Look(at)
    except (ReadinessError, OSError):
        return Look(at)
    return Look(at, damage="; ".join(damage)) if damage else Look(at, rows=rows)


def has_log(source: Path) -> bool:
    """Whether a log or a journal that holds anything lies beside the database."""
    for ending in ("-wal", "-journal"):
        try:
            if beside(source, ending).lstat().st_size:
                return True
        except OSError:
            continue
    return False
