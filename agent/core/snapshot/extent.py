"""How much a scan of the sources found, and what is wrong with it: decides whether to take a snapshot."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from agent.core.configuration.config import (
    CriticalProcess,
)
from agent.core.configuration.exclude import os_text
from agent.core.kinds.kinds import Database, Dump, ServerDirectory, Unseen
from agent.core.kinds.working_files import is_transient
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import Stamp
from agent.core.model.snapshots import RootIdentity, SnapshotRecord
from agent.core.model.swapped import Swaps
from agent.core.text.plain import count, size

# Below half of what there was, something is gone; tiny trees may shrink without an alarm.
COLLAPSE = 0.5
FEW_FILES = 3
FEW_BYTES = 1 << 16
_AS_LOW = 1.1  # times what is left now: what is packed each night is not the same to the byte
NAMED = 20  # findings name at most so many paths each; the rest is counted


class VitalPlace(Struct, frozen=True):
    """A vital path as configured, and the file or directory of the sources that links lead to from there."""

    path: str
    place: bytes  # without a leading slash
    is_file: bool
    size: int = 0  # of a file
    left_out: int = 0  # bytes at least that lie in a directory, and that excludes keep out

    @property
    def text(self) -> str:
        return os_text(self.place)


class Scan(Struct, frozen=True, kw_only=True):
    """What one walk over the sources of a process found."""

    files: int  # regular files
    size: int  # of all of them, in bytes
    allocated: int  # bytes on disk
    entries: int  # of every type
    begun_ns: int
    witness_sha256: str
    roots: tuple[RootIdentity, ...]
    empty_roots: tuple[str, ...] = ()  # no regular file below them
    moving: tuple[bytes, ...] = ()
    unreadable: tuple[tuple[bytes, str], ...] = ()  # path, reason
    zeroed: tuple[bytes, ...] = ()  # had content before and is all zero bytes now
    oversize: tuple[tuple[bytes, int], ...] = ()  # sparse files larger than their file system
    databases: tuple[Database, ...] = ()  # of SQLite, by their first bytes
    logs: tuple[bytes, ...] = ()  # databases, whatever they are, that have a write-ahead log of SQLite
    dumps: tuple[Dump, ...] = ()
    unseen: tuple[Unseen, ...] = ()  # of packed files, those that nobody could look into
    servers: tuple[ServerDirectory, ...] = ()
    controlled: frozenset[bytes] = frozenset()  # data directories that hold what a start begins at
    tablespaces: frozenset[bytes] = frozenset()  # where such directories have their tablespaces
    links: tuple[tuple[bytes, bytes], ...] = ()  # that lead out of the paths, and where to
    extents: dict[bytes, tuple[int, int]] = {}  # files and bytes below each directory
    newest: dict[bytes, int] = {}  # when the newest file below each directory was written
    mounts: tuple[RootIdentity, ...] = ()  # other file systems below the roots
    excluded: tuple[bytes, ...] = ()
    excluded_held: tuple[bytes, ...] = ()  # excluded now, in the last witness
    vital_missing: tuple[tuple[str, str], ...] = ()  # as configured, and where links lead from there
    vital_excluded: tuple[str, ...] = ()
    vital: tuple[VitalPlace, ...] = ()  # the files and directories that are there


class Moved(Struct, frozen=True):
    """What changed between the walk over the sources and the end of restic's."""

    paths: tuple[bytes, ...] = ()  # changed, vanished or new
    absent: int = 0  # regular files of the witness that restic may not have met: gone, or made anew
    vital_anew: tuple[bytes, ...] = ()  # likewise vital ones, of any type
    gone: tuple[bytes, ...] = ()  # of the witness, that were not there any more in the end
    replaced: Mapping[bytes, tuple[Stamp, Stamp]] = {}  # files of another inode, as they were and as they are
    swaps: Swaps = Swaps()

    def whole(self, held: Mapping[str, Stamp], moving: Collection[bytes]) -> frozenset[str]:
        """The absolute paths of replaced files that a snapshot holds as they were, or as they are now.

        `held`: its states by absolute path. What was written in place has its inode and may be half in it, as
        may what was `moving` when it was read, and what is in no snapshot in either state.
        """
        states = {f"/{os_text(path)}": both for path, both in self.replaced.items() if path not in moving}
        return frozenset(path for path, both in states.items() if held.get(path) in both)


