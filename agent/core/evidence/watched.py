"""Which findings of the newest look at the live files, and of mass changes in snapshots, are still open."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from agent.core.evidence.evidence import Copy
from agent.core.model.findings import Finding
from agent.core.model.records import WatchRecord
from agent.core.model.snapshots import SnapshotRecord

MASS_CHANGE = "mass-change"


def open_watch_findings(watch: WatchRecord | None, copies: Sequence[Copy]) -> tuple[Finding, ...]:
    """A mass change is open until a person accepts it; what is wrong with a path, until a snapshot passes."""
    snapshots = [record for copy in copies for record in copy.snapshots]
    accepted = _latest(record for record in snapshots if record.accepted)
    passed = _latest(snapshots)
    found = [(watch.started, each) for watch in (watch,) if watch for each in watch.findings]
    found += [
        (record.started, each) for record in snapshots for each in record.findings if each.code == MASS_CHANGE
    ]
    still: dict[tuple[str, str | None], Finding] = {}
    for when, each in found:
        over = accepted if each.code == MASS_CHANGE else passed if each.code.startswith("source-") else None
        if each.severity != "info" and (over is None or when >= over):
            still.setdefault((each.code, each.path), each)
    return tuple(each for each in still.values() if not _is_newest_failure(each, copies))


def _latest(snapshots: Iterable[SnapshotRecord]) -> datetime | None:
    return max((record.started for record in snapshots if record.outcome == "passed"), default=None)


def _is_newest_failure(one: Finding, copies: Sequence[Copy]) -> bool:
    """The newest snapshot failed because of the same: one fault, one reason."""
    newest = [copy.snapshots[0] for copy in copies if copy.snapshots]
    return any(
        record.outcome != "passed"
        and any((each.code, each.path) == (one.code, one.path) for each in record.findings)
        for record in newest
    )
