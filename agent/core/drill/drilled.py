"""Judges one drill: from what was compared and proven to findings, outcome, rung and one sentence."""

from collections.abc import Sequence
from datetime import datetime

from agent.core.configuration.config import CriticalProcess, FileCountProof, NewestFileProof
from agent.core.configuration.exclude import os_text
from agent.core.drill.proofs import Judgement
from agent.core.drill.sampling import Part
from agent.core.drill.verification import Verification
from agent.core.model.drills import ProofResult, Why
from agent.core.model.findings import CODES, Finding, finding
from agent.core.model.repository import RestoreReport
from agent.core.model.runs import Outcome
from agent.core.text.plain import count, duration, shown_path, size

NAMED = 20  # findings of one kind that name a path each; the rest is counted

# What restic may complain of that says nothing about the data: the drill was not made.
COULD_NOT = {
    "no-space",
    "timed-out",
    "repository-unreachable",
    "repository-unreadable",
    "repository-locked",
    "wrong-password",
    "password-missing",
    "restic-killed",
    "restic-crashed",
    "restic-missing",
    "restic-too-old",
    "not-tested",
}
# of a drill that was made: it showed too little for good, and nothing bad
TOO_LITTLE = {"path-too-long", "complaint-unexplained", "nothing-compared", "snapshot-unknown"}
NAMED_FILES = 3  # that a statement names
WHY_NOT: dict[Why, tuple[str, str]] = {
    "moving": ("file was being written", "files were being written"),
    "absent": ("file was gone when its turn came", "files were gone when their turn came"),
    "zeros": ("file holds zero bytes only", "files hold zero bytes only"),
    "unreadable": ("file could not be read", "files could not be read"),
}
CLOCKS_APART = 300  # seconds that the clocks of two machines may differ


def age_findings(
    process: CriticalProcess,
    taken: datetime,
    now: datetime,
    must_be_fresh: bool,
    oldest: int = 0,
    renew: str = "",
) -> list[Finding]:
    """Findings for a snapshot that is too old, or that seems to come from the future.

    `oldest` is how many seconds it may be old where it lies, when new ones come there more seldom than the
    recovery point objective says; 0: that. `renew` is how to end that, where it is not the first repository.
    """
    age = (now - taken).total_seconds()
    if age < -CLOCKS_APART:
        return [
            finding(
                "snapshot-in-future",
                process.name,
                f"The snapshot says that it was taken {duration(-age)} from now.",
                "Set this machine's clock, or the clock of the machine that took it.",
            )
        ]
    allowed = max(oldest, process.rpo)
    if must_be_fresh and age > allowed:
        return [
            finding(
                "snapshot-stale",
                process.name,
                f"The newest snapshot is {duration(age)} old; at most {duration(allowed)} may be lost.",
                f"Bring it up to date: {renew}"
                if renew
                else f"Take one now: readiness snapshot {process.name}. Then find out why none was taken.",
            )
        ]
    return []


def loss_findings(process: str, result: Verification, lists: str) -> list[Finding]:
    """A finding for each file that did not come back as it was, with the survivors counted."""
    survivors = f"{result.verified:,} of {result.expected:,} entries came back whole"
    hint = f"{survivors}; {lists} names the lost and the surviving files." if lists else f"{survivors}."
    findings = _named(process, "file-missing", result.missing_paths, "did not come back", hint)
    findings += _named(process, "file-damaged", result.damaged_paths, "came back with other content", hint)
    findings += _named(
        process, "file-unreadable", result.unreadable_paths, "could not be read for the snapshot", hint
    )
    findings += [
        finding(
            "file-changed", process, f"/{os_text(path)} came back, but {what}.", hint, f"/{os_text(path)}"
        )
        for path, what in result.changed_paths[:NAMED]
    ]
    findings += _rest(process, "file-changed", result.changed, hint)
    unexpected = "This snapshot holds more than its witness: who took it, and with what?"
    findings += _named(
        process, "file-unexpected", result.unexpected_paths, "is not in the witness", unexpected
    )
    for code, number in (
        ("file-missing", result.missing),
        ("file-damaged", result.damaged),
        ("file-unreadable", result.unreadable),
        ("file-unexpected", result.unexpected),
    ):
        findings += _rest(process, code, number, hint)
    return findings


def _named(process: str, code: str, paths: Sequence[bytes], what: str, hint: str) -> list[Finding]:
    texts = [f"/{os_text(path)}" for path in paths[:NAMED]]
    return [finding(code, process, f"{text} {what}.", hint, text) for text in texts]


def _rest(process: str, code: str, number: int, hint: str) -> list[Finding]:
    if number <= NAMED:
        return []
    return [finding(code, process, f"{number - NAMED:,} more: {CODES[code][1]}.", hint)]


def complaint_findings(process: str, report: RestoreReport, result: Verification) -> list[Finding]:
    """What restic complained of without a loss that says it all.

    While content was left that could not be compared, the complaint may be about just that.
    """
    if result.too_long and not result.lost:
        message = (
            f"{count(result.too_long, 'path is', 'paths are')} too long to be restored below the scratch."
        )
        hint = "Name a scratch with a short path in [agent]. Restored to its old place all may come back."
        return [finding("path-too-long", process, message, hint)]
    if not report.complaint or result.lost:
        return []
    content = result.content
    if content.left_files:
        left = f"{count(content.left_files, 'file')} with {size(content.left_bytes)}"
        message = f"{report.complaint.rstrip('.')}; {left} could not be compared, so this may have cost data."
        hint = "Run readiness check, then drill again when nothing is written to these files."
        return [finding("complaint-unexplained", process, message, hint)]
    hint = "Everything was compared with the witness all the same; run restic check to learn more."
    return [finding("restic-complained", process, report.complaint, hint)]


