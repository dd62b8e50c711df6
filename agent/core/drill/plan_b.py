"""Plan B and drills: whether it is worth to try it at once, and what is left to do when it fails itself."""

from agent.core.model.drills import DrillRecord

# What may be wrong with one repository, or on the way to it, and right with another one. A scratch that is
# too small, a proof that finds the data bad, a snapshot that is too old: plan B is no better there.
OF_THE_REPOSITORY = {
    "repository-missing",
    "repository-changed",
    "repository-damaged",
    "repository-locked",
    "repository-unreachable",
    "repository-unreadable",
    "wrong-password",
    "password-missing",
    "environment-file-wrong",
    "timed-out",
    "restic-failed",
    "restic-crashed",
    "restic-garbled",
    "snapshots-vanished",
    "no-snapshot",
    "witness-missing",
    "witness-changed",
    "file-missing",
    "file-damaged",
    "file-changed",
    "file-unexpected",
}

LOST = {"file-missing", "file-damaged"}
SPELT_OUT = "What is damaged there needs repair, or a new repository: docs/plan-b.md says how"


def plan_b_may_help(record: DrillRecord) -> bool:
    """Whether the same drill may pass from another repository."""
    wrong = {found.code for found in record.findings if found.severity == "error"}
    return record.outcome != "passed" and bool(wrong & OF_THE_REPOSITORY)


def after_a_loss(repository: str, drill: str) -> str:
    """What to run where bytes of a repository are lost: no new snapshot brings them back."""
    return f"Run: readiness check {repository}, then: {drill}"


def renewed(*commands: str) -> str:
    """What to run, one after the other."""
    return f"Run: {', then: '.join(commands)}"
