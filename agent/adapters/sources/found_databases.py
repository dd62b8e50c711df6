"""Copies the live SQLite databases of the sources that no proof names, without being asked.

Those that stand still are read where they lie, once for each state of the file.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from agent.adapters.host.beneath import real_path
from agent.adapters.looking.files import open_live
from agent.adapters.looking.session import Look
from agent.adapters.sources.databases_at_rest import AtRest, has_log
from agent.adapters.sqlite.copying import refresh_copy
from agent.adapters.sqlite.live import JOURNAL, beside
from agent.adapters.sqlite.reading import NoRoom, NotLookedInto, count_rows, is_damage, is_nonsense
from agent.core.configuration.exclude import os_bytes, os_text
from agent.core.kinds.kinds import HEAD, LOG_ENDING, SQLITE, Database, is_log, kind_of
from agent.core.model.snapshots import TableCounts
from agent.core.snapshot.extent import Scan
from agent.core.snapshot.live_databases import MOST_BYTES, Copied, Uncopied, to_copy, to_read
from agent.core.text.plain import size as shown
from agent.errors import ReadinessError

PREFIX = "found-"
PATIENCE = 10.0  # seconds to wait for a database that is locked
BYTES_A_SECOND = 20 << 20  # that a slow disk copies
MOST_SECONDS = 600.0  # for all of them
UNSOUND = "it is not a sound SQLite database: "
MAY_COME_BACK = "and whether the log or journal beside it brings its beginning back is not known"
STRANGE = (
    "Open it with its application. If that cannot read it, restore it from an older snapshot; if it can, "
    "take a snapshot with --accept."
)


class FoundDatabases:
    """Keeps the copies in `copies`, and beside it notes of what they are copies of."""

    def __init__(self, copies: Path, notes: Path, named: Sequence[str], look: Look) -> None:
        self._look = look
        self._copies = copies
        self._notes = notes
        self._named = frozenset(real_path(os_bytes(path)).strip(b"/") for path in named)

    def copy(self, scan: Scan, copied_before: Sequence[TableCounts], known: Collection[str] = ()) -> Copied:
        """Copy what is live of the databases in `scan`; copies of what is gone are removed.

        `known` were databases in earlier snapshots.
        """
        before = {os_bytes(table.database).strip(b"/") for table in copied_before if table.found}
        paths = [database.path for database in scan.databases if database.path not in self._named]
        chosen, beyond = to_copy(scan, before, self._named, [path for path in paths if has_log(_place(path))])
        tables, failed = self._copy_each(chosen)
        uncopied = [*(each for each in beyond if _place(each.path).is_file()), *failed]
        live = {database.path for database in chosen} | {each.path for each in uncopied}
        still, large = to_read(scan, live, self._named)
        at_rest, unread, foreign = AtRest(self._notes, self._look).read(still)
        complaints = foreign | {_shown(each.path): each.why for each in uncopied}
        former, behind_logs = self._former(scan, known, complaints)
        unread += tuple(_strange(path, why) for path, why in foreign.items() if path in known)
        return Copied(
            tables=tuple(tables),
            uncopied=tuple(each for each in (*uncopied, *large, *unread) if _shown(each.path) not in former),
            named=self._named,
            at_rest=at_rest,
            former=tuple(former.items()),
            behind_logs=tuple((path, why) for path, why in behind_logs.items() if path not in complaints),
        )

    def _former(
        self, scan: Scan, known: Collection[str], complaints: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Those of the `known` that are no databases any more, each with what it is now: they do not begin as
        one, or SQLite's complaint is that their schema is nonsense. And those that may get their beginning
        back from what lies beside them."""
        begin_as_one = {database.path for database in scan.databases} | self._named
        headless = _without_a_head(known, begin_as_one)
        behind_logs = {path for path in headless if _has_what_is_played_back(path)}
        nonsense = {path: why for path, why in complaints.items() if path in known and is_nonsense(why)}
        former = {path: why for path, why in headless.items() if path not in behind_logs}
        return (
            former | {path: _not_opened(why) for path, why in nonsense.items()},
            {path: f"{headless[path]}, {MAY_COME_BACK}" for path in sorted(behind_logs)},
        )

    def _copy_each(self, chosen: Sequence[Database]) -> tuple[list[TableCounts], list[Uncopied]]:
        """The rows of those that were copied, and the others; other copies are removed."""
        tables: list[TableCounts] = []
        failed: list[Uncopied] = []
        until = time.monotonic() + MOST_SECONDS
        for database in chosen:
            copied = self._copied(database, until)
            if isinstance(copied, TableCounts):
                tables.append(copied)
            else:
                failed.append(copied)
        self._sweep({table.copy for table in tables})
        return tables, failed

    def _copied(self, database: Database, until: float) -> TableCounts | Uncopied:
        """The rows of a copy; or why there is none."""
        why = self._tried(database, until)
        return why if isinstance(why, TableCounts | Uncopied) else Uncopied(database.path, why)

    def _tried(self, database: Database, until: float) -> TableCounts | Uncopied | str:
        source = _place(database.path)
        copy = self._copies / f"{PREFIX}{hashlib.sha256(database.path).hexdigest()[:16]}.db"
        left = until - time.monotonic()
        if left <= 0:
            return "the others have taken all of the time"
        if real_path(str(source)) != str(source):
            return "links lead to it"
        try:
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            size = database.size + _size_of_log(source)
            if size > MOST_BYTES:
                return f"it has {shown(size)} with its log, and at most {shown(MOST_BYTES)} are copied"
            seconds = min(left, PATIENCE + size / BYTES_A_SECOND)
            refresh_copy(self._look, source, copy, self._note(copy.name), seconds)
            rows = count_rows(self._look, copy, may_be_empty=True)
            with copy.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            return TableCounts(_shown(database.path), copy.name, rows, sha256, found=True)
        except ReadinessError as error:
            return _refused(database.path, source, error)
        except OSError as error:
            return error.strerror or str(error)

    def _note(self, name: str) -> Path:
        return self._notes.with_name(f"{self._notes.name}.{name}.note")

    def _sweep(self, kept: set[str]) -> None:
        for copy in self._copies.glob(f"{PREFIX}*"):
            if copy.name not in kept:
                copy.unlink(missing_ok=True)
                self._note(copy.name).unlink(missing_ok=True)
        for half in self._copies.glob(".copy-*"):  # of a release before, that was killed
            shutil.rmtree(half, ignore_errors=True)


