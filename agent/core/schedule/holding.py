"""What a run has for itself while it is at work: the names of its locks.

Whatever writes to a repository has it alone among writers. A drill only reads, perhaps for hours, in which
what would be lost must not grow: snapshots go on meanwhile, and nothing else does.
"""

SERVICE = "agent"  # held by the service as long as it runs
MAIL = "mail"  # held by whoever writes and sends mail
FILES = {"snapshot", "exposure", "retain"}  # work on a process's files, or on the list of its snapshots
WRITES = {"snapshot", "copy", "retain", "check", "prune"}  # into the repository; restic checks alone
NO_DRILL = {"drill", "copy", "retain", "check", "prune"}  # at the same time as a drill


def held(kind: str, process: str = "", repository: str = "") -> frozenset[str]:
    """The names that a run of `kind` holds from its first moment to its last; no two runs hold the same."""
    names = set()
    if process and kind in FILES:
        names.add(f"process.{process}")
    if repository and kind in WRITES:
        names.add(f"repository.{repository}")
    if repository and kind in NO_DRILL:
        names.add(f"drill.{repository}")
    return frozenset(names)


def everything(repository: str) -> frozenset[str]:
    """What has to be free for nobody of us to be at work on a repository."""
    return held("prune", "", repository)


def held_at_first(kind: str, process: str) -> frozenset[str]:
    """What has to be free for a run to begin: a drill chooses among snapshots while none is being taken."""
    return frozenset({f"process.{process}"} if kind == "drill" else ())


def shown(name: str) -> str:
    """A name for people: "repository primary"."""
    if name == SERVICE:
        return "this state, as the service"
    if name == MAIL:
        return "the mail"
    kind, _, of = name.partition(".")
    return f"{'repository' if kind == 'drill' else kind} {of}".strip()
