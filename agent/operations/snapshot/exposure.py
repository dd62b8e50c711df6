"""Look at every file of one critical process: what would be lost now, and does it look like mischief?"""

from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.evidence.evidence import Freeze
from agent.core.model.findings import Finding, finding
from agent.core.model.records import WatchRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.exposed import Exposure
from agent.core.snapshot.exposure import Look, changes_since, last_good, news, what_is_wrong
from agent.errors import ReadinessError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.records.freezing import freezes

HISTORY = 60  # good snapshots that are looked through for what is habit
COPIES = 1000  # of snapshots, among which the last good one may be hidden


class LiveFiles(Protocol):
    """The live files of one process beside the witness of its last good snapshot."""

    def roots(self) -> list[Finding]:
        """What is wrong with the paths themselves: hidden from us, missing, or links."""
        ...

    def look(self, changes: Changes) -> Look:
        """Compare every file by lstat, counting into `changes`."""
        ...


class ExposureNotes(Protocol):
    """Where the last look is kept for others to read."""

    def write(self, exposure: Exposure) -> None: ...

    def troubles(self, process: str) -> list[Finding]:
        """What the service's watcher said that it cannot see of a process."""
        ...


class ExposureTools(Struct, frozen=True, kw_only=True):
    files: LiveFiles
    notes: ExposureNotes
    ledger: Ledger
    clock: Clock


def look_at_exposure(process: CriticalProcess, tools: ExposureTools) -> Exposure:
    """Look, note what was found, and write a record when its findings are others than the last time.

    ReadinessError when our sandbox hides files: what we saw then would be no answer, and look like a loss.
    """
    at = tools.clock.now()
    records = _good_snapshots(process.name, tools.ledger)
    good = last_good(records)
    broken = tools.files.roots()
    for each in broken:
        if each.code == "view-differs":
            raise ReadinessError(each.message, each.hint, each.code)
    look = tools.files.look(changes_since(good, records, process.paths))
    live = [record for record in reversed(records) if not record.copy_of]
    wrong = what_is_wrong(process, look, good, live)
    found = broken + [each for each in wrong if not _is_said(each, broken)]
    found += _still_open(process.name, found, freezes(tools.ledger, process.name))
    found += [each for each in tools.notes.troubles(process.name) if not _is_said(each, found)]
    exposure = Exposure(
        process=process.name,
        at=at,
        since=good.started if good else None,
        rpo=process.rpo,
        files=look.changed + look.new + look.gone,
        bytes=look.bytes,
        changed=look.changed,
        new=look.new,
        gone=look.gone,
        oldest=_oldest(look, good),
        roots=look.scan.roots,
        findings=tuple(found),
    )
    tools.notes.write(exposure)
    _record(exposure, tools)
    return exposure


def _good_snapshots(process: str, ledger: Ledger) -> list[SnapshotRecord]:
    for limit in (HISTORY, COPIES):
        records = ledger.newest(SnapshotRecord, process=process, outcome="passed", limit=limit)
        if len(records) < limit or last_good(records):
            break
    return records


def _oldest(look: Look, good: SnapshotRecord | None) -> datetime | None:
    """What is older than the snapshot, such as a directory's files when it was moved, changed since."""
    if look.oldest_ns is None:
        return None
    oldest = datetime.fromtimestamp(look.oldest_ns / 1_000_000_000, UTC)
    return max(oldest, good.started) if good else oldest


def _is_said(one: Finding, others: list[Finding]) -> bool:
    """What is missing is empty, too: one fault, one code."""
    return one.path is not None and one.path in [other.path for other in others]


def _still_open(process: str, found: list[Finding], open_now: tuple[Freeze, ...]) -> list[Finding]:
    """A mass change that was seen before stays until a person accepts it, whatever was snapshot since."""
    if any(each.code == "mass-change" for each in found):
        return []
    hint = f"Look at the files. If it was you: readiness snapshot --accept {process}"
    return [
        finding("mass-change", process, freeze.message, hint)
        for freeze in open_now
        if freeze.code == "mass-change"
    ]


def _record(exposure: Exposure, tools: ExposureTools) -> None:
    last = tools.ledger.newest(WatchRecord, process=exposure.process)
    if not news(exposure.findings, last[0].findings if last else ()):
        return
    bad = any(each.severity != "info" for each in exposure.findings)
    body = WatchRecord(
        process=exposure.process,
        started=exposure.at,
        outcome="failed" if bad else "passed",
        files=exposure.files,
        bytes=exposure.bytes,
        findings=exposure.findings,
    )
    tools.ledger.append(body, tools.clock.now())