def sparse_findings(process: str, result: Verification) -> list[Finding]:
    """Sparse files that grew so much that a real recovery could run out of room."""
    if result.expanded < 1 << 26:
        return []
    message = f"Sparse files take {size(result.expanded)} more when restored."
    return [
        finding("sparse-expanded", process, message, "Plan for it, or restore with restic 0.15 or newer.")
    ]


def proof_findings(process: str, proofs: Sequence[ProofResult]) -> list[Finding]:
    """A finding for each proof that failed or could not be run."""
    codes = {"failed": "proof-failed", "not_tested": "proof-not-run"}
    hints = {"not_tested": "That says nothing about the data. Mend what kept the proof from its end."}
    return [
        finding(codes[proof.outcome], process, f"{proof.name}: {proof.message}", hints.get(proof.outcome, ""))
        for proof in proofs
        if proof.outcome in codes
    ]


def nothing_compared(
    process: CriticalProcess, result: Verification, proofs: Sequence[ProofResult]
) -> list[Finding]:
    """Why nothing can be concluded: no content could be compared and no proof that reads any passed."""
    of_names = {proof.name for proof in process.proofs if isinstance(proof, NewestFileProof | FileCountProof)}
    reading = [proof for proof in proofs if proof.name not in of_names]
    if result.lost or result.too_long or not shows_nothing(result, reading):
        return []
    names = _some([left.path for left in result.content.uncompared()])
    what = f"No content could be compared: {names}" if names else "Nothing that came back could be compared"
    return [
        finding(
            "nothing-compared",
            process.name,
            f"{what}; it was being written while the snapshot was taken, or consists of zero bytes.",
            "Take a snapshot when nothing is written, or give the process a proof of its data.",
        )
    ]


def found_database_findings(process: str, judged: Sequence[tuple[str, Judgement]]) -> list[Finding]:
    """A finding for each copy of a database that no proof names, when it is not as it was."""
    codes = {"failed": "database-damaged", "not_tested": "proof-not-run"}
    hint = "Take a new snapshot; if it happens again, look at the database."
    return [
        finding(codes[each.outcome], process, f"The copy of {path}: {each.reason}.", hint, path)
        for path, each in judged
        if each.outcome in codes
    ]


def outcome_of(findings: Sequence[Finding], proofs: Sequence[ProofResult]) -> Outcome:
    """Bad when anything is wrong; not tested when something could not be read or tried; else passed."""
    wrong = {found.code for found in findings if found.severity == "error"}
    if wrong:
        return "not_tested" if wrong == {"repository-unreadable"} else "failed"
    if any(proof.outcome == "not_tested" for proof in proofs):
        return "not_tested"
    if any(found.code in TOO_LITTLE for found in findings):
        return "not_tested"
    return "passed"


def shows_nothing(result: Verification, proofs: Sequence[ProofResult]) -> bool:
    """Whether there is nothing to conclude from: no content could be compared and no proof passed.

    Directories and links that came back are no content. The consistent copies of live databases are, where
    every file that came back was being written.
    """
    if any(proof.outcome == "passed" for proof in proofs):
        return False
    return result.content.nothing or (not _compared(result) and result.expected > 0)


def _compared(result: Verification) -> bool:
    """Whether anything that came back was compared: an entry, or the copy of a database."""
    return result.verified > 0 or result.content.bytes > 0


def rung_of(result: Verification, proofs: Sequence[ProofResult]) -> str:
    """The highest step of the proof ladder: L1 listed, L4 compared, L5 proven by the application's data."""
    if result.lost or result.unexpected or not _compared(result) or result.content.nothing:
        return "L1"
    return "L5" if proofs and all(proof.outcome == "passed" for proof in proofs) else "L4"


def statement(result: Verification, part: Part | None) -> str:
    """What the drill supports, in one sentence."""
    what = (
        f"{result.verified:,} of {result.expected:,} entries were restored as they were; {_content(result)}"
    )
    if part is None:
        return f"{what}."
    rounds = max(1, round(1 / part.share)) if part.share else 1
    return (
        f"{what}. This sample holds {part.entries:,} of {part.of:,} entries with {size(part.size)} of "
        f"{size(part.of_size)}, and goes on where the last one ended: "
        f"everything is read once in about {count(rounds, 'drill')}. "
        "A single bad file elsewhere would not be seen today, and no proof was run."
    )


def _content(result: Verification) -> str:
    """How much content was compared, and which was not: "1.2 GiB of 1.3 GiB in 4,010 of 4,012 files ..."."""
    content = result.content
    whole = (content.files, content.bytes) == (content.of_files, content.of_bytes)
    of_bytes, of_files = ("", "") if whole else (f" of {size(content.of_bytes)}", f"{content.files:,} of ")
    words = [f"{size(content.bytes)}{of_bytes} in {of_files}{count(content.of_files, 'file')} compared"]
    left = content.uncompared()
    for why, (one, many) in WHY_NOT.items():
        paths = [each.path for each in left if each.why == why]
        words += [f"{count(len(paths), one, many)}: {_some(paths)}"] if paths else []
    more = content.left_files - len(left)
    words += [f"{count(more, 'more file')} not compared"] if more > 0 else []
    return "; ".join(words)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(shown_path(path) for path in paths[:NAMED_FILES])
    more = len(paths) - NAMED_FILES
    return f"{shown} and {more:,} more" if more > 0 else shown
