"""Judges one drill: from what was compared and proven to findings, outcome, rung and one sentence."""

from collections.abc import Sequence
from datetime import datetime

from agent.core.configuration.config import CriticalProcess
from agent.core.configuration.exclude import os_text
from agent.core.drill.sampling import Part
from agent.core.drill.verification import Verification
from agent.core.model.drills import ProofResult
from agent.core.model.findings import CODES, Finding, finding
from agent.core.model.repository import RestoreReport
from agent.core.model.runs import Outcome
from agent.core.text.plain import count, duration, size

NAMED = 20  # findings of one kind that name a path each; the rest is counted

# What restic may complain of that says nothing about the data: the drill was not made.
COULD_NOT = {
    "no-space",
    "timed-out",
    "repository-unreachable",
    "repository-unreadable",
    "repository-locked",
    "wrong-password",
    "restic-killed",
    "restic-crashed",
    "restic-missing",
    "restic-too-old",
    "not-tested",
}
CLOCKS_APART = 300  # seconds that the clocks of two machines may differ


def age_findings(
    process: CriticalProcess, taken: datetime, now: datetime, must_be_fresh: bool, oldest: int = 0
) -> list[Finding]:
    """Findings for a snapshot that is too old, or that seems to come from the future.

    `oldest` is how many seconds it may be old where it lies, when copies come there more seldom than the
    recovery point objective says; 0: that.
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
                f"Bring it up to date: readiness copy {process.name}"
                if oldest
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
    """What restic complained of although everything was compared; with losses they say it all."""
    if result.too_long and not result.lost:
        message = (
            f"{count(result.too_long, 'path is', 'paths are')} too long to be restored below the scratch."
        )
        hint = "Name a scratch with a short path in [agent]. Restored to its old place all may come back."
        return [finding("path-too-long", process, message, hint)]
    if not report.complaint or result.lost:
        return []
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
    return [
        finding(codes[proof.outcome], process, f"{proof.name}: {proof.message}")
        for proof in proofs
        if proof.outcome in codes
    ]


def outcome_of(findings: Sequence[Finding], proofs: Sequence[ProofResult]) -> Outcome:
    """Bad when anything is wrong; not tested when a proof or a path could not be tried; else passed."""
    if any(found.severity == "error" for found in findings):
        return "failed"
    if any(proof.outcome == "not_tested" for proof in proofs):
        return "not_tested"
    if any(found.code == "path-too-long" for found in findings):
        return "not_tested"
    return "passed"


def shows_nothing(result: Verification | None, proofs: Sequence[ProofResult]) -> bool:
    """Whether there is nothing to conclude from: no entry could be compared and no proof passed."""
    compared = result is not None and (result.verified or not result.expected)
    return not compared and not any(proof.outcome == "passed" for proof in proofs)


def rung_of(result: Verification, proofs: Sequence[ProofResult]) -> str:
    """The highest step of the proof ladder: L1 listed, L4 compared, L5 proven by the application's data."""
    if result.lost or result.unexpected or not result.verified:
        return "L1"
    return "L5" if proofs and all(proof.outcome == "passed" for proof in proofs) else "L4"


def statement(result: Verification, part: Part | None) -> str:
    """What the drill supports, in one sentence."""
    what = f"{result.verified:,} of {result.expected:,} entries were restored and compared byte for byte"
    if result.moving:
        what += f"; {count(result.moving, 'entry', 'entries')} changed during the snapshot and may differ"
    if part is None:
        return f"{what}."
    rounds = max(1, round(1 / part.share)) if part.share else 1
    return (
        f"{what}. This sample holds {part.entries:,} of {part.of:,} entries with {size(part.size)} of "
        f"{size(part.of_size)}, and goes on where the last one ended: "
        f"everything is read once in about {count(rounds, 'drill')}. "
        "A single bad file elsewhere would not be seen today, and no proof was run."
    )
