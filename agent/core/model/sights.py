"""The account of a repository: what is wrong with it, as the operations that met it left it."""

from datetime import datetime

from msgspec import Struct

from agent.core.model.findings import Finding
from agent.core.model.runs import Outcome

BESIDE = "repository-same-device"  # code of a look: it lies on the file system of a process's own files


class Trouble(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a repository, and has not been seen mended since."""

    code: str
    process: str = ""  # whose snapshots it is about; empty: everything that is kept there
    message: str
    hint: str = ""
    since: datetime
    met_by: str = ""  # of what may not be read: the operation and process that met it


class SightRecord(Struct, frozen=True, kw_only=True):
    """Everything that is known to be wrong with one repository; written when that becomes other.

    So the newest one says it all, however many records lie between. `outcome` is failed while there is
    any trouble.
    """

    repository: str
    started: datetime
    outcome: Outcome
    by: str  # the operation that saw it: snapshot, drill, copy, check, retain or prune
    troubles: tuple[Trouble, ...] = ()


class Look(Struct, frozen=True):
    """What can be seen of a repository without restic, at this moment."""

    repository: str
    finding: Finding


class Kept(Struct, frozen=True, kw_only=True):
    """A snapshot that the answer rests on: it has to be where it was taken, or copied to, at `since`."""

    process: str
    repository: str
    snapshot: str
    since: datetime
    known: frozenset[str] = frozenset()  # the IDs of others that the ledger knows there