def _refused(path: bytes, source: Path, error: ReadinessError) -> Uncopied:
    why = error.message.replace(f"{source} ", "it ", 1).rstrip(".")
    is_unseen = isinstance(error, NotLookedInto)
    damaged = error.code == "database-damaged" and not is_unseen and is_damage(why)
    hint = error.hint if is_unseen or isinstance(error, NoRoom) else ""
    return Uncopied(path, why, is_damaged=damaged, is_unseen=is_unseen, hint=hint)


def _strange(path: str, why: str) -> Uncopied:
    """A newer SQLite, or an extension, may have written it since; or it was damaged just so."""
    why = f"SQLite could read it within the last four weeks, and cannot any more: {why.removeprefix(UNSOUND)}"
    return Uncopied(os_bytes(path).strip(b"/"), why, is_unseen=True, hint=STRANGE)


def _not_opened(why: str) -> str:
    return f"SQLite cannot open it any more: {why.removeprefix(UNSOUND)}"


def _size_of_log(source: Path) -> int:
    try:
        return beside(source, "-wal").lstat().st_size
    except OSError:
        return 0


def _place(path: bytes) -> Path:
    return Path(os.fsdecode(b"/" + path))


def _shown(path: bytes) -> str:
    return f"/{os_text(path)}"


def _without_a_head(known: Collection[str], databases: Collection[bytes]) -> dict[str, str]:
    """Those of the `known` that are files still but do not begin as a database, and what is there instead."""
    found = {}
    for path in sorted(known):
        place = os_bytes(path).strip(b"/")
        if place in databases:
            continue
        head = _head(_place(place))
        if head is not None and kind_of(head) != SQLITE:
            found[path] = "does not begin as one any more" if head else "is empty now"
    return found


def _has_what_is_played_back(path: str) -> bool:
    """Whether SQLite would play back what lies beside it; that may be as damaged as the file, or used up."""
    file = _place(os_bytes(path).strip(b"/"))
    log, journal = (_head(beside(file, ending)) or b"" for ending in ("-wal", "-journal"))
    return is_log(LOG_ENDING, log) or journal.startswith(JOURNAL)


def _head(file: Path) -> bytes | None:
    """How a file of others begins; None where there is none that can be read."""
    try:
        handle = open_live(file)
    except OSError:
        return None
    try:
        return os.pread(handle, HEAD, 0)
    except OSError:
        return None
    finally:
        os.close(handle)
