"""What one copy into plan B is to do, and what it works with."""

from msgspec import Struct

from agent.core.model.places import Placed
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.progress import Progress
from agent.operations.ports.repository import Copier, Repository


class CopyTask(Struct, frozen=True, kw_only=True):
    """Whose snapshots to copy, by the names of the repositories."""

    process: str
    source: str
    repository: str
    host: str
    placed: Placed  # where the target lies as seen from the process's own files
    address: str = ""  # the fingerprint of the target's URL
    make: str  # the command that makes the target when it is missing


class CopyTools(Struct, frozen=True, kw_only=True):
    source: Repository
    target: Repository
    copier: Copier
    ledger: Ledger
    clock: Clock
    progress: Progress
