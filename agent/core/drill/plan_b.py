"""When a drill of the first repository did not pass: is it worth to try plan B at once?"""

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


def plan_b_may_help(record: DrillRecord) -> bool:
    """Whether the same drill may pass from another repository."""
    wrong = {found.code for found in record.findings if found.severity == "error"}
    return record.outcome != "passed" and bool(wrong & OF_THE_REPOSITORY)
