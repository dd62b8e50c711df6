"""Composition root of `readiness copy`."""

from collections.abc import Generator
from itertools import product
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.app.config import chosen_repository
from agent.app.ledger import working_ledger
from agent.app.repositories import restic_for
from agent.core.configuration.config import Config, CriticalProcess, Repository
from agent.core.configuration.whereabouts import address
from agent.core.schedule.holding import held
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.core.model.records import CopyRecord
    from agent.operations.ports.progress import Progress


def fed_by_copy(config: Config, name: str | None) -> list[Repository]:
    """The repositories that copies go into: the named one, or all; UsageError where there is none."""
    primary, *others = config.repositories
    if name is not None:
        repository = chosen_repository(config, name)
        if repository is primary:
            raise UsageError(
                f"Repository {name} is the first: copies are made from it, not into it.",
                f"Take a snapshot into it: readiness snapshot --to {name}",
            )
        if repository.fed_by == "snapshot":
            raise UsageError(
                f"Repository {name} is fed by snapshots of its own, not by copies.",
                f"Run: readiness snapshot --to {name}",
            )
        return [repository]
    fed = [repository for repository in others if repository.fed_by == "copy"]
    if not fed:
        raise UsageError(
            f"There is no plan B in {config.file} that copies could go into.",
            "Add a second [repository.NAME] on another medium or site.",
        )
    return fed


def copies(
    config: Config,
    processes: list[CriticalProcess],
    targets: list[Repository],
    progress: "Progress",
) -> Generator["CopyRecord", None, None]:
    """Copy each process from the first repository into each target; yields each record once it is written."""
    from agent.adapters.host.places import find_place
    from agent.adapters.restic.copy import Copier
    from agent.core.upkeep.copying import init_command
    from agent.operations.upkeep.copy import copy
    from agent.operations.upkeep.copy_task import CopyTask, CopyTools

    primary = chosen_repository(config, None)
    settings = config.settings
    for process, repository in product(processes, targets):
        source, target = restic_for(config, primary), restic_for(config, repository)
        copier = Copier(source, target)
        with working_ledger(config, target, held("copy", process.name, repository.name)) as ledger:
            tools = CopyTools(
                source=source,
                target=target,
                copier=copier,
                ledger=ledger,
                clock=SystemClock(),
                progress=progress,
            )
            task = CopyTask(
                process=process.name,
                source=primary.name,
                repository=repository.name,
                host=settings.host,
                placed=find_place(repository.url, repository.options, process.paths, process.exclude),
                address=address(repository),
                make=init_command(primary, repository),
            )
            yield copy(task, tools)
