"""Composition root of `readiness retain`, `check` and `prune`."""

from collections.abc import Generator, Sequence
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from agent.app.clock import SystemClock
from agent.app.config import chosen_repository
from agent.app.ledger import working_ledger
from agent.app.repositories import restic_for
from agent.core.configuration.config import Config, CriticalProcess, Repository
from agent.core.schedule.holding import held

if TYPE_CHECKING:
    from agent.core.model.records import CheckRecord, PruneRecord, RetentionRecord
    from agent.operations.ports.progress import Progress


def chosen_repositories(config: Config, names: Sequence[str]) -> list[Repository]:
    """The named repositories, all for none; UsageError for a name that the config does not have."""
    return [chosen_repository(config, name) for name in dict.fromkeys(names)] or list(config.repositories)


def retentions(
    config: Config, processes: Sequence[CriticalProcess], repositories: Sequence[Repository]
) -> Generator["RetentionRecord", None, None]:
    """Remove old snapshots of each process from each repository; yields each record once it is written."""
    from agent.adapters.restic.upkeep import Upkeep
    from agent.operations.upkeep.retain import RetainTask, RetainTools, retain

    for process, repository in product(processes, repositories):
        restic = restic_for(config, repository)
        names = held("retain", process.name, repository.name)
        with working_ledger(config, restic, names) as ledger:
            tools = RetainTools(repository=restic, upkeep=Upkeep(restic), ledger=ledger, clock=SystemClock())
            task = RetainTask(
                process=process,
                repository=repository.name,
                host=config.settings.host,
                zone=ZoneInfo(config.business.time_zone),
            )
            yield retain(task, tools)


def checks(
    config: Config, repositories: Sequence[Repository], progress: "Progress"
) -> Generator["CheckRecord", None, None]:
    """Check each repository; yields each record once it is written."""
    from agent.adapters.restic.upkeep import Upkeep
    from agent.operations.upkeep.check import CheckTask, CheckTools, check

    for repository in repositories:
        restic = restic_for(config, repository)
        with working_ledger(config, restic, held("check", "", repository.name)) as ledger:
            tools = CheckTools(
                repository=restic,
                upkeep=Upkeep(restic),
                ledger=ledger,
                clock=SystemClock(),
                progress=progress,
            )
            task = CheckTask(
                repository=repository.name,
                processes=tuple(process.name for process in config.processes),
                host=config.settings.host,
                parts=repository.check_parts,
                cache=f"{config.settings.state}/check/{repository.name}",
            )
            yield check(task, tools)


def prunings(config: Config, repositories: Sequence[Repository]) -> Generator["PruneRecord", None, None]:
    """Free the space of removed snapshots in each repository; yields each record once it is written."""
    from agent.adapters.restic.upkeep import Upkeep
    from agent.operations.upkeep.prune import PruneTask, PruneTools, prune

    for repository in repositories:
        restic = restic_for(config, repository)
        with working_ledger(config, restic, held("prune", "", repository.name)) as ledger:
            tools = PruneTools(repository=restic, upkeep=Upkeep(restic), ledger=ledger, clock=SystemClock())
            task = PruneTask(
                repository=repository.name,
                processes=tuple(process.name for process in config.processes),
                host=config.settings.host,
            )
            yield prune(task, tools)
