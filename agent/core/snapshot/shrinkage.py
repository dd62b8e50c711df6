"""Directories that have become much smaller within the last weeks, step by step, at once, or below a mount.

The last snapshot alone tells nothing of steps: 1,000 files, then 550, 300 and 165 are never half of the last.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from posixpath import basename, dirname

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import compile_excludes, leaves_out, os_bytes, os_text
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import DirectoryExtent, RootIdentity, SnapshotRecord
from agent.core.snapshot.extent import COLLAPSE, FEW_FILES, Scan, is_habit
from agent.core.text.plain import count, size

SPAN = timedelta(weeks=4)
MANY = 100  # files that a directory has to have had; a path of the process only some
SOME = 10
SOME_BYTES = 1 << 20
NOTED = 60  # directories, with every snapshot: the largest
TOLD = 5
PLACEHOLDER = 4096  # bytes; so little, in a file or two, is left in mount points
_MOVED = 0.9  # of the files: so many in a new place are what is gone from the old one
_DIGITS = str.maketrans("0123456789", "0" * 10)


class _Past(Struct):
    """What one directory was, oldest first; and in which snapshot it was seen for the first time."""

    first: int
    files: list[int]
    bytes: list[int]


def noted_extents(scan: Scan) -> tuple[DirectoryExtent, ...]:
    """What a record keeps: the paths of the process, and the largest directories below them."""
    roots = {root.path for root in scan.roots}
    found = [
        DirectoryExtent(f"/{os_text(path)}", files, bytes_)
        for path, (files, bytes_) in scan.extents.items()
        if files >= MANY or f"/{os_text(path)}" in roots
    ]
    found.sort(key=lambda extent: (extent.path not in roots, -extent.files, extent.path))
    return tuple(found[:NOTED])


def shrinkage(process: CriticalProcess, scan: Scan, earlier: Iterable[SnapshotRecord]) -> list[Finding]:
    """A warning for each directory with less than half of the most that it had in the `earlier` snapshots.

    Those are the good ones of the last weeks, oldest first; what came before an accepted one is forgotten.
    """
    pasts = _pasts(earlier)
    roots = {root.path for root in scan.roots}
    exclude = compile_excludes(process.exclude)
    told: list[tuple[str, str]] = []
    for path in sorted(pasts, key=lambda each: (each.count("/"), each)):
        raw = os_bytes(path).strip(b"/")
        inside = any(path == root or path.startswith(f"{root}/") for root in roots)
        if not inside or leaves_out(exclude, raw) or any(path.startswith(f"{top}/") for top, _ in told):
            continue
        files, bytes_ = scan.extents.get(raw, (0, 0))
        past = pasts[path]
        fewer = fell(past.files, files, SOME if path in roots else MANY)
        if fewer and not _went_elsewhere(path, max(past.files), files, scan, pasts):
            told.append((path, f"{count(files, 'file')} of the {max(past.files):,}"))
        elif path in roots and fell(past.bytes, bytes_, SOME_BYTES):
            told.append((path, f"{size(bytes_)} of the {size(max(past.bytes))}"))
    return _findings(process, told)


def _pasts(earlier: Iterable[SnapshotRecord]) -> dict[str, _Past]:
    pasts: dict[str, _Past] = {}
    for number, record in enumerate(earlier):
        if record.accepted:
            pasts.clear()
        for extent in record.directories:
            past = pasts.setdefault(extent.path, _Past(number, [], []))
            past.files.append(extent.files)
            past.bytes.append(extent.bytes)
        if 0 < len(record.directories) < NOTED:  # what is not among them is small, or gone
            for path in pasts.keys() - {extent.path for extent in record.directories}:
                pasts[path].files.append(0)
                pasts[path].bytes.append(0)
    return pasts


def fell(past: Sequence[int], now: int, least: int) -> bool:
    """Below half of the most, and not for the second time: what comes and goes has been as low before."""
    most = max(past)
    return most >= least and now < COLLAPSE * most and not is_habit(past, now)


def _went_elsewhere(path: str, before: int, files: int, scan: Scan, pasts: Mapping[str, _Past]) -> bool:
    """Whether the directory is gone because it was renamed, or because a younger one took its turn."""
    if files:
        return False
    name = basename(path)
    for raw, (there, _) in scan.extents.items():
        place = f"/{os_text(raw)}"
        if place == path or (place in pasts and pasts[place].first <= pasts[path].first):
            continue
        turn = dirname(place) == dirname(path) and basename(place) != name
        turn = turn and basename(place).translate(_DIGITS) == name.translate(_DIGITS)
        if turn or (there >= _MOVED * before and there <= before / _MOVED):
            return True
    return False


def _findings(process: CriticalProcess, told: Sequence[tuple[str, str]]) -> list[Finding]:
    hint = f"Find out what removed them. If this is meant: readiness snapshot --accept {process.name}"
    findings = [
        finding(
            "source-shrunk",
            process.name,
            f"{path} holds {what} that it had within the last four weeks.",
            hint,
            path,
        )
        for path, what in told[:TOLD]
    ]
    if len(told) > TOLD:
        more = count(len(told) - TOLD, "more directory", "more directories")
        findings.append(finding("source-shrunk", process.name, f"{more} like this.", hint))
    return findings


# ---- file systems that are gone, or hide what lay there: an empty mount point looks like no loss


def unmounted(process: CriticalProcess, scan: Scan, good: SnapshotRecord | None) -> list[Finding]:
    """An error for each mount of the last good snapshot in whose place hardly anything lies now."""
    exclude = compile_excludes(process.exclude)
    mounted = {mount.path for mount in scan.mounts}
    roots = [root.path for root in scan.roots]
    findings = []
    for mount in good.mounts if good else ():
        raw = os_bytes(mount.path).strip(b"/")
        files = scan.extents.get(raw, (0, 0))[0]
        inside = any(mount.path.startswith(f"{root.rstrip('/')}/") for root in roots)
        gone = mount.path not in mounted and files < COLLAPSE * mount.files
        if inside and gone and not leaves_out(exclude, raw):
            findings.append(
                finding(
                    "source-collapsed" if files else "source-empty",
                    process.name,
                    f"The file system that was mounted at {mount.path} is not there: "
                    f"{count(files, 'file')} instead of {mount.files:,} in the last good snapshot.",
                    "Mount it, and take the snapshot again. "
                    f"If this is meant: readiness snapshot --accept {process.name}",
                    mount.path,
                )
            )
    return findings


def new_mounts(scan: Scan, good: SnapshotRecord | None) -> list[RootIdentity]:
    """What is mounted below a path now and was not, or is another file system than at the last good snapshot.

    The number of a device alone may change with a reboot: what lies there decides.
    """
    known = {_identity(mount) for mount in good.mounts} if good else set()
    return [mount for mount in scan.mounts if good and _identity(mount) not in known]


def _identity(mount: RootIdentity) -> tuple[str, int, int, int]:
    """A number that was given back is given to the next file system; its own name is not."""
    return mount.path, mount.device, mount.inode, mount.system


def hidden_by_mounts(
    process: CriticalProcess,
    scan: Scan,
    mounts: list[RootIdentity],
    before: Mapping[bytes, tuple[int, int]],
) -> list[Finding]:
    """An error for each of `mounts` that holds less than half of what lay there `before`: files, or bytes."""
    findings: list[Finding] = []
    for mount in sorted(mounts, key=lambda each: each.path):
        raw = os_bytes(mount.path).strip(b"/")
        (files, bytes_), (had, bytes_had) = scan.extents.get(raw, (0, 0)), before.get(raw, (0, 0))
        below = any(mount.path.startswith(f"{found.path}/") for found in findings)
        if below or (files >= COLLAPSE * had and bytes_ >= COLLAPSE * bytes_had):
            continue
        findings.append(
            finding(
                "source-collapsed" if files else "source-empty",
                process.name,
                f"Another file system is mounted at {mount.path} and hides what lay there: "
                f"{count(files, 'file')} with {size(bytes_)} instead of {had:,} with {size(bytes_had)} in "
                "the last good snapshot.",
                "Unmount it, or mount the right one, and take the snapshot again. "
                f"If this is meant: readiness snapshot --accept {process.name}",
                mount.path,
            )
        )
    return findings


# ---- another file system with as many files: only their names tell


class Names(Struct, frozen=True):
    """The files with content in one place at the last good snapshot, and those whose name is there now."""

    files: int
    bytes: int
    files_left: int
    bytes_left: int  # as they were then

    def are_gone(self) -> bool:
        """Below half of them; a placeholder, in a mount point that is in use now, is no loss."""
        if self.files < FEW_FILES and self.bytes < PLACEHOLDER:
            return False
        return self.files_left < COLLAPSE * self.files or self.bytes_left < COLLAPSE * self.bytes


def other_systems(process: CriticalProcess, scan: Scan, good: SnapshotRecord | None) -> dict[bytes, bool]:
    """Where another file system may lie than at the last good snapshot: a path, or what is mounted below one,
    or was. True where nothing but the number of its device says so, which changes with a reboot."""
    if good is None:
        return {}
    exclude = compile_excludes(process.exclude)
    roots = {root.path: root for root in good.roots}
    mounts = {mount.path: mount for mount in good.mounts}
    pairs = [(now, roots[now.path], False) for now in scan.roots if now.path in roots]
    pairs += [(now, mounts[now.path], True) for now in scan.mounts if now.path in mounts]
    found = {
        _raw(now): _is_renumbered(now, old) for now, old, is_mount in pairs if _is_other(now, old, is_mount)
    }
    there = {mount.path for mount in scan.mounts}
    new = [mount for mount in scan.mounts if mount.path not in mounts]
    gone = [mount for mount in good.mounts if mount.path not in there and _is_below(mount.path, scan.roots)]
    found |= {_raw(mount): False for mount in (*new, *gone) if not leaves_out(exclude, _raw(mount))}
    return found


def _raw(place: RootIdentity) -> bytes:
    return os_bytes(place.path).strip(b"/")


def _is_below(path: str, roots: Iterable[RootIdentity]) -> bool:
    return any(path.startswith(f"{root.path.rstrip('/')}/") for root in roots)


def _own_name(place: RootIdentity) -> int:
    """What the file system calls itself; XFS among others gives the number of its device, which is none."""
    return 0 if place.system == place.device else place.system


def _is_renumbered(now: RootIdentity, old: RootIdentity) -> bool:
    return now.inode == old.inode and not (_own_name(now) and _own_name(old))


def _is_other(now: RootIdentity, old: RootIdentity, is_mount: bool) -> bool:
    if is_mount and now.inode != old.inode:  # a directory may be made anew, a bind mount is of another one
        return True
    if _own_name(now) and _own_name(old):
        return _own_name(now) != _own_name(old)
    return now.device != old.device


def strangers(
    process: CriticalProcess, scan: Scan, names: Mapping[bytes, Names], told: Collection[str | None]
) -> list[Finding]:
    """An error for each place where most files of before are gone, however many others lie there now."""
    mounted = {mount.path for mount in scan.mounts} | {root.path for root in scan.roots}
    hint = "Mount the right one, and take the snapshot again. "
    hint += f"If this is meant: readiness snapshot --accept {process.name}"
    findings: list[Finding] = []
    for raw, there in sorted(names.items()):
        path = f"/{os_text(raw)}"
        above = (*(each.path for each in findings), *told)
        if not there.are_gone() or any(f"{path}/".startswith(f"{each}/") for each in above if each):
            continue
        what = "Another file system lies" if path in mounted else "No file system is mounted any more"
        message = (
            f"{what} at {path}: of {count(there.files, 'file')} with {size(there.bytes)} in the last good "
            f"snapshot, {there.files_left:,} with {size(there.bytes_left)} are there."
        )
        findings.append(finding("source-collapsed", process.name, message, hint, path))
    return findings
