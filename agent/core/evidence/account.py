"""One account of each repository: what an operation saw there, added to what was known to be wrong.

Trouble stays until something passes there that shows the contrary: a repository that was gone, another one
or shut, until somebody met the right one; snapshots that vanished, until something passed for their process;
damage, until a check has read all of the data and found it sound.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from agent.core.evidence.evidence import Evidence, is_future
from agent.core.model.findings import Finding
from agent.core.model.records import CopyRecord
from agent.core.model.sights import SightRecord, Trouble

MISSING, CHANGED, DAMAGED = "repository-missing", "repository-changed", "repository-damaged"
VANISHED, SHUT = "snapshots-vanished", "wrong-password"
ACCOUNTED = (MISSING, CHANGED, DAMAGED, VANISHED, SHUT)  # codes of findings


class Seen(Struct, frozen=True, kw_only=True):
    """What one operation saw of one repository. `process` is empty where it looked at all of them.

    `met`: what is there was listed, and nothing of the account was wrong with it. `part` of `parts`: the
    data that a check read and found sound.
    """

    repository: str
    by: str
    at: datetime
    process: str = ""
    met: bool = False
    findings: Sequence[Finding] = ()
    accepted: bool = False  # not looked at: a person accepted what vanished of the process, wherever it was
    part: int = 0
    parts: int = 0

    @property
    def wrong(self) -> list[Finding]:
        """What belongs to the account of all that it found."""
        return [found for found in self.findings if found.code in ACCOUNTED]


def account(before: SightRecord | None, seen: Seen) -> SightRecord | None:
    """The account as it stands now, or None when that is what it was."""
    known = {_key(trouble.code, trouble.process): trouble for trouble in before.troubles} if before else {}
    left = {key: kept for key, old in known.items() if (kept := _after(old, seen)) is not None}
    for found in seen.wrong:
        process = found.process if found.code == VANISHED else ""
        key = _key(found.code, process)
        since = known[key].since if key in known else seen.at
        left[key] = Trouble(
            code=found.code, process=process, message=found.message, hint=found.hint, since=since
        )
    if left == known:
        return None
    return SightRecord(
        repository=seen.repository,
        started=seen.at,
        outcome="failed" if left else "passed",
        by=seen.by,
        troubles=tuple(left.values()),
    )


def account_of(evidence: Evidence, repository: str, now: datetime) -> SightRecord | None:
    """The account as it was written; of a ledger that is older than accounts, what its records come to."""
    for sight in evidence.sights:
        if sight.repository == repository:
            return sight
    records = [r for copy in evidence.copies if copy.repository == repository for r in copy.records]
    upkeep = [
        record
        for record in evidence.upkeep
        if record.repository == repository and not isinstance(record, CopyRecord)  # tells of two at once
    ]
    found: SightRecord | None = None
    for record in sorted([*records, *upkeep], key=lambda each: each.started):
        seen = Seen(
            repository=repository,
            by="records",
            at=record.started,
            process=getattr(record, "process", ""),
            met=record.outcome == "passed" and not is_future(record.started, now),
            findings=[each for each in record.findings if each.code != DAMAGED],  # of checks: has its rule
        )
        found = account(found, seen) or found
    return found


def is_wrong(before: SightRecord | None, code: str) -> bool:
    """Whether the account knows of such trouble."""
    return before is not None and any(trouble.code == code for trouble in before.troubles)


def _key(code: str, process: str) -> str:
    return f"{code}|{process}"


def _after(trouble: Trouble, seen: Seen) -> Trouble | None:
    """What is left of it after this look: it was mended (None), unchanged, or nearer to that.

    Whoever missed snapshots has listed the others, and looked whether it is the right repository.
    """
    if trouble.code == VANISHED and seen.accepted and seen.process == trouble.process:
        return None
    codes = {found.code for found in seen.wrong}
    if trouble.code in (MISSING, CHANGED, SHUT) and codes == {VANISHED}:
        return None
    if not seen.met or codes:
        return trouble
    if trouble.code == VANISHED:
        return None if seen.process in ("", trouble.process) else trouble
    if trouble.code != DAMAGED:
        return None
    return None if seen.part == seen.parts == 1 else trouble
