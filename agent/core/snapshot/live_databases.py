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
from agent.core.snapshot.dumps import is_named
from agent.core.snapshot.extent import NAMED, Moved, Scan
from agent.core.snapshot.server_parts import parts
from agent.core.snapshot.vital import is_vital
from agent.core.text.plain import count, size

MOST_DATABASES = 100
MOST_BYTES = 2 << 30  # of one
ROOM = "Make room on the disk of the state directory: the copy is made there."


class Uncopied(Struct, frozen=True):
    """A live SQLite database without a copy of its own, or one of which nothing is known, and why."""

    path: bytes
    why: str
    is_encrypted: bool = False
    is_damaged: bool = False  # it was read, at rest or live, and is bad
    is_unseen: bool = False  # nobody could look into it
    is_unread: bool = False  # it stands still, and its turn has not come yet
    hint: str = ""  # what to do about just that


class Copied(Struct, frozen=True):
    """The copies that were made, with their rows; what could not be copied; and what proofs name.

    Besides what was read where it lies, and what was a database and is none any more, with what it is now; or
    may be one again once SQLite has played back what lies beside it.
    """

    tables: tuple[TableCounts, ...] = ()
    uncopied: tuple[Uncopied, ...] = ()
    named: frozenset[bytes] = frozenset()
    at_rest: tuple[DatabaseNote, ...] = ()
    former: tuple[tuple[str, str], ...] = ()
    behind_logs: tuple[tuple[str, str], ...] = ()


def to_copy(
    scan: Scan, copied_before: Collection[bytes], named: Collection[bytes], with_log: Collection[bytes]
) -> tuple[list[Database], list[Uncopied]]:
    """The databases to copy as of one moment, and those that are beyond what is done without being asked.

    `named` are copied because proofs name them; `with_log` have a log or a journal beside them. What was
    copied once is copied always: it was written to between two snapshots, and may be again. Of too many,
    those without a log are left: they stand still now, and are read where they lie.
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
    open_now = [database for database in small if database.path in with_log]
    quiet = [database for database in small if database.path not in with_log]
    why = f"the process has {count(len(open_now), 'live database')}, and at most {MOST_DATABASES} are copied"
    uncopied += [Uncopied(database.path, why) for database in open_now[MOST_DATABASES:]]
    known = {database.path for database in scan.databases} | set(named)
    foreign = "its beginning is not that of a SQLite database: it is encrypted, or damaged"
    uncopied += [Uncopied(path, foreign, is_encrypted=True) for path in scan.logs if path not in known]
    return [*open_now, *quiet][:MOST_DATABASES], uncopied


def vital_first(scan: Scan) -> list[Database]:
    """All databases of the scan, those that are vital before the others."""
    return sorted(scan.databases, key=lambda database: not is_vital(scan, database.path))


def to_read(
    scan: Scan, live: Collection[bytes], named: Collection[bytes]
) -> tuple[list[Database], list[Uncopied]]:
    """The databases that stand still and are read where they lie, and those that are too large for that."""
    still = [each for each in vital_first(scan) if each.path not in named and each.path not in live]
    large = [each for each in still if each.size > MOST_BYTES]
    limit = f"at most {size(MOST_BYTES)} are read without being asked"
    return [each for each in still if each.size <= MOST_BYTES], [
        Uncopied(each.path, f"it has {size(each.size)}, and {limit}", is_unread=True, hint=with_proof(each))
        for each in large
    ]


def with_proof(database: Database) -> str:
    """What to do so that a database is read that is not read without being asked."""
    path = f"/{os_text(database.path)}"
    return f'Add a proof with sqlite = "{path}" to its process: a drill takes its time. Or exclude it.'


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
    changed = set(moved.paths) | set(scan.moving)
    known = [each for each in found.uncopied if not (each.is_unread and each.path in changed)]
    said = {each.path for each in known} | found.named
    late = [
        each.path
        for each in scan.databases
        if each.path in changed and each.path not in said and f"/{os_text(each.path)}" not in copied
    ]
    written = "it was written to for the first time while the snapshot was taken; the next one copies it"
    everything = [*known, *(Uncopied(path, written) for path in late)]
    damaged = [each for each in everything if each.is_damaged and each.path not in changed]
    unseen = [each for each in everything if each.is_unseen]
    others = [each for each in everything if each not in damaged and not (each.is_unseen or each.is_unread)]
    vital = [_damaged(process, each) for each in damaged if is_vital(scan, each.path)]
    rest = [_damaged(process, each) for each in damaged if not is_vital(scan, each.path)]
    findings = vital[:NAMED] + [structs.replace(each, severity="warning") for each in rest[:NAMED]]
    findings += [_not_copied(process, each, written) for each in others[:NAMED]]
    findings += [_not_looked_into(process, each) for each in unseen[:NAMED]]
    findings += _more(process, "not-looked-into", unseen, "more SQLite database")
    findings += _unread(process, scan, [each for each in everything if each.is_unread])
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
    elif each.hint:
        hint = each.hint
    elif each.why == written:
        hint = f"Run: readiness snapshot {process.name}"
    else:
        hint = f'Add a proof with sqlite = "{path}" to [process.{process.name}], or exclude the database.'
    message = f"{path} is a live SQLite database, and it is saved only as a file: {each.why}."
    return finding("sqlite-not-copied", process.name, message, hint, path)


def _not_looked_into(process: CriticalProcess, each: Uncopied) -> Finding:
    path = f"/{os_text(each.path)}"
    message = f"{path} is a SQLite database of which nothing is known: {each.why}."
    return finding("not-looked-into", process.name, message, each.hint, path)


def _unread(process: CriticalProcess, scan: Scan, unread: Sequence[Uncopied]) -> list[Finding]:
    """How many of what stands still nobody has read: a warning for what counts, a note for the rest."""
    ordered = sorted(unread, key=lambda each: not each.hint)  # those that no later snapshot reads first
    counts = [each for each in ordered if _counts(process, scan, each)]
    rest = [each for each in ordered if not _counts(process, scan, each)]
    found = [_not_yet(process, counts)] if counts else []
    return found + ([structs.replace(_not_yet(process, rest), severity="info")] if rest else [])


def _counts(process: CriticalProcess, scan: Scan, each: Uncopied) -> bool:
    return is_vital(scan, each.path) or is_named(process, f"/{os_text(each.path)}")


def _not_yet(process: CriticalProcess, unread: Sequence[Uncopied]) -> Finding:
    first = unread[0]
    path = f"/{os_text(first.path)}"
    what = f"{path} is a SQLite database of which nothing is known yet"
    if len(unread) > 1:
        what = f"{count(len(unread), 'SQLite database')}, such as {path}, were not looked into yet"
    hint = first.hint or f"Each snapshot goes on with the next ones. Run: readiness snapshot {process.name}"
    return finding("not-looked-into", process.name, f"{what}: {first.why}.", hint, path)


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
