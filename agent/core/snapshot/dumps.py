"""Dumps of databases: known by how they begin, whole when they end as their kind does.

Of generations, whose names differ only in digits, the newest is judged: that is the one to recover from.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from posixpath import normpath

from msgspec import structs

from agent.core.configuration.config import ArchiveProof, CriticalProcess, NewestFileProof
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import Dump
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DumpNote, SnapshotRecord
from agent.core.snapshot.extent import vital_paths
from agent.core.snapshot.shrinkage import fell
from agent.core.text.patterns import is_pattern, matches
from agent.core.text.plain import size

TAIL = 4096  # bytes at the end of a dump that are looked at
NOTED = 50  # dumps, with every snapshot: the newest
LEAST = 4096  # bytes: what is smaller says little by its size

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
_DIGITS = str.maketrans("0123456789", "0" * 10)


def is_dump(path: bytes, head: bytes) -> bool:
    """Whether a file is a dump: by its first bytes, or by the name of a packed one."""
    return path.endswith(_PACKED) or head.startswith(_ARCHIVES) or last_line(unpacked_head(head)) != b""


def unpacked_head(head: bytes) -> bytes:
    """The first bytes of what a file holds, where gzip packed it; else as they are."""
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head)
    except zlib.error:
        return b""


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
    return not ends or any(line.startswith(ends) for line in tail.splitlines())


def noted_dumps(dumps: Sequence[Dump]) -> tuple[DumpNote, ...]:
    """What a record keeps of the newest dumps."""
    newest = sorted(dumps, key=lambda dump: -dump.mtime_ns)[:NOTED]
    return tuple(
        DumpNote(f"/{os_text(dump.path)}", dump.size, _moment(dump.mtime_ns), dump.is_cut) for dump in newest
    )


def newest_of_each(dumps: Iterable[DumpNote], moved: Collection[str] = ()) -> list[DumpNote]:
    """Of each kind of name the newest; one that is being written only where there is no other."""
    found: dict[str, DumpNote] = {}
    for dump in sorted(dumps, key=lambda each: (each.path not in moved, each.at)):
        found[stem(dump.path)] = dump
    return sorted(found.values(), key=lambda each: each.path)


def stem(path: str) -> str:
    """Equal for the generations of one dump."""
    return path.translate(_DIGITS)


def cut_findings(
    process: CriticalProcess, dumps: Sequence[DumpNote], moved: Collection[str]
) -> list[Finding]:
    """A warning for each newest dump that is not whole; one that is being written may still become so."""
    return [cut(process.name, dump.path) for dump in newest_of_each(dumps, moved) if _bad(dump, moved)]


def _bad(dump: DumpNote, moved: Collection[str]) -> bool:
    return dump.is_cut and dump.path not in moved


def cut(process: str, path: str) -> Finding:
    """A dump that is not whole."""
    return finding(
        "dump-cut",
        process,
        f"{path} does not end as a dump of its kind does: it was cut off, or holds nothing.",
        "Dump again, into another name, and rename it only when the dump program ended well.",
        path,
    )


def restored_dump_findings(process: CriticalProcess, paths: Sequence[str]) -> list[Finding]:
    """What a drill says of dumps that came back cut: an error where they are what is recovered from."""
    found = [(path, cut(process.name, path)) for path in paths]
    return [
        structs.replace(each, severity="error") if _counts(process, path) else each for path, each in found
    ]


def _counts(process: CriticalProcess, path: str) -> bool:
    """Whether the config names it: as vital, or in a proof."""
    named = [proof.archive for proof in process.proofs if isinstance(proof, ArchiveProof)]
    wanted = [proof.path for proof in process.proofs if isinstance(proof, NewestFileProof)]
    named += filter(is_pattern, wanted)  # the others are vital
    vital = [normpath(each) for each in vital_paths(process)]
    if any(path == each or path.startswith(f"{each}/") for each in vital):
        return True
    return any(matches(path, pattern) for pattern in named)


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
            pasts.setdefault(stem(dump.path), []).append(dump.bytes)
    return [
        finding(
            "dump-shrunk",
            process.name,
            f"{dump.path} has {size(dump.bytes)}; within the last four weeks it had {size(max(past))}.",
            "Find out whether everything is in it. "
            f"If this is meant: readiness snapshot --accept {process.name}",
            dump.path,
        )
        for dump, past in _with_past(newest_of_each(dumps, moved), pasts)
        if dump.path not in moved and fell(past, dump.bytes, LEAST)
    ]


def _with_past(
    dumps: Sequence[DumpNote], pasts: Mapping[str, list[int]]
) -> Iterable[tuple[DumpNote, list[int]]]:
    return ((dump, pasts[stem(dump.path)]) for dump in dumps if stem(dump.path) in pasts)


def _moment(nanoseconds: int) -> datetime:
    """A file may claim any time; one that no calendar knows is the beginning of all."""
    try:
        return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
