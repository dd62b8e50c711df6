"""restic's JSON, version by version, read without trust: what cannot be understood is left out or refused."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from agent.adapters.restic.complaints import SOURCE, complaints
from agent.core.model.repository import BackupSummary, Stamp, StoredSnapshot
from agent.core.model.swapped import KeptFile
from agent.errors import ResticError

OnBytes = Callable[[int, int, int], None]  # bytes done, files done, bytes in all (0: not known)


T = TypeVar("T")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 1 << 62  # bytes or files; a larger number is nonsense
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class SnapshotRow(msgspec.Struct):
    """A row of `restic snapshots --json`."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    hostname: str = ""
    paths: list[str] = []
    tags: list[str] | None = None
    tree: str = ""
    original: str | None = None

    def translated(self) -> StoredSnapshot:
        """The row in our own words; OverflowError for a time that no clock shows."""
        if not 1970 < self.time.year < 9000:
            raise OverflowError
        return StoredSnapshot(
            id=self.id,
            time=self.time.astimezone(UTC),
            host=self.hostname,
            paths=tuple(self.paths),
            tags=tuple(self.tags or ()),
            tree=self.tree,
            original=self.original or "",
        )


class Sizes(msgspec.Struct):
    """The answer of `restic stats --mode restore-size --json`."""

    total_size: Count
    total_file_count: Count


class RepositoryConfig(msgspec.Struct):
    """The answer of `restic cat config`."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def understood(answer: bytes, shape: type[T], doing: str) -> T:
    """What restic printed, in the shape that it must have; ResticError when it has another."""
    try:
        return msgspec.json.decode(answer, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise garbled(doing) from error


def listed(answer: bytes) -> list[StoredSnapshot]:
    """What `restic snapshots --json` printed; a repository without snapshots may say null."""
    doing = "listing snapshots"
    rows = understood(answer, list[SnapshotRow] | None, doing) or []  # type: ignore[arg-type]
    try:
        return [row.translated() for row in rows]
    except OverflowError as error:
        raise garbled(doing) from error


# 0.14; 0.17 and later
_UNREADABLE = re.compile(
    rb'^(?:could not load snapshot ([0-9a-f]{8,64}):|Ignoring "([0-9a-f]{8,64})":)([^\n]*)', re.MULTILINE
)
_UNLISTED = re.compile(rb"^could not load snapshots:", re.MULTILINE)


def unreadable_snapshots(complaints: bytes, denied: bool = False) -> tuple[str, ...]:
    """The IDs, or their beginnings, of snapshots whose files a listing could not read.

    `denied`: those that it may not read, which says nothing of what is in them; else the others.
    """
    found = (
        (one or other, b"permission denied" in why.lower())
        for one, other, why in _UNREADABLE.findall(complaints)
    )
    return tuple(dict.fromkeys(name.decode() for name, closed in found if closed == denied))


def is_unlisted(complaints: bytes) -> bool:
    """Whether restic could not list them at all; it prints an empty list and exits with 0."""
    return bool(_UNLISTED.search(complaints))


def _microseconds(time: str) -> int:
    """Since 1970."""
    try:
        return (datetime.fromisoformat(time) - _BEGINNING) // timedelta(microseconds=1)
    except (ValueError, OverflowError, TypeError):
        return -1


class ListedNode(msgspec.Struct):
    """A line of `restic ls --json`: the first is about the snapshot, and has its ID and no path."""

    id: str = ""
    path: str = ""
    mtime: str = ""
    size: Count = 0

    def stamp(self) -> Stamp:
        """Its state; a time that no calendar knows is that of nothing."""
        return Stamp(_microseconds(self.mtime), self.size)


def held_stamps(answer: bytes, snapshot: str, paths: Sequence[str]) -> dict[str, Stamp]:
    """Which of `paths` are in what `restic ls --json` printed, and in which state.

    It writes U+FFFD for bytes it cannot name.
    """
    doing = "looking into the snapshot"
    nodes = [understood(line, ListedNode, doing) for line in answer.splitlines()]
    if not nodes or nodes[0].id != snapshot:
        raise garbled(doing)
    seen = {node.path.replace("\ufffd", ""): node for node in nodes}
    named = {path: os.fsencode(path).decode(errors="ignore").replace("\ufffd", "") for path in paths}
    return {path: seen[name].stamp() for path, name in named.items() if name in seen}


class OwnedNode(msgspec.Struct):
    """The same line, for whose it is."""

    type: str = ""
    path: str = ""
    uid: int = 0
    gid: int = 0
    mode: int = 0
    inode: int = 0
    ctime: str = ""

    def file(self) -> KeptFile:
        """In our words; a time that no calendar knows is that of nothing."""
        return KeptFile(
            self.path, (self.uid, self.gid), self.mode & 0o777, _microseconds(self.ctime), self.inode
        )


class Nodes:
    """Hears `restic ls --json`, and keeps of all files and directories those that are `wanted`."""

    def __init__(self, wanted: Callable[[OwnedNode], bool]) -> None:
        self._wanted = wanted
        self.found: list[OwnedNode] = []

    def __call__(self, line: bytes) -> None:
        """For `Running`, from its reading thread."""
        try:
            node = msgspec.json.decode(line, type=OwnedNode)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        if self._wanted(node):
            self.found.append(node)


class Messages:
    """Hears restic's JSON lines, from the reading thread; keeps the last summary and the progress."""

    def __init__(self, on_bytes: OnBytes | None) -> None:
        self.on_bytes = on_bytes
        self.summary: dict[str, Any] | None = None
        self.done: tuple[int, int] = (0, 0)

    def __call__(self, line: bytes) -> None:
        try:
            message = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # prose of old versions, or garbage: what counts is found out otherwise
        if not isinstance(message, dict):
            return
        kind = message.get("message_type")
        if kind == "summary":
            self.summary = message
        elif kind == "status":
            self._progress(message)

    def _progress(self, message: dict[str, Any]) -> None:
        done = _number(message, "bytes_done", "bytes_restored")
        files = _number(message, "files_done", "files_restored")
        self.done = (done, files)
        if self.on_bytes:
            self.on_bytes(done, files, _number(message, "total_bytes"))


def backup_summary(summary: dict[str, Any], status: int, stderr: bytes) -> BackupSummary:
    """The summary that ends `restic backup --json`; ResticError when it names no snapshot."""
    snapshot = summary.get("snapshot_id")
    if not isinstance(snapshot, str) or not re.fullmatch(r"[0-9a-f]{8,64}", snapshot):
        raise garbled("taking a snapshot")
    told = complaints(stderr)
    return BackupSummary(
        snapshot=snapshot,
        files=_number(summary, "total_files_processed"),
        bytes=_number(summary, "total_bytes_processed"),
        unreadable=tuple(one.path for one in told if one.code == SOURCE),
        absent=tuple(one.path for one in told if one.absent),
        complaints=tuple(one for one in told if one.code != SOURCE),
        complete=status == 0,
    )


def _number(message: dict[str, Any], *names: str) -> int:
    for name in names:
        value = message.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
    return 0


def garbled(doing: str) -> ResticError:
    """The error for an answer that makes no sense."""
    return ResticError(
        f"restic's answer cannot be understood while {doing}.",
        "Run the same with restic --json by hand. Is another program in its place?",
        "restic-garbled",
    )
