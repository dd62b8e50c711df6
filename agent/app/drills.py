"""Composition root of drills: their proofs, and drills that the service has systemd run."""

import os
from collections.abc import Generator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from agent.adapters.ledger.ledger import open_reader
from agent.app.clock import SystemClock
from agent.app.config import chosen_repository, take_file_rights
from agent.app.ledger import ledger_path, working_ledger
from agent.app.repositories import restic_for
from agent.app.telling.alarm import announce_drill
from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.config import Repository as RepositoryConfig
from agent.core.configuration.feeding import drilling, renewal
from agent.core.configuration.whereabouts import address
from agent.core.drill.plan_b import plan_b_may_help
from agent.core.schedule.holding import held, held_at_first
from agent.core.schedule.schedule import copies_apart
from agent.errors import Busy, ConfigError, Exit, ReadinessError

if TYPE_CHECKING:
    from agent.core.drill.verification import MovingFiles
    from agent.core.model.drills import DrillRecord, ProofResult
    from agent.core.model.snapshots import TableCounts
    from agent.operations.ports.progress import Progress
    from agent.operations.ports.proving import Prover


class Wish(Struct, frozen=True, kw_only=True):
    """How to drill: `source` names the repository, None is the first; the rest as in `DrillTask`."""

    source: str | None = None
    select: str = "latest"
    share: float = 1.0
    keep: bool = False


def drills(
    config: Config, processes: list[CriticalProcess], wish: Wish, progress: "Progress"
) -> Generator[tuple["DrillRecord", str], None, None]:
    """Drill each process; yields each record, and where a kept tree lies.

    When the first repository fails in a way that plan B may not share, the same drill runs from plan B.
    """
    repository = chosen_repository(config, wish.source)
    template = os.environ.get("READINESS_DRILL_UNIT")
    if template and wish == Wish(source=wish.source):
        yield from drills_in_units(config, processes, repository, template)
        return
    announce_drill(config)
    take_file_rights()
    primary, *others = config.repositories
    for process in processes:
        drilled = drill_once(config, process, repository, wish, progress)
        yield drilled
        for other in others if repository is primary else ():
            if not plan_b_may_help(drilled[0]):
                break
            drilled = _drill_instead(config, process, other, wish, progress)
            yield drilled


def drill_once(
    config: Config,
    process: CriticalProcess,
    repository: RepositoryConfig,
    wish: Wish,
    progress: "Progress",
    instead_of: str = "",
) -> tuple["DrillRecord", str]:
    """One drill of one process from one repository."""
    from agent.adapters.drilling.drill_room import drill_room
    from agent.adapters.drilling.scratch import sweep
    from agent.adapters.host.locks import exclusive
    from agent.operations.drill.drill import drill
    from agent.operations.drill.task import DrillTask, DrillTools
    from agent.operations.records.note_config import note_config

    restic = restic_for(config, repository)
    settings = config.settings
    state = Path(settings.state)
    sweep(Path(settings.scratch))
    with (
        working_ledger(config, restic, held("drill", "", repository.name)) as ledger,
        ExitStack() as until_chosen,
        drill_room(Path(settings.scratch), state) as room,
    ):
        until_chosen.enter_context(exclusive(state, held_at_first("drill", process.name)))
        note_config(config, ledger, SystemClock())
        tools = DrillTools(
            repository=restic.through_cache(room.cache),
            room=room,
            prove=prover_for(config),
            chosen=until_chosen.close,
            ledger=ledger,
            clock=SystemClock(),
            progress=progress,
        )
        task = DrillTask(
            process=process,
            repository=repository.name,
            host=settings.host,
            address=address(repository),
            renew=_renew(config, process, repository),
            oldest=_oldest(config, process, repository),
            select=wish.select,
            share=wish.share,
            keep=wish.keep,
            instead_of=instead_of,
        )
        return drill(task, tools)


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


def _drill_instead(
    config: Config, process: CriticalProcess, repository: RepositoryConfig, wish: Wish, progress: "Progress"
) -> tuple["DrillRecord", str]:
    """The same drill from plan B; that a copy is at work there is no reason to lose the first result."""
    from agent.operations.drill.instead import busy_drill, same_snapshot

    primary = config.repositories[0].name
    try:
        with closing(open_reader(ledger_path(config), config.repositories)) as ledger:
            select = same_snapshot(ledger, wish.select, process.name, repository.name)
        wish = structs.replace(wish, select=select)
        return drill_once(config, process, repository, wish, progress, primary)
    except Busy as busy:
        with working_ledger(config, None, ()) as ledger:
            return busy_drill(ledger, SystemClock(), process.name, repository.name, primary, busy), ""


def prover_for(config: Config) -> "Prover":
    """What runs the proofs of a process on a restored tree, behind walls that hide all that is ours."""
    from agent.adapters.drilling.archives import Archives
    from agent.adapters.drilling.restored_files import RestoredFiles
    from agent.adapters.host.identity import is_service
    from agent.adapters.sandbox.unit import UnitSandbox
    from agent.adapters.sandbox.walled import Sandbox
    from agent.adapters.sqlite.reading import SqliteDatabases
    from agent.operations.drill.prove import Readers, RestoredTree, prove

    readers = Readers(files=RestoredFiles(), databases=SqliteDatabases(), archives=Archives())

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


def drills_in_units(
    config: Config, processes: list[CriticalProcess], repository: RepositoryConfig, template: str
) -> Generator[tuple["DrillRecord", str], None, None]:
    """Have systemd run each drill in a unit of its own, which has the rights for it; yields its records."""
    from agent.adapters.host.units import run_unit
    from agent.core.model.drills import DrillRecord

    ledger = ledger_path(config)
    for process in processes:
        with closing(open_reader(ledger)) as reader:
            before = reader.head()[0]
        unit = f"{template}{process.name}:{repository.name}.service"
        end, complaint = run_unit(unit)
        with closing(open_reader(ledger)) as reader:
            newest = reader.newest_entries(DrillRecord, process=process.name, limit=len(config.repositories))
        records = [entry.body for entry in reversed(newest) if entry.sequence > before]
        if not records:
            raise _why_none(unit, end.status, complaint)
        for record in records:
            assert isinstance(record, DrillRecord)
            yield record, ""


def _why_none(unit: str, status: int, complaint: str) -> ReadinessError:
    """Why a drill left no record."""
    hint = f"See why: journalctl -u {unit}"
    if status == Exit.BUSY:
        return Busy("Another readiness is at work on the same process or repository.", "Try again later.")
    if status == Exit.CONFIG:
        return ConfigError("The config is wrong.", "readiness validate shows what.")
    reason = complaint or f"it ended with status {status}"
    return ReadinessError(f"The drill in {unit} left no record: {reason}.", hint)
