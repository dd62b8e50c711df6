"""Add what an operation saw of a repository to the account of that repository."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from agent.core.configuration.config import Config
from agent.core.evidence.account import CHANGED, Seen, account, is_wrong
from agent.core.evidence.identity import identity_findings
from agent.core.model.records import RepositoryRecord
from agent.core.model.sights import SightRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import ResticError

if TYPE_CHECKING:
    from agent.operations.ports.ledger import Lookup, WorkLedger

Identify = Callable[[], str]  # asks the repository for its identity


def known_account(ledger: "Lookup", repository: str) -> SightRecord | None:
    """The account of a repository as it was left."""
    return next(iter(ledger.newest(SightRecord, repository=repository)), None)


def note_sight(
    ledger: "WorkLedger", seen: Seen, now: datetime, identify: Identify, address: str = ""
) -> None:
    """Write the account down where it changed, and the address where it is new.

    Whoever met the repository has seen that it is the right one only if our snapshots were there. So where
    another one was found before, or the address is new, it is asked which it is.
    """
    before = known_account(ledger, seen.repository)
    noted = next(iter(ledger.newest(RepositoryRecord, repository=seen.repository)), None)
    moved = bool(noted and address and noted.address != address)
    if seen.met and noted and (moved or is_wrong(before, CHANGED)):
        try:
            identity = identify()
        except ResticError:
            return
        another = identity_findings("", seen.repository, noted.repository_id, identity, [])
        if another:
            seen = replace(seen, met=False, findings=another)
        elif moved:
            ledger.append(replace(noted, address=address), now)
    elif seen.met and not noted and address:
        _note_first(ledger, seen.repository, identify, address, now)
    news = account(before, seen)
    if news:
        ledger.append(news, now)


def identified(
    ledger: "WorkLedger", repository: str, address: str, identify: Identify, now: datetime
) -> tuple[str, str]:
    """Its identity, and what it said of itself where it was asked: at an address where nobody was yet.

    ResticError when that is not the one that is known by this name: nothing of ours is to be put there.
    """
    noted = next(iter(ledger.newest(RepositoryRecord, repository=repository)), None)
    if noted and noted.address == address:
        return noted.repository_id, ""
    identity = identify()
    if not noted:
        ledger.append(RepositoryRecord(repository=repository, repository_id=identity, address=address), now)
    elif another := identity_findings("", repository, noted.repository_id, identity, []):
        raise ResticError(another[0].message, another[0].hint, another[0].code)
    return identity, identity


def _note_first(
    ledger: "WorkLedger", repository: str, identify: Identify, address: str, now: datetime
) -> None:
    """Who it is, where nobody has met it by its name yet: it may have had another one."""
    with suppress(ResticError):
        body = RepositoryRecord(repository=repository, repository_id=identify(), address=address)
        ledger.append(body, now)


def note_acceptance(ledger: "WorkLedger", record: SnapshotRecord, config: Config, now: datetime) -> None:
    """What a person accepted with a good snapshot is missed no more, in the other repositories either."""
    others = [one.name for one in config.repositories if one.name != record.repository]
    for name in others if record.accepted and record.outcome == "passed" else ():
        seen = Seen(repository=name, by="snapshot", at=record.started, process=record.process, accepted=True)
        news = account(known_account(ledger, name), seen)
        if news:
            ledger.append(news, now)