def why_refuse(
    process: CriticalProcess,
    scan: Scan,
    good: SnapshotRecord | None,
    earlier: Sequence[SnapshotRecord] = (),
) -> list[Finding]:
    """Why a snapshot of this would lie. `good` is the last good snapshot, `earlier` ones tell what is habit.

    An empty path is taken for one that is not mounted, until a person has accepted it: the last good
    snapshot then was of an empty one.
    """
    meant = {root.path for root in good.roots if not root.files} if good else set()
    empty = [path for path in scan.empty_roots if path not in meant]
    findings = [_empty(process, path) for path in empty]
    findings += [
        finding(
            "vital-excluded",
            process.name,
            f"{path} is vital, and an exclude pattern keeps it out of the snapshot.",
            f"Correct exclude or vital in [process.{process.name}].",
            path,
        )
        for path in scan.vital_excluded
    ]
    findings += [_not_held(process, path, real) for path, real in scan.vital_missing]
    findings += [
        finding(
            "file-larger-than-disk",
            process.name,
            f"{text} claims {size(claimed)}, more than its whole file system; restic would read all of it.",
            f"Add it to exclude in [process.{process.name}], or make it smaller.",
            text,
        )
        for text, claimed in ((f"/{os_text(path)}", claimed) for path, claimed in scan.oversize[:NAMED])
    ]
    if good is not None and not findings:
        findings += _shrunk(process, scan, good, earlier)
    return findings


def _not_held(process: CriticalProcess, path: str, real: str) -> Finding:
    if path == real:
        why, hint = "and it is not there", "Find out who moved or removed it, or correct the config."
    else:
        why = f"but it is a link to {real}, which the snapshot does not hold"
        hint = f"Add what it leads to to paths in [process.{process.name}]."
    return finding("vital-missing", process.name, f"{path} is vital, {why}.", hint, path)


def _shrunk(
    process: CriticalProcess, scan: Scan, good: SnapshotRecord, earlier: Sequence[SnapshotRecord]
) -> list[Finding]:
    accept = f"If this is meant: readiness snapshot --accept {process.name}"
    findings = []
    (files, size_now), (files_before, size_before) = _extents(scan, good)
    fewer_files = files < COLLAPSE * files_before and files_before - files >= FEW_FILES
    fewer_bytes = size_now < COLLAPSE * size_before and size_before - size_now >= FEW_BYTES
    if fewer_bytes and not fewer_files:  # logs are packed every night, and all files are there
        past = [_extents(scan, each)[1][1] for each in earlier]
        fewer_bytes = not is_habit(past, int(size_now * _AS_LOW), often=2)
    if fewer_files or fewer_bytes:
        findings.append(
            finding(
                "source-collapsed",
                process.name,
                f"Only {_extent(files, size_now)} are left of {_extent(files_before, size_before)} "
                "in the last good snapshot.",
                accept,
            )
        )
    if not findings:
        findings += [
            finding(
                "source-collapsed",
                process.name,
                f"Another file system lies at {now.path}, with {count(now.files, 'file')}; "
                f"the last good snapshot had {before.files:,} there.",
                f"Mount the right one. {accept}",
                now.path,
            )
            for now, before in _replaced(scan, good)
            if now.files < COLLAPSE * before.files
        ]
    for path in scan.excluded_held[:NAMED]:
        text = f"/{os_text(path)}"
        findings.append(
            finding(
                "exclude-drops-data",
                process.name,
                f"An exclude pattern keeps out {text}, which the last good snapshot held.",
                accept,
                text,
            )
        )
    return findings


