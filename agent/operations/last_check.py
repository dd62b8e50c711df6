"""Ask the ledger for the newest check of a repository that came to a result."""

from typing import TYPE_CHECKING

from agent.core.model import CheckRecord
from agent.core.rotation import DAMAGED, newest_result

if TYPE_CHECKING:  # `readiness status` has few milliseconds, and the Protocols alone would take four
    from agent.operations.ports_ledger import LedgerReader


def last_checked(ledger: "LedgerReader", repository: str) -> CheckRecord | None:
    """The newest that passed or found damage; one that found no repository at all is none."""
    passed = ledger.newest_entries(CheckRecord, repository=repository, outcome="passed")
    damaged = ledger.search(CheckRecord, [f'"{DAMAGED}"'], repository=repository)
    return newest_result([*passed, *damaged])
