"""One drill in this process: the room, the task, the proofs."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from agent.app.clock import SystemClock
from agent.app.ledger import working_ledger
from agent.app.repositories import restic_for
from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.config import Repository as RepositoryConfig
from agent.core.configuration.feeding import drilling, renewal
from agent.core.configuration.whereabouts import address
from agent.core.schedule.holding import held, held_at_first
from agent.core.schedule.schedule import copies_apart

if TYPE_CHECKING:
    from agent.adapters.looking.session import Look
    from agent.core.drill.verification import MovingFiles
    from agent.core.model.drills import DrillRecord, ProofResult
    from agent.core.model.snapshots import TableCounts
    from agent.operations.drill.task import DrillTask
    from agent.operations.ports.progress import Progress
    from agent.operations.ports.proving import Prover


CARRIED = "carried"


class Wish(Struct, frozen=True, kw_only=True):
    """How to drill: `source` names the repository, None is the first; the rest as in `DrillTask`."""

    source: str | None = None
    select: str = "latest"
    share: float = 1.0
    keep: bool = False
    instead_of: str = ""


def drill_here(
    config: Config,
    process: CriticalProcess,
    repository: RepositoryConfig,
    wish: Wish,
    progress: "Progress",
) -> tuple["DrillRecord", str]:
    """One drill of one process from one repository; also returns where a kept tree lies, or ""."""
    from agent.adapters.drilling.drill_room import drill_room
    from agent.adapters.drilling.scratch import sweep
    from agent.adapters.host.locks import exclusive
    from agent.operations.drill.drill import drill
    from agent.operations.drill.task import DrillTools
    from agent.operations.records.note_config import note_config

    restic = restic_for(config, repository)
    settings = config.settings
    state = Path(settings.state)
    sweep(Path(settings.scratch), state)
    with (
        working_ledger(config, restic, held("drill", "", repository.name)) as ledger,
        ExitStack() as until_chosen,
        drill_room(Path(settings.scratch), state, state / CARRIED) as room,
    ):
        until_chosen.enter_context(exclusive(state, held_at_first("drill", process.name)))
        note_config(config, ledger, SystemClock())
        tools = DrillTools(
            repository=restic.through_cache(room.cache),
            room=room,
            prove=prover_for(config, room.look),
            chosen=until_chosen.close,
            ledger=ledger,
            clock=SystemClock(),
            progress=progress,
        )
        return drill(task_of(config, process, repository, wish), tools)


def task_of(
    config: Config, process: CriticalProcess, repository: RepositoryConfig, wish: Wish
) -> "DrillTask":
    """What such a drill is asked to do."""
    from agent.operations.drill.task import DrillTask

    return DrillTask(
        process=process,
        repository=repository.name,
        host=config.settings.host,
        address=address(repository),
        renew=_renew(config, process, repository),
        oldest=_oldest(config, process, repository),
        select=wish.select,
        share=wish.share,
        keep=wish.keep,
        instead_of=wish.instead_of,
    )


def _oldest(config: Config, process: CriticalProcess, repository: RepositoryConfig) -> int:
    """How old the newest snapshot may be in plan B, where two of its rhythms may fall out; 0 in the first."""
    if repository is config.repositories[0]:
        return 0
    apart = copies_apart(process, SystemClock().now(), ZoneInfo(config.business.time_zone))
    return process.rpo + apart


def _renew(config: Config, process: CriticalProcess, repository: RepositoryConfig) -> str:
    """How to bring plan B up to date, and to see that it is; "" for the first repository."""
    first = config.repositories[0]
    if repository is first:
        return ""
    drill = drilling(process.name, repository.name, first.name)
    return f"{renewal(process.name, repository, first)}, then: {drill}"


def prover_for(config: Config, look: "Look") -> "Prover":
    """What runs the proofs of a process on a restored tree, behind walls that hide all that is ours."""
    from agent.adapters.drilling.archives import Archives
    from agent.adapters.drilling.restored_files import RestoredFiles
    from agent.adapters.host.identity import is_service
    from agent.adapters.sandbox.unit import UnitSandbox
    from agent.adapters.sandbox.walled import Sandbox
    from agent.adapters.sqlite.reading import SqliteDatabases
    from agent.operations.drill.prove import Readers, RestoredTree, prove

    readers = Readers(files=RestoredFiles(look), databases=SqliteDatabases(look), archives=Archives(look))

    def prover(
        process: CriticalProcess,
        tree: str,
        tables: tuple["TableCounts", ...],
        snapshot_at: datetime,
        moving: "MovingFiles",
    ) -> tuple[tuple["ProofResult", ...], tuple[str, ...]]:
        others = [path for other in config.processes if other is not process for path in other.paths]
        sandbox: Sandbox | UnitSandbox
        if is_service():
            sandbox = UnitSandbox(Path(tree), process.paths)
        else:
            sandbox = Sandbox(Path(tree), live=process.paths, hidden=[*_private_places(config), *others])
        results = prove(process, RestoredTree(Path(tree)), sandbox, tables, snapshot_at, readers, moving)
        return results, sandbox.isolation

    return prover


def _private_places(config: Config) -> list[str]:
    """What no proof command may see: our state, the local repositories, the config and the passwords."""
    from agent.core.configuration.location import local_path

    repositories = [local_path(repository.url) for repository in config.repositories]
    secrets = [
        file for each in config.repositories for file in (each.password_file, each.environment_file) if file
    ]
    return [config.settings.state, config.file, *secrets, *(path for path in repositories if path)]
