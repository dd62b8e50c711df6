"""What forbids removing snapshots of a process: something went wrong that only old snapshots may undo.

Records open a freeze, and a person closes it: `readiness snapshot --accept PROCESS`. Only a clock that
was set wrong and is right again closes its own.
"""

from collections.abc import Iterable

from agent.core.evidence.evidence import CLOCK_TOLERANCE, Freeze
from agent.core.model.findings import Finding, finding
from agent.core.model.records import Entry
from agent.core.model.runs import AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.text.phrases import span

FREEZING = ("mass-change", "snapshots-vanished", "repository-changed")  # codes of findings
CLOCK_JUMPED = "clock-jumped"  # an event of the agent


def open_freezes(entries: Iterable[Entry], process: str, begun: int = 0) -> tuple[Freeze, ...]:
    """What freezes the process's retention, each code once, in the order in which they were opened.

    `entries` may hold anything, in any order; of them count the agent's, and findings of this process.
    Jumps of the clock before its first snapshot, which is record `begun`, are none of its business.
    """
    ordered = sorted(entries, key=lambda entry: entry.sequence)
    cleared = max((entry.sequence for entry in ordered if is_accepted(entry, process)), default=0)
    later = [entry for entry in ordered if entry.sequence > cleared]
    freezes: dict[str, Freeze] = {}
    for entry in later:
        for found in _freezing(entry, process):
            freezes.setdefault(found.code, Freeze(found.code, entry.sequence, entry.at, found.message))
    jumped = _clock(entry for entry in later if entry.sequence > begun)
    if jumped:
        freezes[CLOCK_JUMPED] = jumped
    return tuple(sorted(freezes.values(), key=lambda freeze: freeze.sequence))


def is_accepted(entry: Entry, process: str) -> bool:
    """A good snapshot whose extent a person took as the new normal."""
    body = entry.body
    return (
        isinstance(body, SnapshotRecord)
        and body.process == process
        and body.accepted
        and body.outcome == "passed"
    )


def _freezing(entry: Entry, process: str) -> Iterable[Finding]:
    findings = getattr(entry.body, "findings", ())
    return (found for found in findings if found.code in FREEZING and found.process == process)


def _clock(entries: Iterable[Entry]) -> Freeze | None:
    """The jumps taken together, when they do not take each other back."""
    total, opened = 0, None
    for entry in entries:
        if isinstance(entry.body, AgentRecord) and entry.body.event == CLOCK_JUMPED:
            opened = opened or entry
            total += entry.body.jump
            if abs(total) <= CLOCK_TOLERANCE.total_seconds():
                opened = None
    if opened is None:
        return None
    way = "forward" if total > 0 else "back"
    return Freeze(CLOCK_JUMPED, opened.sequence, opened.at, f"The clock was set {way} by {span(abs(total))}.")


def frozen_finding(process: str, consequence: str, freezes: Iterable[Freeze]) -> Finding:
    """That nothing is removed (`consequence`), why, and how a person lets it go on."""
    why = " ".join(f"{freeze.code}: {freeze.message}" for freeze in freezes)
    return finding(
        "retention-frozen",
        process,
        f"{consequence} {why}",
        f"Look into it first. When all is well, or meant: readiness snapshot --accept {process}",
    )
