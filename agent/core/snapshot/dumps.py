"""Dumps of databases: known by how they begin, whole when they end as their kind does.

Of generations the newest is judged: that is the one to recover from.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from posixpath import normpath

from msgspec import structs

from agent.core.configuration.config import ArchiveProof, CriticalProcess, NewestFileProof
from agent.core.configuration.exclude import os_text
from agent.core.configuration.vital import vital_paths
from agent.core.kinds.dump_parts import CONTENTS
from agent.core.kinds.generations import Generations, generations, names_of
from agent.core.kinds.kinds import Dump, Unseen
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DumpNote, SnapshotRecord
from agent.core.snapshot.extent import NAMED, Moved, Scan
from agent.core.snapshot.shrinkage import fell
from agent.core.text.patterns import is_pattern, matches
from agent.core.text.plain import count, size

TAIL = 4096  # bytes at the end of a dump that are looked at
NOTED = 50  # dumps, with every snapshot: the newest of each, and the newest
_PIECE = r"(?:[a-z]{2,3}|\d+)\Z"  # how the name of one ends
LEAST = 4096  # bytes: what is smaller says little by its size
UNREAD, LEAST_UNREAD = ".zst", 256  # but for what nobody can look into: no packed dump is smaller

_PACKED = (b".sql.gz", b".sql.bz2", b".sql.xz", b".sql.zst")
# pg_dump -Fc, what Redis saves, mongodump --archive: they have no last line
_ARCHIVES = (b"PGDMP", b"REDIS0", b"\x6d\xe2\x99\x81")
# how the first lines of plain dumps read, and how their last ones must
_PLAIN = (
    (b"-- PostgreSQL database cluster dump", b"-- PostgreSQL database cluster dump complete"),
    (b"-- PostgreSQL database dump", b"-- PostgreSQL database dump complete"),
    (b"-- MySQL dump", b"-- Dump completed"),
    (b"-- MariaDB dump", b"-- Dump completed"),
)
_CLUSTER, _DATABASE = (ends for _, ends in _PLAIN[:2])
# the line with which another one begins; others may write as much behind a whole one
_ANOTHER = rb"-- (?:PostgreSQL database (?:cluster )?dump\s*|(?:MySQL|MariaDB) dump \d.*)"
MARKS = (*_ARCHIVES, b" dump")  # one of these is in the first bytes of each that is known
NEAR_NS = 3600 * 10**9  # what a job writes beside its dump, such as its log, is as new as that


def is_dump(path: bytes, head: bytes) -> bool:
    """Whether a file is a dump: by its first bytes, unpacked, or by the name of a packed one."""
    return path.endswith(_PACKED) or is_known(head)


def is_known(head: bytes) -> bool:
    """Whether what is unpacked begins as a dump of a kind that we know."""
    return head.startswith(_ARCHIVES) or last_line(head) != b""


def last_line(head: bytes) -> bytes:
    """What must stand at the end of a plain dump that begins like this; empty when it is none we know."""
    if b" dump" not in head:  # nearly always
        return b""
    for begins, ends in _PLAIN:
        if head.startswith(begins) or b"\n" + begins in head:
            return ends
    return b""


def is_whole(head: bytes, tail: bytes) -> bool:
    """Whether what is unpacked ends as it must; what is no dump that we know has only to hold something."""
    if not head:
        return False
    ends = last_line(head)
    return not ends or _ends_last(tail.splitlines(), _ends_behind(ends))


def _ends_last(lines: Sequence[bytes], ends: tuple[bytes, ...]) -> bool:
    """Whether there is an end, and no beginning behind it: that of one whose program failed."""
    for line in reversed(lines):
        if line.startswith(ends):
            return True
        if re.fullmatch(_ANOTHER, line):
            return False
    return False


def _ends_behind(ends: bytes) -> tuple[bytes, ...]:
    """Several dumps may be one file, and the last ends it. In that of a cluster each database has an end, and
    where pg_dumpall was killed the last is the one of the pg_dump that it had started."""
    return tuple(each for _, each in _PLAIN if ends != _CLUSTER or each != _DATABASE)


def noted_dumps(dumps: Sequence[Dump], newest: Mapping[bytes, int]) -> tuple[DumpNote, ...]:
    """What a record keeps of the newest dumps; `newest` is the time of the newest file in each directory."""
    return tuple(
        DumpNote(
            f"/{os_text(dump.path)}",
            dump.size,
            _moment(dump.mtime_ns),
            dump.is_cut,
            newest_in=_newest_in(dump, newest),
            pieces=dump.pieces,
            known=dump.known,
        )
        for dump in _first_of_each(dumps)[:NOTED]
    )


def _first_of_each(dumps: Sequence[Dump]) -> list[Dump]:
    """The newest first; where they are too many, the newest of each dump before older ones of any."""
    ordered = sorted(dumps, key=lambda dump: -dump.mtime_ns)
    if len(dumps) <= NOTED:
        return ordered
    texts = {f"/{os_text(dump.path)}": dump for dump in ordered}
    found = generations({path: dump.mtime_ns / 1e9 for path, dump in texts.items()})
    turns = (sorted((texts[path] for path in same.paths), key=lambda dump: -dump.mtime_ns) for same in found)
    turn_of = {dump.path: turn for each in turns for turn, dump in enumerate(each)}
    return sorted(ordered, key=lambda dump: turn_of[dump.path])


def no_more_known(dumps: Sequence[Dump], earlier: Iterable[SnapshotRecord]) -> tuple[Dump, ...]:
    """The dumps; those are cut that are of no kind we know, but were in the `earlier` snapshots.

    Those are the good ones of the last weeks, oldest first; what came before an accepted one is forgotten.
    """
    names: set[str] = set()
    for record in earlier:
        if record.accepted:
            names.clear()
        for note in newest_of_each(record.dumps):
            names.update(names_of(note.path) if note.known else ())
    doubtful = any(dump.known is False or dump.is_cut for dump in dumps)
    if not names or not doubtful:
        return tuple(dumps)
    found = generations({f"/{os_text(dump.path)}": dump.mtime_ns / 1e9 for dump in dumps})
    wanted = {path for same in found if same.name in names for path in same.paths}
    return tuple(_as_known(dump) if f"/{os_text(dump.path)}" in wanted else dump for dump in dumps)


def _as_known(dump: Dump) -> Dump:
    is_cut = dump.is_cut or dump.known is False
    return structs.replace(dump, is_cut=is_cut, known=True if is_cut else dump.known)


def _newest_in(dump: Dump, newest: Mapping[bytes, int]) -> str:
    """The topmost directory in which nothing is much newer; empty when there is none."""
    found, above = b"", dump.path.rpartition(b"/")[0]
    while above in newest and newest[above] - NEAR_NS <= dump.mtime_ns:
        found, above = above, above.rpartition(b"/")[0]
    return f"/{os_text(found)}" if found else ""


def of_each(dumps: Iterable[DumpNote]) -> list[tuple[Generations, list[DumpNote]]]:
    """The dumps by their generations, each newest first."""
    known = {dump.path: dump for dump in dumps}
    found = generations({path: dump.at.timestamp() for path, dump in known.items()})
    return [
        (each, sorted((known[path] for path in each.paths), key=lambda dump: dump.at, reverse=True))
        for each in found
    ]


def newest_of_each(dumps: Sequence[DumpNote], moved: Collection[str] = ()) -> list[DumpNote]:
    """Of each dump the newest generation; one that is being written only where there is no other."""
    moving = on_the_move(dumps, moved)
    found = (next((dump for dump in same if dump.path not in moving), same[0]) for _, same in of_each(dumps))
    return sorted(found, key=lambda each: each.path)


def cut_findings(
    process: CriticalProcess, dumps: Sequence[DumpNote], moved: Collection[str]
) -> list[Finding]:
    """A warning for each newest dump that is not whole; one that is being written may still become so."""
    moving = on_the_move(dumps, moved)
    newest = newest_of_each(dumps, moved)
    return [cut(process.name, dump.path) for dump in newest if dump.is_cut and dump.path not in moving]


def cut(process: str, path: str) -> Finding:
    """A dump that is not whole."""
    message = f"{path} does not end as a dump of its kind does: it was cut off, or is none."
    if path.endswith(CONTENTS):
        message = (
            f"{path[: -len(CONTENTS)]} is no whole dump: toc.dat, which pg_dump writes last, or a file that "
            "it names is missing."
        )
    return finding(
        "dump-cut",
        process,
        message,
        "Dump again, into another name, and rename it only when the dump program ended well. "
        f"If it is meant to hold something else now: readiness snapshot --accept {process}",
        path,
    )


def restored_dump_findings(process: CriticalProcess, paths: Sequence[str]) -> list[Finding]:
    """What a drill says of dumps that came back cut: an error where they are what is recovered from."""
    found = [(path, cut(process.name, path)) for path in paths]
    return [
        structs.replace(each, severity="error") if is_named(process, path) else each for path, each in found
    ]


def is_named(process: CriticalProcess, path: str) -> bool:
    """Whether the config names a file: as vital, or in a proof."""
    named = [proof.archive for proof in process.proofs if isinstance(proof, ArchiveProof)]
    wanted = [proof.path for proof in process.proofs if isinstance(proof, NewestFileProof)]
    named += filter(is_pattern, wanted)  # the others are vital
    vital = [normpath(each) for each in vital_paths(process)]
    if any(path == each or path.startswith(f"{each}/") for each in vital):
        return True
    return any(matches(path, pattern) for pattern in named)


def unseen_findings(process: str, unseen: Sequence[Unseen]) -> list[Finding]:
    """A warning for each, dumps before what may be one; of very many the rest is counted."""
    ordered = sorted(unseen, key=lambda each: not each.is_dump)
    findings = [_unseen(process, each) for each in ordered[:NAMED]]
    if (rest := len(ordered) - NAMED) > 0:
        message = f"{count(rest, 'more packed file')} like this."
        findings.append(finding("not-looked-into", process, message))
    return findings


def _unseen(process: str, each: Unseen) -> Finding:
    what = "is a dump, and whether it is whole" if each.is_dump else "is packed, and whether it is a dump"
    message = f"{each.path} {what} is not known: {each.why.rstrip('.')}."
    return finding("not-looked-into", process, message, each.hint, each.path)


def shrunk_findings(
    process: CriticalProcess,
    dumps: Sequence[DumpNote],
    moved: Collection[str],
    earlier: Iterable[SnapshotRecord],
) -> list[Finding]:
    """A warning for each newest dump that has less than half of what it had in the `earlier` snapshots.

    Those are the good ones of the last weeks, oldest first; what came before an accepted one is forgotten.
    """
    pasts: dict[str, list[int]] = {}
    for record in earlier:
        if record.accepted:
            pasts.clear()
        for dump in newest_of_each(record.dumps):
            for name in names_of(dump.path):
                pasts.setdefault(name, []).append(dump.bytes)
    moving = on_the_move(dumps, moved)
    found = [(same.name, [dump for dump in each if dump.path not in moving]) for same, each in of_each(dumps)]
    with_past = [(each[0], pasts[name]) for name, each in found if each and name in pasts]
    return [
        finding(
            "dump-shrunk",
            process.name,
            f"{dump.path} has {size(dump.bytes)}; within the last four weeks it had {size(max(past))}.",
            "Find out whether everything is in it. "
            f"If this is meant: readiness snapshot --accept {process.name}",
            dump.path,
        )
        for dump, past in sorted(with_past, key=lambda item: item[0].path)
        if fell(past, dump.bytes, LEAST_UNREAD if dump.path.endswith(UNREAD) else LEAST)
    ]


def replaced_dumps(process: CriticalProcess, scan: Scan, moved: Moved) -> list[str]:
    """The absolute paths of dumps, and of what a proof by pattern looks at, that became another file."""
    known = {dump.path for dump in scan.dumps}
    looked_at = [proof.path for proof in process.proofs if isinstance(proof, NewestFileProof)]
    patterns = [path for path in looked_at if is_pattern(path)]
    texts = ((path, f"/{os_text(path)}") for path in moved.replaced)
    return [text for path, text in texts if path in known or any(matches(text, each) for each in patterns)]


def _moment(nanoseconds: int) -> datetime:
    """A file may claim any time; one that no calendar knows is the beginning of all."""
    try:
        return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def on_the_move(dumps: Iterable[DumpNote], moved: Collection[str]) -> frozenset[str]:
    """The paths of those dumps of which any part was being written; `moved` are paths of files."""
    if not moved:
        return frozenset()
    stems = {re.sub(_PIECE, "", path) for path in moved}
    directories = {path.rpartition("/")[0] for path in moved}
    return frozenset(
        dump.path
        for dump in dumps
        if dump.path in moved
        or (dump.path.endswith(CONTENTS) and dump.path[: -len(CONTENTS)] in directories)
        or (dump.pieces > 1 and re.sub(_PIECE, "", dump.path) in stems)
    )
