"""Vital files that were being written while the snapshot was taken: is all of them in it?"""

from collections.abc import Collection, Sequence

from msgspec import structs

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes
from agent.core.model.findings import Finding, finding
from agent.core.model.snapshots import SnapshotRecord, TableCounts
from agent.core.snapshot.extent import Moved, Scan, VitalPlace
from agent.core.text.plain import size

THIN = 9  # times what is in the snapshot is left out
LITTLE = 4096  # bytes
HOW = "Let the job that writes it write beside it and rename it into place when it is done."


def on_the_move(scan: Scan, moved: Moved, tables: Sequence[TableCounts]) -> tuple[VitalPlace, ...]:
    """The vital files that changed, but for databases of which the snapshot carries a consistent copy.

    Of directories those alone that are gone or were made anew: in others files come and go.
    """
    copied = {known.database for known in tables}
    changed, anew = {*scan.moving, *moved.paths}, set(moved.vital_anew)
    return tuple(
        vital
        for vital in scan.vital
        if vital.place in (changed if vital.is_file else anew) and vital.path not in copied
    )


def is_vital(scan: Scan, path: bytes) -> bool:
    """Whether a file is vital, lies in a vital directory, or is itself a path of the process."""
    if any(path == os_bytes(root.path).strip(b"/") for root in scan.roots):
        return True
    return any(path == vital.place or path.startswith(vital.place + b"/") for vital in scan.vital)


def may_have_grown(path: str, before: SnapshotRecord | None) -> bool:
    """Whether the last good snapshot holds a state of the file that was whole.

    What only grew since is a log or a mailbox, and no dump that is half written: that begins anew.
    """
    return before is not None and path not in before.vital_moving


def vital_findings(
    process: CriticalProcess, moving: Sequence[VitalPlace], held: Collection[str]
) -> list[Finding]:
    """What is wrong with vital files that moved; `held` are the paths that the snapshot holds."""
    return [_moving(process, one) if f"/{one.text}" in held else _missing(process, one) for one in moving]


def _missing(process: CriticalProcess, vital: VitalPlace) -> Finding:
    message = f"{vital.path} is vital, and is not in the snapshot: it was away while that was taken."
    return finding("vital-missing", process.name, message, HOW, vital.path)


def _moving(process: CriticalProcess, vital: VitalPlace) -> Finding:
    message = (
        f"{vital.path} is vital, and was being written while the snapshot was taken, however long that "
        "waited: it may hold half of it."
    )
    return finding("vital-moving", process.name, message, HOW, vital.path)


def left_out_findings(process: CriticalProcess, scan: Scan, before: SnapshotRecord | None) -> list[Finding]:
    """An error for each vital directory of which excludes leave no content.

    A warning where they leave hardly any, until a person accepts that.
    """
    thin = {each.path for each in before.held if each.thin} if before else set()
    findings = []
    for vital in scan.vital:
        kept = scan.extents.get(vital.place, (0, 0))[1]
        if not vital.left_out or (kept and not is_thin(vital, kept)):
            continue
        message = (
            f"{vital.path} is vital, and exclude patterns keep {'all' if not kept else 'nearly all'} of its "
            f"content out of the snapshot: {size(kept)} of at least {size(kept + vital.left_out)} are in it."
        )
        hint = f"Correct exclude or vital in [process.{process.name}]."
        if not kept:
            findings.append(finding("vital-excluded", process.name, message, hint, vital.path))
        elif vital.path not in thin:
            hint += f" If this is meant: readiness snapshot --accept {process.name}"
            found = finding("vital-excluded", process.name, message, hint, vital.path)
            findings.append(structs.replace(found, severity="warning"))
    return findings


def is_thin(vital: VitalPlace, kept: int) -> bool:
    """Whether excludes keep nine tenths or more of a vital directory out; what is tiny says nothing."""
    return vital.left_out >= max(THIN * kept, LITTLE)
