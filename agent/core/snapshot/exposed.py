"""What a look at the live files found, as `status` and others read it later."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.core.model.findings import Finding
from agent.core.model.snapshots import RootIdentity
from agent.core.text.phrases import joined, span
from agent.core.text.plain import count, printable, size

JUST_NOW = 60.0  # seconds


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
        """Seconds since the oldest change was made; None when there is none, or nobody can tell."""
        return max(0, int((now - self.oldest).total_seconds())) if self.oldest and self.files else None

    @property
    def within_rpo(self) -> bool:
        """Whether less would be lost than was promised."""
        return (self.age(self.at) or 0) <= self.rpo

    def is_outdated(self, snapshot_at: datetime | None) -> bool:
        """Whether a snapshot was taken since."""
        return snapshot_at is not None and snapshot_at > self.at


def exposure_sentences(
    exposures: Iterable[Exposure], snapshots: Mapping[str, datetime | None], now: datetime
) -> list[str]:
    """What each process would lose now, and when that was seen; said once for all of which it is the same.

    `snapshots` tells when the last good snapshot of each process was taken.
    """
    processes: dict[str, list[str]] = {}
    for exposure in exposures:
        words = _words(exposure, snapshots.get(exposure.process), now)
        processes.setdefault(words, []).append(printable(exposure.process))
    return [f"{joined(names)}: {words}" for words, names in processes.items()]


def _words(exposure: Exposure, snapshot_at: datetime | None, now: datetime) -> str:
    looked = f"last looked {_ago((now - exposure.at).total_seconds())}"
    if exposure.is_outdated(snapshot_at):
        return "nobody has looked since the last good snapshot."
    if exposure.since is None:
        return f"all of {count(exposure.files, 'file')}; there is no good snapshot ({looked})."
    if not exposure.files:
        return f"nothing since the last good snapshot ({looked})."
    age = exposure.age(now)
    oldest = f", the oldest change {_ago(age)}" if age is not None else ""
    return f"{what_changed(exposure)}{oldest} ({looked})."


def what_changed(exposure: Exposure) -> str:
    """How many files changed, with their bytes, and how many are gone."""
    there = exposure.files - exposure.gone
    changed = [f"{count(there, 'file')} with {size(exposure.bytes)}"] if there else []
    gone = [f"{count(exposure.gone, 'file')} gone"] if exposure.gone else []
    return joined([*changed, *gone])


def _ago(seconds: float) -> str:
    return f"{span(seconds)} ago" if seconds >= JUST_NOW else "just now"


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
