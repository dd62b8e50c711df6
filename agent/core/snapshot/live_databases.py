"""Databases that are written while they are saved: which are copied, and what is said of the others.

A SQLite database that stands still is sound as a file; one that moves, or has a log beside it, is copied
as of one moment. What only a server can copy is never good as files.
"""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, structs

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import DUMP_WITH, Database, ServerDirectory
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DatabaseNote, TableCounts
from agent.core.snapshot.extent import NAMED, Moved, Scan
from agent.core.snapshot.server_parts import parts
from agent.core.snapshot.vital import is_vital
from agent.core.text.plain import count, size

MOST_DATABASES = 100
MOST_BYTES = 2 << 30  # of one
NO_ROOM = "there is too little room below the state directory"


class Uncopied(Struct, frozen=True):
    """A live SQLite database without a copy of its own, and why."""

    path: bytes
    why: str
    is_encrypted: bool = False
    is_damaged: bool = False  # it was read, at rest or live, and is bad


class Copied(Struct, frozen=True):
    """The copies that were made, with their rows; what could not be copied; and what proofs name.

    Besides what was read where it lies, and what was a database and is none any more, with what it is now.
    """

    tables: tuple[TableCounts, ...] = ()
    uncopied: tuple[Uncopied, ...] = ()
    named: frozenset[bytes] = frozenset()
    at_rest: tuple[DatabaseNote, ...] = ()
    former: tuple[tuple[str, str], ...] = ()


def to_copy(
    scan: Scan, copied_before: Collection[bytes], named: Collection[bytes], with_log: Collection[bytes]
) -> tuple[list[Database], list[Uncopied]]:
    """The databases to copy as of one moment, and those that are beyond what is done without being asked.

    `named` are copied because proofs name them; `with_log` have a log or a journal beside them. What was
    copied once is copied always: it was written to between two snapshots, and may be again.
    """
    live = [
        database
        for database in vital_first(scan)
        if database.path not in named
        and (database.moved or database.path in with_log or database.path in copied_before)
    ]
    uncopied = [
        Uncopied(database.path, f"it has {size(database.size)}, and at most {size(MOST_BYTES)} are copied")
        for database in live
        if database.size > MOST_BYTES
    ]
    small = [database for database in live if database.size <= MOST_BYTES]
    why = f"the process has {count(len(small), 'live database')}, and at most {MOST_DATABASES} are copied"
    uncopied += [Uncopied(database.path, why) for database in small[MOST_DATABASES:]]
    known = {database.path for database in scan.databases} | set(named)
    foreign = "its beginning is not that of a SQLite database: it is encrypted, or damaged"
    uncopied += [Uncopied(path, foreign, is_encrypted=True) for path in scan.logs if path not in known]
    return small[:MOST_DATABASES], uncopied


def vital_first(scan: Scan) -> list[Database]:
    """All databases of the scan, those that are vital before the others."""
    return sorted(scan.databases, key=lambda database: not is_vital(scan, database.path))


def to_read(scan: Scan, live: Collection[bytes], named: Collection[bytes]) -> list[Database]:
    """The databases that stand still and are read where they lie, within the limits that hold for copies."""
    still = [each for each in vital_first(scan) if each.path not in named and each.path not in live]
    return [database for database in still if database.size <= MOST_BYTES][:MOST_DATABASES]


