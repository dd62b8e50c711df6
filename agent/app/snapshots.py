"""Composition root of `readiness snapshot`."""

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from agent.core.configuration.config import Config, CriticalProcess, Repository
from agent.core.configuration.whereabouts import address
from agent.core.schedule.holding import held

if TYPE_CHECKING:
    from agent.adapters.restic.repository import Restic
    from agent.core.model.snapshots import SnapshotRecord
    from agent.operations.ports.progress import Progress

from agent.app.clock import SystemClock
from agent.app.config import chosen_repository
from agent.app.ledger import working_ledger
from agent.app.repositories import restic_for
from agent.app.turns import in_turn


def snapshots(
    config: Config,
    processes: list[CriticalProcess],
    progress: "Progress",
    accept: bool,
    target: str | None = None,
) -> Generator["SnapshotRecord", None, None]:
    """Take a snapshot of each process, into the first repository unless another is named.

    Yields each record once it is written.
    """
    repository = chosen_repository(config, target)
    restic = restic_for(config, repository)
    yield from in_turn(
        processes, lambda process: _snapshot(config, process, repository, restic, progress, accept)
    )


def _snapshot(
    config: Config,
    process: CriticalProcess,
    repository: Repository,
    restic: "Restic",
    progress: "Progress",
    accept: bool,
) -> Generator["SnapshotRecord", None, None]:
    from agent.adapters.sources.sources import ProcessSources
    from agent.operations.records.note_config import note_config
    from agent.operations.snapshot.snapshot import take_snapshot
    from agent.operations.snapshot.task import SnapshotTask, SnapshotTools

    with (
        working_ledger(config, restic, held("snapshot", process.name, repository.name)) as ledger,
        closing(ProcessSources(process, config.settings.state, config.settings.host)) as sources,
    ):
        note_config(config, ledger, SystemClock())
        tools = SnapshotTools(
            sources=sources, repository=restic, ledger=ledger, clock=SystemClock(), progress=progress
        )
        task = SnapshotTask(
            config=config,
            process=process,
            repository=repository.name,
            url=repository.url,
            options=repository.options,
            address=address(repository),
            accept=accept,
        )
        yield take_snapshot(task, tools)
