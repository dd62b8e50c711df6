"""What `--accept` covers in one run, and what else has to be told before anything can be accepted."""

from collections.abc import Iterable
from contextlib import suppress

from msgspec import structs

from agent.core.configuration.exclude import os_text
from agent.core.evidence.acceptance import Told, left_when_accepted, refused, told
from agent.core.model.findings import Finding
from agent.core.model.snapshots import SnapshotRecord
from agent.core.snapshot.extent import Scan
from agent.errors import ResticError
from agent.operations.ports.repository import Repository
from agent.operations.ports.sources import Sources
from agent.operations.records.vanished import Vanished
from agent.operations.snapshot.earlier import Earlier


class Acceptance:
    """Whether a person accepts, of which everything is what they were `told` (None: nobody accepts)."""

    def __init__(self, known: Told | None) -> None:
        self._told = known

    def covers(self, code: str, path: str | None) -> bool:
        """Whether this one is accepted, should all of it be."""
        return self._told is not None and self._told.covers(code, path)

    def are_zeros_meant(self, path: bytes) -> bool:
        """Whether a file may have become zero bytes; of many only some are told by name."""
        return self.covers("file-zeroed", f"/{os_text(path)}") or self.covers("file-zeroed", None)

    @property
    def is_of_a_collapse(self) -> bool:
        """Whether that much is gone is accepted."""
        return self._told is not None and self._told.collapse

    def still_wrong(self, findings: list[Finding]) -> list[Finding]:
        """Those that keep a snapshot from being taken: all where not everything is accepted."""
        if self._told is None or self._told.news(findings):
            return findings
        return left_when_accepted(findings)

    def settled(self, findings: list[Finding]) -> tuple[list[Finding], tuple[Finding, ...] | None]:
        """What is said in the end, and what was accepted: everything that can be, or nothing (None)."""
        if self._told is None:
            return findings, None
        news = self._told.news(findings)
        if news:
            return refused(findings, news), None
        left = left_when_accepted(findings)
        return left, tuple(one for one in findings if one not in left)


def what_else(
    scan: Scan, now: SnapshotRecord, wrong: Iterable[Finding], sources: Sources, earlier: Earlier
) -> list[Finding]:
    """What else is gone of the sources where nothing is saved, because something is `wrong`.

    Whoever accepts the one has to know of the other.
    """
    found = sources.copy_found(scan, earlier.databases())
    now = structs.replace(now, tables=(*now.tables, *found.tables))
    known = told(wrong)
    losses = earlier.shrinkage(scan, now, found, set())
    return [each for each in losses if not known.covers(each.code, each.path)]


def vanished_meanwhile(vanished: Vanished, repository: Repository, process: str, host: str) -> list[Finding]:
    """Likewise of the repository; one that does not answer is told where it is needed."""
    with suppress(ResticError):
        listing = repository.start_listing(process, host)
        there = listing.result()
        cannot = listing.unreadable(), listing.denied()
        return vanished.findings(there, repository, False, *cannot)
    return []