def sqlite_findings(
    process: CriticalProcess,
    scan: Scan,
    found: Copied,
    moved: Moved,
) -> list[Finding]:
    """A warning for each live SQLite database that is in the snapshot as a file only, or that is damaged.

    One that is damaged and vital is an error, unless it is being written to: the next snapshot tells.
    """
    copied = {known.database for known in found.tables}
    said = {each.path for each in found.uncopied} | found.named
    changed = set(moved.paths) | set(scan.moving)
    late = [
        each.path
        for each in scan.databases
        if each.path in changed and each.path not in said and f"/{os_text(each.path)}" not in copied
    ]
    written = "it was written to for the first time while the snapshot was taken; the next one copies it"
    everything = [*found.uncopied, *(Uncopied(path, written) for path in late)]
    damaged = [each for each in everything if each.is_damaged and each.path not in changed]
    others = [each for each in everything if each not in damaged]
    vital = [_damaged(process, each) for each in damaged if is_vital(scan, each.path)]
    rest = [_damaged(process, each) for each in damaged if not is_vital(scan, each.path)]
    findings = vital[:NAMED] + [structs.replace(each, severity="warning") for each in rest[:NAMED]]
    findings += [_not_copied(process, each, written) for each in others[:NAMED]]
    return findings + _more(process, "sqlite-not-copied", others, "more SQLite database")


def _damaged(process: CriticalProcess, each: Uncopied) -> Finding:
    path = f"/{os_text(each.path)}"
    why = each.why.removeprefix("it is damaged: ").removeprefix("it is not a sound SQLite database: ")
    message = f"{path} is damaged: {why}."
    hint = (
        "Recover it with the application's own means or from an older snapshot, before that is removed. "
        f"If nobody needs it: delete it, or exclude {path}."
    )
    return finding("database-damaged", process.name, message, hint, path)


def _not_copied(process: CriticalProcess, each: Uncopied, written: str) -> Finding:
    path = f"/{os_text(each.path)}"
    if each.is_encrypted:
        hint = f"Have the application make a copy inside of the paths, and exclude {path}."
    elif each.why == NO_ROOM:
        hint = "Make room on the disk of the state directory: the copy is made there."
    elif each.why == written:
        hint = f"Run: readiness snapshot {process.name}"
    else:
        hint = f'Add a proof with sqlite = "{path}" to [process.{process.name}], or exclude the database.'
    message = f"{path} is a live SQLite database, and it is saved only as a file: {each.why}."
    return finding("sqlite-not-copied", process.name, message, hint, path)


def server_findings(process: CriticalProcess, scan: Scan, moved: Moved) -> list[Finding]:
    """A warning for each data directory that a database server has open: its files never fit together.

    Likewise, also when no server runs, for each part of one that is saved without the rest.
    """
    changed = {*moved.paths, *scan.moving}
    live = [server for server in scan.servers if server.is_open or _moved_below(server.path, changed)]
    partly = [part for part in parts(scan) if all(not _is_in(server.path, part[0]) for server in live)]
    findings = [*(_live(process, server) for server in live), *(_part(process, *part) for part in partly)]
    return findings[:NAMED] + _more(
        process, "live-database", findings, "more data directory", "more data directories"
    )


def _moved_below(path: bytes, changed: Iterable[bytes]) -> bool:
    return any(_is_in(each, path) for each in changed)


def _is_in(path: bytes, directory: bytes) -> bool:
    return path == directory or path.startswith(directory + b"/")


def _part(process: CriticalProcess, place: bytes, kind: str) -> Finding:
    path = f"/{os_text(place)}"
    return finding(
        "live-database",
        process.name,
        f"{path} is a part of the data of a {kind} server, and the rest is not saved with it: "
        "no server starts from that alone.",
        f"Dump the database into a path of [process.{process.name}] ({DUMP_WITH[kind]}), and exclude {path}.",
        path,
    )


def _live(process: CriticalProcess, server: ServerDirectory) -> Finding:
    path = f"/{os_text(server.path)}"
    return finding(
        "live-database",
        process.name,
        f"{path} belongs to a {server.kind} server that is at work: "
        "files saved while it writes do not fit together.",
        f"Dump it into a path of [process.{process.name}] ({DUMP_WITH[server.kind]}), and exclude {path}.",
        path,
    )


def _more(
    process: CriticalProcess, code: str, found: Sequence[object], what: str, many: str = ""
) -> list[Finding]:
    rest = len(found) - NAMED
    return [finding(code, process.name, f"{count(rest, what, many)} like this.")] if rest > 0 else []
