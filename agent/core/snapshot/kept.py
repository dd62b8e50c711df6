"""Did the snapshot really keep what the witness lists? Judged by what is there, never by exit status."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes
from agent.core.configuration.location import directories_above
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import BackupSummary, Complaint, StoredSnapshot
from agent.core.model.swapped import Swaps
from agent.core.snapshot.extent import NAMED, Moved, Scan
from agent.core.text.plain import count

DAMAGED = "repository-damaged"
HINTS = {
    DAMAGED: "Keep every copy of it as it is, and look at its disk. Then: readiness check {}",
    "repository-unreadable": "Let the user that runs readiness read all that is in repository {}.",
    "repository-unreachable": "Check the network and the server that holds repository {}.",
}


def find_snapshot(listing: Sequence[StoredSnapshot], short: str) -> StoredSnapshot | None:
    """The listed snapshot whose ID begins with `short`; None when there is none, or more than one."""
    found = [snapshot for snapshot in listing if snapshot.id.startswith(short)]
    return found[0] if len(found) == 1 else None


def lost_finding(process: str, summary: BackupSummary) -> Finding:
    """That the repository does not list what restic said that it saved."""
    return finding(
        "snapshot-lost",
        process,
        f"restic said that it saved {summary.snapshot[:8]}, and the repository does not list it.",
        "Check the repository: restic check.",
    )


def what_is_missing(
    process: CriticalProcess,
    scan: Scan,
    carried: tuple[int, int],
    summary: BackupSummary,
    moved: Moved,
    repository: str,
) -> list[Finding]:
    """Findings where restic's counts and complaints do not fit the witness.

    `carried` is files and bytes of the carried directory; `moved` is what changed while restic read.
    """
    explained = {path for path, _ in scan.unreadable} | set(moved.paths)
    of_sources, of_the_repository = _shared_out(summary, scan, explained, moved.swaps)
    findings = _of_the_repository(process, repository, of_the_repository)
    findings += _unreadable(process, of_sources)
    if not summary.complete and not summary.unreadable and not summary.complaints and not explained:
        message = "restic says that it could not read everything, and does not say what."
        findings.append(finding("snapshot-incomplete", process.name, message, "Run restic backup by hand."))
    expected_files, expected_bytes = scan.files + carried[0], scan.size + carried[1]
    slack = moved.absent + len(scan.unreadable)
    still = not moved.paths and not scan.unreadable
    differs = (summary.files, summary.bytes) != (expected_files, expected_bytes)
    if summary.files < expected_files - slack or (still and differs):
        findings.append(
            finding(
                "snapshot-incomplete",
                process.name,
                f"The snapshot holds {count(summary.files, 'file')} with {summary.bytes:,} bytes; "
                f"the witness lists {expected_files:,} with {expected_bytes:,} bytes.",
                "Look at exclude in the config, and at the log of restic backup run by hand.",
            )
        )
    return findings


def _shared_out(
    summary: BackupSummary, scan: Scan, explained: Collection[bytes], swaps: Swaps
) -> tuple[list[str], list[Complaint]]:
    """What restic could not read of the sources, and of what the repository held; not what is `explained`.

    What our own walk read without trouble, and restic names without a word of it, speaks against the
    repository: it is where the trees of the last snapshot come from. Not where a directory may have been
    something else while restic read, a link say.
    """
    sources, repository = list(summary.unreadable), []
    for one in summary.complaints:
        if one.code:
            repository.append(one)
        elif (not one.words or _is_directory(one.path, scan)) and not _may_have_moved(one.path, scan, swaps):
            repository += [replace(one, code=DAMAGED)] if _bare(one.path) not in explained else []
        else:
            sources.append(one.path)
    return [path for path in sources if _bare(path) not in explained], repository


def _is_directory(path: str, scan: Scan) -> bool:
    """Our walk went through it, or it lies above all that we walk."""
    above = [directory for root in scan.roots for directory in directories_above(root.path)]
    return path in above or _bare(path) in scan.extents


def _may_have_moved(path: str, scan: Scan, swaps: Swaps) -> bool:
    directory = path if _bare(path) in scan.extents else path.rpartition("/")[0]
    return swaps.is_in_doubt(directory)


def _bare(path: str) -> bytes:
    return os_bytes(path).strip(b"/")


def _of_the_repository(
    process: CriticalProcess, repository: str, complaints: Sequence[Complaint]
) -> list[Finding]:
    """One finding for each kind of trouble, with the first item and what restic says of it."""
    findings = []
    for code in dict.fromkeys(one.code for one in complaints):
        these = [one for one in complaints if one.code == code]
        first = next((one for one in these if one.words), these[0])
        rest = f" and {count(len(these) - 1, 'other item')}" if len(these) > 1 else ""
        what = "is damaged" if code == DAMAGED else "could not be read"
        message = f"Repository {repository} {what}, where it should hold {first.path}{rest}"
        if first.words:
            message += f": {first.words.rstrip('.')}."
        else:
            message += " of an earlier snapshot; restic does not say how."
        findings.append(finding(code, process.name, message, HINTS.get(code, "").format(repository)))
    return findings


def _unreadable(process: CriticalProcess, paths: Sequence[str]) -> list[Finding]:
    return [
        finding(
            "file-unreadable",
            process.name,
            f"restic could not read {path}; it is not in the snapshot.",
            "Repair it, let readiness read it, or exclude it.",
            path,
        )
        for path in paths[:NAMED]
    ]