def is_habit(past: Sequence[int], now: int, often: int = 1) -> bool:
    """Whether it was as low before, so often, had been more than twice that, and was so again afterwards."""
    low = max(now, 1)
    was_high = was_low = False
    for then in past:
        if then > 2 * low:
            often -= was_low
            was_high, was_low = True, False
        elif was_high and then <= low:
            was_low = True
    return often <= 0


def _extents(scan: Scan, good: SnapshotRecord) -> tuple[tuple[int, int], tuple[int, int]]:
    """Files and bytes now and in `good`, of the paths that both have: one that was taken out of the config is
    no loss, and one that was added makes up for none. What databases write beside their data is left out."""
    known = {root.path: root for root in good.roots}
    pairs = [(root, known[root.path]) for root in scan.roots if root.path in known]
    if pairs and all(root.lasting_files is not None for pair in pairs for root in pair):
        now, before = zip(*pairs, strict=True)
        return _lasting(now), _lasting(before)
    if known.keys() <= {root.path for root in scan.roots}:  # an old record: what it has counted is compared
        return (scan.files, scan.size), (good.files, good.bytes)
    return (sum(now.files for now, _ in pairs), 0), (sum(before.files for _, before in pairs), 0)


def _lasting(roots: Sequence[RootIdentity]) -> tuple[int, int]:
    return sum(root.lasting_files or 0 for root in roots), sum(root.lasting_bytes for root in roots)


def _extent(files: int, bytes_in_them: int) -> str:
    return count(files, "file") + (f" with {size(bytes_in_them)}" if bytes_in_them else "")


def _replaced(scan: Scan, good: SnapshotRecord | None) -> list[tuple[RootIdentity, RootIdentity]]:
    """Roots that are other directories on other devices now. A device alone may change with a reboot."""
    known = {root.path: root for root in good.roots} if good else {}
    pairs = [(root, known[root.path]) for root in scan.roots if root.path in known]
    return [(now, old) for now, old in pairs if now.device != old.device and now.inode != old.inode]


def replaced_roots(process: CriticalProcess, scan: Scan, good: SnapshotRecord | None) -> list[Finding]:
    """A warning for each root that lies on another file system than in the last good snapshot."""
    return [
        finding(
            "source-replaced",
            process.name,
            f"{now.path} lies on another file system than in the last good snapshot.",
            "Was the right one mounted? When it was moved on purpose there is nothing to do.",
            now.path,
        )
        for now, _ in _replaced(scan, good)
    ]


def blemishes(process: CriticalProcess, scan: Scan, moved: Collection[bytes]) -> list[Finding]:
    """What is wrong with single files: the snapshot is worth taking, but it is not a good one.

    A file that is written right now (`moved`) may be zero bytes for a moment; the next time tells.
    """
    still_zeroed = [path for path in scan.zeroed if path not in moved and not is_transient(path)]
    findings = [
        finding(
            "file-unreadable",
            process.name,
            f"/{os_text(path)} cannot be read ({reason}) and is not in the snapshot.",
            "Repair it, let readiness read it, or exclude it.",
            f"/{os_text(path)}",
        )
        for path, reason in scan.unreadable[:NAMED]
    ]
    findings += [
        finding(
            "file-zeroed",
            process.name,
            f"/{os_text(path)} had content and now consists of zero bytes only.",
            "Restore it from the snapshot before: readiness drill --snapshot last-good finds one.",
            f"/{os_text(path)}",
        )
        for path in still_zeroed[:NAMED]
    ]
    return (
        findings
        + _more(process, "file-unreadable", scan.unreadable)
        + _more(process, "file-zeroed", still_zeroed)
    )


def _more(process: CriticalProcess, code: str, paths: Sequence[object]) -> list[Finding]:
    rest = len(paths) - NAMED
    return [finding(code, process.name, f"{count(rest, 'more file')} like this.")] if rest > 0 else []


def _empty(process: CriticalProcess, path: str) -> Finding:
    return finding(
        "source-empty",
        process.name,
        f"{path} holds no file at all.",
        "Is a file system not mounted there? Mount it and take the snapshot again. "
        f"If it is rightly empty, say so once: readiness snapshot --accept {process.name}",
        path,
    )
