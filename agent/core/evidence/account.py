"""One account of each repository: what an operation saw there, added to what was known to be wrong.

Trouble stays until something passes there that shows the contrary: a repository that was gone, another one
or shut, until somebody met the right one; snapshots that vanished, until something passed for their process;
damage, until a check has read all of the data and found it sound; what may not be read, until whoever met it,
or somebody who reads as much, could read it.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from agent.core.evidence.evidence import Evidence, is_future
from agent.core.model.findings import Finding
from agent.core.model.records import CopyRecord
from agent.core.model.runs import Outcome
from agent.core.model.sights import SightRecord, Trouble

MISSING, CHANGED, DAMAGED = "repository-missing", "repository-changed", "repository-damaged"
VANISHED, UNREADABLE = "snapshots-vanished", "repository-unreadable"
SECRETS = ("wrong-password", "password-missing")
SHUT = (*SECRETS, UNREADABLE)  # nobody knows what is in there
ACCOUNTED = (MISSING, CHANGED, DAMAGED, VANISHED, *SHUT)  # codes of findings
# what is seen of the same place later takes the place of what was seen before
REPLACES = {CHANGED: (MISSING, *SHUT), MISSING: (CHANGED,), **dict.fromkeys(SECRETS, SECRETS)}


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
    def who(self) -> str:
        """The operation, and of which process."""
        return f"{self.by} {self.process}".strip()

    @property
    def wrong(self) -> list[Finding]:
        """What belongs to the account of all that it found."""
        return [found for found in self.findings if found.code in ACCOUNTED]


def account(before: SightRecord | None, seen: Seen) -> SightRecord | None:
    """The account as it stands now, or None when that is what it was."""
    troubles = before.troubles if before else ()
    known = {_key(trouble.code, trouble.process, trouble.met_by): trouble for trouble in troubles}
    left = {key: old for key, old in known.items() if not _is_mended(old, seen)}
    for found in seen.wrong:
        left = {key: old for key, old in left.items() if old.code not in REPLACES.get(found.code, ())}
        process = found.process if found.code == VANISHED else ""
        met_by = seen.who if found.code == UNREADABLE else ""
        key = _key(found.code, process, met_by)
        left[key] = Trouble(
            code=found.code,
            process=process,
            message=found.message,
            hint=found.hint,
            since=known[key].since if key in known else seen.at,
            met_by=met_by,
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


def bad_or_untested(wrong: Sequence[Finding]) -> Outcome:
    """What comes of a run that found this: what we may not read is neither good nor bad."""
    return "not_tested" if all(found.code == UNREADABLE for found in wrong) else "failed"


def is_wrong(before: SightRecord | None, code: str) -> bool:
    """Whether the account knows of such trouble."""
    return before is not None and any(trouble.code == code for trouble in before.troubles)


def _key(code: str, process: str, met_by: str = "") -> str:
    return f"{code}|{process}|{met_by}"


def _is_mended(trouble: Trouble, seen: Seen) -> bool:
    """Whether this look shows the contrary.

    Whoever missed snapshots has listed the others, and looked whether it is the right repository.
    """
    if trouble.code == VANISHED and seen.accepted:
        return seen.process == trouble.process
    codes = {found.code for found in seen.wrong}
    if codes == {VANISHED}:
        return trouble.code in (MISSING, CHANGED, *SECRETS)
    if codes or not seen.met:
        return False
    if trouble.code == VANISHED:
        return seen.process in ("", trouble.process)
    if trouble.code == UNREADABLE:
        return _reads_as_much(trouble, seen)
    return trouble.code != DAMAGED or seen.part == seen.parts == 1


def _reads_as_much(trouble: Trouble, seen: Seen) -> bool:
    """A check of one part may pass where a drill may not read, and a snapshot where either may not."""
    if any(found.severity == "error" for found in seen.findings):
        return False
    if seen.by == "check":
        return trouble.met_by == seen.who or seen.part == seen.parts == 1
    if seen.by == "drill":
        return trouble.met_by == seen.who or trouble.met_by.split(" ")[0] not in ("drill", "check", "copy")
    return trouble.met_by == seen.who
