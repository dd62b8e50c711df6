"""Whether what is listed in a repository is what we know to be there."""

from collections.abc import Sequence
from datetime import UTC, datetime

from agent.core.model.findings import Finding, finding
from agent.core.text.plain import count

NAMED_SNAPSHOTS = 3  # of those that vanished


def identity_findings(
    process: str,
    repository: str,
    known_id: str,
    id_now: str,
    vanished: Sequence[tuple[str, datetime | None]],
    made_of_them: Sequence[str] = (),
) -> list[Finding]:
    """Why snapshots that we know are not listed: another repository, or they were removed.

    `vanished` are their IDs and times, newest first; `made_of_them` the IDs of what restic made of them.
    """
    if known_id and id_now and known_id != id_now:
        return [
            finding(
                "repository-changed",
                process,
                f"Another repository ({id_now[:8]}) stands where {repository} ({known_id[:8]}) was.",
                "Put the old one back. If the new one is meant, give it a new name in the config.",
            )
        ]
    if not vanished:
        return []
    shown = ", ".join(_dated(*snapshot) for snapshot in vanished[:NAMED_SNAPSHOTS])
    rest = len(vanished) - NAMED_SNAPSHOTS
    more = f" and {rest:,} more" if rest > 0 else ""
    are = "is" if len(vanished) == 1 else "are"
    return [
        finding(
            "snapshots-vanished",
            process,
            f"{count(len(vanished), 'snapshot')} of {process} that readiness knows {are} no longer in "
            f"repository {repository}: {shown}{more}.{_changed(made_of_them)}",
            "Find out who removed them: readiness removes only what keep in the config lets go. "
            f"If this is meant: readiness snapshot --accept {process}",
        )
    ]


def _changed(made: Sequence[str]) -> str:
    names = ", ".join(name[:8] for name in made[:NAMED_SNAPSHOTS])
    return f" restic tag, rewrite or copy made others of them ({len(made):,}: {names})." if made else ""


def _dated(snapshot: str, at: datetime | None) -> str:
    return f"{snapshot[:8]} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" if at else snapshot[:8]
