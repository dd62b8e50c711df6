"""What forbids removing from one repository, whatever the policy says, and the way out of it."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from agent.core.configuration.config import Keep
from agent.core.model.drills import DrillRecord
from agent.core.model.findings import Finding, finding
from agent.core.model.repository import StoredSnapshot
from agent.core.text.phrases import joined
from agent.core.text.plain import count
from agent.core.verdict.reasons import cause

# what a drill may say without saying anything about the snapshot's data
NOT_OF_THE_DATA = {"snapshot-stale", "snapshots-vanished", "repository-changed", "rto-missed"}


def says_something_of_the_data(drill: DrillRecord) -> bool:
    """It passed, or failed for more than the snapshot's age and the like."""
    codes = {found.code for found in drill.findings if found.severity == "error"}
    return not codes or bool(codes - NOT_OF_THE_DATA)


def unproven(process: str, repository: str, drills: Sequence[DrillRecord]) -> list[Finding]:
    """The newest drill from there did not pass, or there was none: perhaps only old snapshots are good.

    `drills` are those that passed or failed, oldest first, from any repository.
    """
    telling = [each for each in drills if each.repository == repository and says_something_of_the_data(each)]
    if telling and telling[-1].outcome == "passed":
        return []
    why = "none was made yet."
    if telling:
        why = f"the newest ({telling[-1].started:%Y-%m-%d %H:%M} UTC) failed: {cause(telling[-1])}"
    return [
        finding(
            "retention-unproven",
            process,
            f"No snapshot of {process} is removed from {repository} before a drill from there passes: {why}",
            f"Run: readiness drill {process} --from {repository}",
        )
    ]


def in_future(process: str, repository: str, ahead: Sequence[StoredSnapshot], now: datetime) -> Finding:
    """Snapshots that are younger than now make all others look old."""
    names = joined([f"{snapshot.id[:8]} ({snapshot.time:%Y-%m-%d %H:%M} UTC)" for snapshot in ahead[:3]])
    shown = " ".join(snapshot.id[:8] for snapshot in ahead[:3])
    return finding(
        "snapshot-in-future",
        process,
        f"Nothing of {process} is removed from {repository}: {count(len(ahead), 'snapshot')} there, such as "
        f"{names}, would be younger than now ({now:%Y-%m-%d %H:%M} UTC).",
        f"Set the clock (timedatectl status). If it is right, remove these snapshots by hand (restic forget "
        f"{shown}), then run: readiness snapshot --accept {process}",
    )


def too_much(
    process: str,
    repository: str,
    remove: Sequence[StoredSnapshot],
    listed: Sequence[StoredSnapshot],
    keep: Keep,
) -> Finding:
    """More than a share would go at once."""
    return finding(
        "retention-too-much",
        process,
        f"keep would let {len(remove):,} of {count(len(listed), 'snapshot')} of {process} in {repository} go "
        f"at once, more than {keep.at_most} %; none was removed.",
        f"Look whether keep of process {process} is what you mean. If it is, set its at_most to "
        f"{ceil(len(remove) * 100 / len(listed))}, for one run or for good.",
    )


def left_alone(process: str, repository: str, strange: Sequence[StoredSnapshot]) -> Finding:
    """What no record of ours knows was taken by somebody else, or before the ledger was begun."""
    names = [snapshot.id[:8] for snapshot in strange[:3]]
    more = f" and {len(strange) - 3:,} more" if len(strange) > 3 else ""
    one = len(strange) == 1
    return finding(
        "retention-unknown",
        process,
        f"{count(len(strange), 'snapshot')} of {process} in {repository} ({', '.join(names)}{more}) "
        f"{'is' if one else 'are'} left alone, and {'fills' if one else 'fill'} no place of keep: the ledger "
        f"does not know {'it' if one else 'them'}.",
        "If another readiness writes there, give it a repository, a host or process names of its own. If not "
        "(the ledger was begun anew, or a run was killed), remove by hand what nobody needs (restic forget "
        f"ID), then run: readiness snapshot --accept {process}",
    )
