"""The exposure of a process: what would be lost now, compared with its last good snapshot."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_bytes
from agent.core.model.findings import Finding
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.changes import Changes
from agent.core.snapshot.extent import Scan, blemishes, replaced_roots, why_refuse
from agent.core.snapshot.mass_change import mass_change
from agent.core.snapshot.samples import Samples

HABIT = timedelta(hours=26)  # what is rewritten every day is rewritten within this time
TOLD = ("source-empty", "source-collapsed")


class Comparison(Struct, frozen=True):
    """How files differ from the witness of the last good snapshot."""

    changes: Changes
    samples: Samples = Samples()


class Look(Struct, frozen=True, kw_only=True):
    """What one look at every file of a process found."""

    scan: Scan
    comparison: Comparison
    changed: int = 0  # files and links that are not as they were
    new: int = 0
    gone: int = 0
    bytes: int = 0  # in those that changed or are new
    oldest_ns: int | None = None  # when the oldest of the changes was made


def last_good(records: Iterable[SnapshotRecord]) -> SnapshotRecord | None:
    """The newest snapshot that was taken from the live files; a copy of one is none."""
    taken = [record for record in records if record.outcome == "passed" and not record.copy_of]
    return max(taken, key=lambda record: record.started, default=None)


def habit_since(records: Iterable[SnapshotRecord], good: SnapshotRecord | None) -> datetime | None:
    """Files written after this and before `good` are written all the time; None when too little is known."""
    if good is None:
        return None
    begin = good.started - HABIT
    known = any(record.outcome == "passed" and record.started <= begin for record in records)
    return begin if known else None


def changes_since(
    good: SnapshotRecord | None, records: Iterable[SnapshotRecord], paths: Sequence[str]
) -> Changes:
    """An empty count of the changes below `paths` since `good`.

    `records` tell how long the habits of files are known.
    """
    habit = habit_since(records, good)
    roots = [os_bytes(path).strip(b"/") for path in paths]
    return Changes(_nanoseconds(good.started) if good else 0, _nanoseconds(habit) if habit else None, roots)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000_000)


def what_is_wrong(
    process: CriticalProcess,
    look: Look,
    good: SnapshotRecord | None,
    earlier: Sequence[SnapshotRecord] = (),
) -> list[Finding]:
    """The findings of one look; `earlier` are good snapshots of the last weeks, oldest first."""
    found = [each for each in why_refuse(process, look.scan, good, earlier) if each.code in TOLD]
    said = {each.path for each in found}  # one fault, one code
    found += [each for each in replaced_roots(process, look.scan, good) if each.path not in said]
    found += blemishes(process, look.scan, ())
    found += mass_change(process.name, look.comparison.changes, look.comparison.samples)
    if any(each.code == "mass-change" for each in found):
        found = [
            each for each in found if each.code != "source-collapsed" or each.path
        ]  # one fault, one code
    return found


def news(findings: Sequence[Finding], known: Sequence[Finding]) -> bool:
    """Whether these are other findings than those: by code and path, whatever the numbers in them."""
    return {(each.code, each.path) for each in findings} != {(each.code, each.path) for each in known}
