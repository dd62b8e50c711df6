"""Ask the ledger for the newest check of a repository that came to a result."""

from typing import TYPE_CHECKING

from agent.core.evidence.rotation import DAMAGED, is_damaged
from agent.core.model.findings import Finding, finding
from agent.core.model.records import CheckRecord

if TYPE_CHECKING:  # `readiness status` has few milliseconds, and the Protocols alone would take four
    from agent.operations.ports.ledger import LedgerReader


def last_checked(ledger: "LedgerReader", repository: str) -> CheckRecord | None:
    """The newest that passed or found damage; one that found no repository at all is none."""
    passed = ledger.newest_entries(CheckRecord, repository=repository, outcome="passed")
    damaged = ledger.search(CheckRecord, [f'"{DAMAGED}"'], repository=repository)
    newest = max([*passed, *damaged], key=lambda entry: entry.sequence, default=None)
    return newest.body if newest and isinstance(newest.body, CheckRecord) else None


def frozen_by_damage(ledger: "LedgerReader", repository: str, consequence: str) -> list[Finding]:
    """That nothing is removed (`consequence`) while damage is known there."""
    last = last_checked(ledger, repository)
    if last is None or not is_damaged(last):
        return []
    said = " ".join(found.message for found in last.findings)
    hint = f"When it is mended: readiness check {repository}"
    return [finding("retention-frozen", "", f"{consequence} {said}", hint)]
