"""What a drill is asked to do, and with what."""

from collections.abc import Callable

from msgspec import Struct

from agent.core.configuration.config import CriticalProcess
from agent.operations.ports.clock import Clock
from agent.operations.ports.drilling import DrillRoom
from agent.operations.ports.ledger import WorkLedger
from agent.operations.ports.progress import Progress
from agent.operations.ports.proving import Prover
from agent.operations.ports.repository import Repository


class DrillTask(Struct, frozen=True, kw_only=True):
    """What to drill: `select` is latest, last-good, random or an ID; a `share` below 1 is a sample."""

    process: CriticalProcess
    repository: str
    host: str
    address: str = ""  # fingerprint of the repository's URL
    renew: str = ""  # the commands that end it when that is too old, or nothing is there; "": a snapshot does
    oldest: int = 0  # seconds that the newest snapshot may be old there; 0: the process's rpo
    select: str = "latest"
    share: float = 1.0
    keep: bool = False
    instead_of: str = ""  # the repository whose drill this one takes the place of


class DrillTools(Struct, frozen=True, kw_only=True):
    """`repository` sees the repository through an empty cache: a warm one hides damage.

    `chosen` is called once it is known which snapshots are drilled: then new ones may be taken.
    """

    repository: Repository
    room: DrillRoom
    prove: Prover
    chosen: Callable[[], None]
    ledger: WorkLedger
    clock: Clock
    progress: Progress
