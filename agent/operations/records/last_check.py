"""Ask the ledger for the newest check of a repository that came to a result."""

from typing import TYPE_CHECKING

from agent.core.evidence.rotation import DAMAGED, is_damaged
from agent.core.model.findings import Finding, finding
from agent.core.model.records import CheckRecord
from agent.operations.records.sight import known_account

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
    last, account = last_checked(ledger, repository), known_account(ledger, repository)
    said = [found.message for found in last.findings] if last and is_damaged(last) else []
    said += [each.message for each in account.troubles if each.code == DAMAGED] if account else []
    if not said:
        return []
    hint = f"When it is mended: readiness check {repository}"
    return [finding("retention-frozen", "", f"{consequence} {' '.join(dict.fromkeys(said))}", hint)]
