"""Composition root of drills: their proofs, and drills that the service has systemd run."""

from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.configuration import Config, CriticalProcess
from agent.core.configuration import Repository as RepositoryConfig
from agent.errors import Busy, ConfigError, Exit, ReadinessError

if TYPE_CHECKING:
    from agent.core.model import DrillRecord, ProofResult, TableCounts
    from agent.operations.ports import Prover

PLAN_B = 2  # at most so many records of one drill: when the primary fails, plan B is drilled at once


def prover_for(config: Config) -> "Prover":
    """What runs the proofs of a process on a restored tree, behind walls that hide all that is ours."""
    from agent.adapters.archives import Archives
    from agent.adapters.identity import is_service
    from agent.adapters.restored_files import RestoredFiles
    from agent.adapters.sandbox import Sandbox
    from agent.adapters.sandbox_unit import UnitSandbox
    from agent.adapters.sqlite import SqliteDatabases
    from agent.operations.prove import Readers, RestoredTree, prove

    readers = Readers(files=RestoredFiles(), databases=SqliteDatabases(), archives=Archives())

    def prover(
        process: CriticalProcess, tree: str, tables: tuple["TableCounts", ...], snapshot_at: datetime
    ) -> tuple[tuple["ProofResult", ...], tuple[str, ...]]:
        others = [path for other in config.processes if other is not process for path in other.paths]
        sandbox: Sandbox | UnitSandbox
        if is_service():
            sandbox = UnitSandbox(Path(tree), process.paths)
        else:
            sandbox = Sandbox(Path(tree), live=process.paths, hidden=[*_private_places(config), *others])
        results = prove(process, RestoredTree(Path(tree)), sandbox, tables, snapshot_at, readers)
        return results, sandbox.isolation

    return prover


def _private_places(config: Config) -> list[str]:
    """What no proof command may see: our state, the local repositories, the config and the passwords."""
    from agent.core.location import local_path

    repositories = [local_path(repository.url) for repository in config.repositories]
    passwords = [repository.password_file for repository in config.repositories]
    return [config.settings.state, config.file, *passwords, *(path for path in repositories if path)]


def drills_in_units(
    config: Config, processes: list[CriticalProcess], repository: RepositoryConfig, template: str
) -> Generator[tuple["DrillRecord", str], None, None]:
    """Have systemd run each drill in a unit of its own, which has the rights for it; yields its records."""
    from agent.adapters.ledger import open_reader
    from agent.adapters.units import run_unit
    from agent.core.model import DrillRecord

    ledger = Path(config.settings.state) / "ledger.db"
    for process in processes:
        with closing(open_reader(ledger)) as reader:
            before = reader.head()[0]
        unit = f"{template}{process.name}:{repository.name}.service"
        end, complaint = run_unit(unit)
        with closing(open_reader(ledger)) as reader:
            newest = reader.newest_entries(DrillRecord, process=process.name, limit=PLAN_B)
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
