"""Note that a person has seen an incident or an alarm test."""

from datetime import datetime

from msgspec import Struct

from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord
from agent.core.telling.incidents import A_DAY, Incident
from agent.errors import UsageError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.telling.notify import known_incidents

TESTS = 24  # alarm tests that may still be acknowledged


class Acknowledged(Struct, frozen=True, kw_only=True):
    """What was acknowledged: an open incident, or an alarm test so many seconds after it was written."""

    name: str
    until: datetime | None = None  # how long nobody is reminded and nobody else told
    incident: Incident | None = None
    reaction: float | None = None


def acknowledge(ledger: Ledger, clock: Clock, name: str, by: str) -> Acknowledged:
    """`name` is "F-1207" or "T-20261201"; UsageError for what does not wait to be acknowledged."""
    now, wanted = clock.now(), name.strip().upper()
    known = known_incidents(ledger)
    still_open = {one.name: one for one in known if one.closed is None}
    tests = {one.name: one for one in ledger.newest(AlarmTestRecord, limit=TESTS)}
    if wanted not in still_open and wanted not in tests:
        names = ", ".join(still_open) or "none"
        if wanted in [one.name for one in known]:
            wrong = f"{wanted} is over: there is nothing to acknowledge."
        else:
            wrong = f"There is no open finding and no alarm test with the name {name}."
        raise UsageError(wrong, f"Open findings: {names}.")
    ledger.append(AcknowledgementRecord(name=wanted, started=now, by=by), now)
    if wanted in tests:
        reaction = max(0.0, (now - tests[wanted].started).total_seconds())
        return Acknowledged(name=wanted, reaction=reaction)
    return Acknowledged(name=wanted, until=now + A_DAY, incident=still_open[wanted])
