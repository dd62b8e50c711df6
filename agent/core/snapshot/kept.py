"""Did the snapshot really keep what the witness lists? Judged by what is there, never by exit status."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import BackupSummary, StoredSnapshot
from agent.core.snapshot.extent import NAMED, Moved, Scan
from agent.core.text.plain import count

NAMED_SNAPSHOTS = 3  # of those that vanished


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
) -> list[Finding]:
    """Findings where restic's counts and complaints do not fit the witness.

    `carried` is files and bytes of the carried directory; `moved` is what changed while restic read.
    """
    findings = _unreadable(process, scan, summary, moved.paths)
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


def _unreadable(
    process: CriticalProcess, scan: Scan, summary: BackupSummary, moved: Collection[bytes]
) -> list[Finding]:
    explained = {path for path, _ in scan.unreadable} | set(moved)
    unexplained = [path for path in summary.unreadable if os_bytes(path).strip(b"/") not in explained]
    findings = [
        finding(
            "file-unreadable",
            process.name,
            f"restic could not read {path}; it is not in the snapshot.",
            "Repair it, let readiness read it, or exclude it.",
            path,
        )
        for path in unexplained[:NAMED]
    ]
    if not summary.complete and not summary.unreadable and not explained:
        message = "restic says that it could not read everything, and does not say what."
        findings.append(finding("snapshot-incomplete", process.name, message, "Run restic backup by hand."))
    return findings


def identity_findings(
    process: str,
    repository: str,
    known_id: str,
    id_now: str,
    vanished: Sequence[tuple[str, datetime | None]],
    made_of_them: Sequence[str] = (),
) -> list[Finding]:
    """Why snapshots that we know are not listed: another repository, or they were removed.

    `vanished` are their IDs and times, newest first; `made_of_them` the IDs of what restic made of them.
    """
    if known_id and id_now and known_id != id_now:
        return [
            finding(
                "repository-changed",
                process,
                f"Another repository ({id_now[:8]}) stands where {repository} ({known_id[:8]}) was.",
                "Put the old one back. If the new one is meant, give it a new name in the config.",
            )
        ]
    if not vanished:
        return []
    shown = ", ".join(_dated(*snapshot) for snapshot in vanished[:NAMED_SNAPSHOTS])
    rest = len(vanished) - NAMED_SNAPSHOTS
    more = f" and {rest:,} more" if rest > 0 else ""
    are = "is" if len(vanished) == 1 else "are"
    return [
        finding(
            "snapshots-vanished",
            process,
            f"{count(len(vanished), 'snapshot')} of {process} that readiness knows {are} no longer in "
            f"repository {repository}: {shown}{more}.{_changed(made_of_them)}",
            "Find out who removed them: readiness removes only what keep in the config lets go. "
            f"If this is meant: readiness snapshot --accept {process}",
        )
    ]


def _changed(made: Sequence[str]) -> str:
    names = ", ".join(name[:8] for name in made[:NAMED_SNAPSHOTS])
    return f" restic tag, rewrite or copy made others of them ({len(made):,}: {names})." if made else ""


def _dated(snapshot: str, at: datetime | None) -> str:
    return f"{snapshot[:8]} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" if at else snapshot[:8]
