"""What a look at the live files found, as `status` and others read it later."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.core.model import Finding, RootIdentity
from agent.core.phrases import span
from agent.core.text import count, printable, size


class Exposure(Struct, frozen=True, kw_only=True):
    """What would be lost at the moment `at`; `since` is the last good snapshot, None when there is none."""

    process: str
    at: datetime
    since: datetime | None
    rpo: int
    files: int
    bytes: int
    changed: int = 0
    new: int = 0
    gone: int = 0
    oldest: datetime | None = None
    roots: tuple[RootIdentity, ...] = ()
    findings: tuple[Finding, ...] = ()

    def age(self, now: datetime) -> int | None:
        """Seconds since the oldest change was made; None when there is no change."""
        return max(0, int((now - self.oldest).total_seconds())) if self.oldest and self.files else None

    @property
    def within_rpo(self) -> bool:
        """Whether less would be lost than was promised."""
        return (self.age(self.at) or 0) <= self.rpo

    def is_outdated(self, snapshot_at: datetime | None) -> bool:
        """Whether a snapshot was taken since."""
        return snapshot_at is not None and snapshot_at > self.at


def exposure_sentence(exposure: Exposure, snapshot_at: datetime | None, now: datetime) -> str:
    """What a process would lose now, and when that was seen."""
    looked = f"last looked {span(max(0.0, (now - exposure.at).total_seconds()))} ago"
    name = printable(exposure.process)
    if exposure.is_outdated(snapshot_at):
        return f"{name}: nobody has looked since the last good snapshot."
    if exposure.since is None:
        return f"{name}: all of {count(exposure.files, 'file')}; there is no good snapshot ({looked})."
    age = exposure.age(now)
    if age is None:
        return f"{name}: nothing since the last good snapshot ({looked})."
    files = f"{count(exposure.files, 'file')} with {size(exposure.bytes)}"
    return f"{name}: {files}, the oldest change {span(age)} ago ({looked})."


def exposure_row(
    exposure: Exposure | None, snapshot_at: datetime | None, now: datetime
) -> dict[str, Any] | None:
    """The same for scripts: seconds, bytes, RFC 3339."""
    if exposure is None:
        return None
    return {
        "at": exposure.at.isoformat(timespec="seconds"),
        "looked_s": max(0, int((now - exposure.at).total_seconds())),
        "outdated": exposure.is_outdated(snapshot_at),
        "files": exposure.files,
        "bytes": exposure.bytes,
        "oldest_at": exposure.oldest.isoformat(timespec="seconds")
        if exposure.oldest and exposure.files
        else None,
        "oldest_s": exposure.age(now),
    }
