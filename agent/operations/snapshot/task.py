"""What a snapshot is asked to do, and what it works with."""

from msgspec import Struct

from agent.core.configuration.config import Config, CriticalProcess
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger
from agent.operations.ports.progress import Progress
from agent.operations.ports.repository import Repository
from agent.operations.ports.sources import Sources


class SnapshotTask(Struct, frozen=True, kw_only=True):
    """What to snapshot and into which repository. `accept` takes today's extent as the new normal."""

    config: Config
    process: CriticalProcess
    repository: str
    url: str
    options: tuple[str, ...] = ()  # of restic, to reach it
    address: str = ""  # fingerprint of where it lies
    accept: bool = False


class SnapshotTools(Struct, frozen=True, kw_only=True):
    sources: Sources
    repository: Repository
    ledger: Ledger
    clock: Clock
    progress: Progress
