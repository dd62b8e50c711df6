"""What the service has to do for a config: one duty for each task, with its rhythm and what it holds."""

from msgspec import Struct, structs

from agent.core.configuration.config import Config, CriticalProcess, Repository, Rhythm
from agent.core.schedule.holding import held, held_at_first

SHORTEST_QUIET, LONGEST_QUIET = 60, 3600  # seconds
QUIETS_PER_RPO = 12
METRICS_EVERY = NOTIFY_EVERY = 15 * 60

# what goes first when several are due at once
ORDER = ("snapshot", "notify", "exposure", "copy", "drill", "retain", "check", "prune", "report", "metrics")


class Task(Struct, frozen=True, order=True):
    """One kind of work on one process and one repository; empty where it concerns all or none."""

    kind: str
    process: str = ""
    repository: str = ""

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.process, self.repository) if word)


class Duty(Struct, frozen=True, kw_only=True):
    """A task that is due again and again.

    `holds` names what no two runs may work on at once, the task itself among it; `at_first` what has to be
    free besides for it to begin. Where `quiet` is not 0 the task is also due when its process changed and was
    then left alone for `quiet` seconds, at the latest `bound` seconds after the first change.
    """

    task: Task
    rhythm: Rhythm
    holds: frozenset[str] = frozenset()
    at_first: frozenset[str] = frozenset()
    quiet: int = 0
    bound: int = 0

    @property
    def rank(self) -> int:
        """The lower, the sooner among those that are due."""
        return ORDER.index(self.task.kind)


def duties(config: Config) -> tuple[Duty, ...]:
    """Everything that has to be done, in the order of the config's processes and repositories."""
    first, *others = config.repositories
    found = [duty for process in config.processes for duty in _of_process(process, first, others, config)]
    keeps = any(process.keep for process in config.processes)
    for repository in config.repositories:
        found.append(_duty("check", repository.check, repository=repository))
        if keeps:
            found.append(_duty("prune", repository.prune, repository=repository))
    found.append(_duty("report", config.settings.report))
    found.append(_duty("notify", Rhythm(every=NOTIFY_EVERY)))
    found.append(_duty("metrics", Rhythm(every=METRICS_EVERY)))
    return tuple(found)


def _of_process(
    process: CriticalProcess, first: Repository, others: list[Repository], config: Config
) -> list[Duty]:
    own = [first, *(other for other in others if other.fed_by == "snapshot")]
    found = [_snapshot(process, repository) for repository in own]
    found.append(_duty("exposure", Rhythm(every=config.settings.scan), process))
    for other in others:
        if other.fed_by == "copy":
            found.append(_duty("copy", process.copy, process, other))
    found.append(_duty("drill", process.drill, process))
    if process.keep:
        for repository in config.repositories:
            found.append(_duty("retain", process.keep.rhythm, process, repository))
    return found


def _snapshot(process: CriticalProcess, repository: Repository) -> Duty:
    return structs.replace(
        _duty("snapshot", process.snapshot, process, repository),
        quiet=min(LONGEST_QUIET, max(SHORTEST_QUIET, process.rpo // QUIETS_PER_RPO)),
        bound=max(SHORTEST_QUIET, process.rpo // 2),
    )


def _duty(
    kind: str, rhythm: Rhythm, process: CriticalProcess | None = None, repository: Repository | None = None
) -> Duty:
    task = Task(kind, process.name if process else "", repository.name if repository else "")
    holds = held(kind, task.process, task.repository) | {str(task)}
    return Duty(task=task, rhythm=rhythm, holds=holds, at_first=held_at_first(kind, task.process))
