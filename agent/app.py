"""Composition root: the only place that builds adapters and hands them to operations."""

import os
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.configuration import Config, CriticalProcess
from agent.core.configuration import Repository as RepositoryConfig
from agent.core.holding import everything, held
from agent.errors import Busy, StateError, UsageError

if TYPE_CHECKING:
    from agent.adapters.ledger import SqliteLedger
    from agent.adapters.restic import Restic
    from agent.config import Reading
    from agent.core.judgement import Assessment
    from agent.core.model import SnapshotRecord
    from agent.core.views import Audience, Report
    from agent.operations.initialise import Initialised, Wish
    from agent.operations.ports import Progress


INIT_SECONDS = 120  # for a repository to be made, or to answer


class SystemClock:
    """The machine's own time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.now(UTC)


def load_config(file: str) -> Config:
    """The config, or ConfigError with everything that is wrong with it.

    As root on the state of the service, we go on as the service's user: nothing there is to become root's.
    """
    from agent.config import load

    config = load(file)
    _become_owner(config.settings.state)
    return config


def _become_owner(state: str) -> None:
    if os.geteuid() == 0:  # only then is it worth an import
        from agent.adapters.identity import become_owner

        become_owner(Path(state))


def take_file_rights() -> None:
    """For what writes elsewhere than in the state, or gives files to others."""
    from agent.adapters import identity

    identity.take_file_rights()


def chosen_processes(config: Config, names: tuple[str, ...]) -> list[CriticalProcess]:
    """The named processes, all for none; UsageError for a name that the config does not have."""
    known = {process.name: process for process in config.processes}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no process {name} in {config.file}.", f"It has {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)] or list(config.processes)


def chosen_repository(config: Config, name: str | None) -> RepositoryConfig:
    """The named repository, the first for None; UsageError for a name that the config does not have."""
    known = {repository.name: repository for repository in config.repositories}
    if name is not None and name not in known:
        raise UsageError(f"There is no repository {name} in {config.file}.", f"It has {', '.join(known)}.")
    return known[name] if name else config.repositories[0]


def ledger_path(config: Config) -> Path:
    """Where the ledger of a config lies."""
    return Path(config.settings.state) / "ledger.db"


@contextmanager
def working_ledger(
    config: Config, restic: "Restic | None", names: Collection[str]
) -> Iterator["SqliteLedger"]:
    """The ledger to append to, with the locks `names` (see `held`); Busy when one is somebody else's.

    First clears away what a killed readiness left: restored files, which are business data in the open,
    and the locks in the repository of `restic`. Files that cannot be removed keep nobody from saving: the
    next drill complains of them.
    """
    from agent.adapters.ledger import open_ledger
    from agent.adapters.locks import exclusive
    from agent.adapters.scratch import sweep

    with (
        exclusive(Path(config.settings.state), names) as killed,
        open_ledger(ledger_path(config)) as ledger,
        restic.unlocked_at_interrupt() if restic else nullcontext(),
    ):
        with suppress(OSError, StateError):
            sweep(Path(config.settings.scratch))
        if restic:
            _free_locks(config, restic, names, killed)
        yield ledger


def _free_locks(config: Config, restic: "Restic", names: Collection[str], killed: Collection[str]) -> None:
    """Where a run was `killed`, or one that could have been at work beside the one that holds `names`."""
    from agent.adapters.locks import exclusive, marked

    state = Path(config.settings.state)
    with ExitStack() as held_meanwhile:
        others: Collection[str] = ()
        with suppress(Busy):
            beside = marked(state, everything(restic.repository.name) - set(names))
            others = held_meanwhile.enter_context(exclusive(state, beside))
        if killed or others:
            restic.unlock()


def restic_for(config: Config, repository: RepositoryConfig) -> "Restic":
    """restic for one repository, with the agent's own cache."""
    from agent.adapters.restic import Restic

    settings = config.settings
    return Restic(settings.restic, repository, f"{settings.state}/cache", settings.stall_timeout)


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
    from agent.adapters.sources import ProcessSources
    from agent.operations.note_config import note_config
    from agent.operations.snapshot import SnapshotTask, SnapshotTools, take_snapshot

    repository = chosen_repository(config, target)
    restic = restic_for(config, repository)
    for process in processes:
        names = held("snapshot", process.name, repository.name)
        with (
            working_ledger(config, restic, names) as ledger,
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
                accept=accept,
            )
            yield take_snapshot(task, tools)


def initialise(wish: "Wish") -> "Initialised":
    """Write a config to start from, a password file and the repository."""
    from agent.adapters.restic import Restic
    from agent.adapters.setup_files import LocalSetupFiles
    from agent.operations.initialise import initialise as set_up

    def open_repository(url: str, password_file: str, state: str) -> Restic:
        repository = RepositoryConfig(name="primary", url=url, password_file=password_file)
        return Restic("restic", repository, f"{state}/cache", stall_timeout=INIT_SECONDS)

    _become_owner(wish.state)
    take_file_rights()
    return set_up(wish, LocalSetupFiles(), open_repository)


def validate(file: str) -> "Reading":
    """Every problem of a config file, also those that only this machine can tell."""
    from agent.adapters.ledger import open_reader
    from agent.adapters.machine import LocalMachine
    from agent.config import read, with_noted
    from agent.operations.validate import validate as check

    reading = read(file)
    config = reading.config
    if config is None:
        return reading
    _become_owner(config.settings.state)
    noted = check(config, LocalMachine(), lambda: open_reader(ledger_path(config)))
    return with_noted(reading, file, noted)


def assessment(config: Config) -> "Assessment":
    """The verdict from what was recorded so far, and from how the service is.

    A ledger that does not exist yet holds nothing.
    """
    from agent.adapters.ledger import open_reader
    from agent.adapters.life_file import read_signs
    from agent.operations.assess import assess_now

    with closing(open_reader(ledger_path(config))) as ledger:
        return assess_now(config, ledger, SystemClock(), read_signs(config.settings.state))


def report(judged: "Assessment", audience: "Audience") -> "Report":
    """The assessment in words."""
    from agent.core.report import build

    return build(judged, audience)


def text_report(report: "Report") -> str:
    """The report as plain text."""
    from agent.adapters.render_text import text_report as text

    return text(report)


def status_screen(report: "Report", exposed: Sequence[str] = ()) -> str:
    """The report's answer on one screen, with a sentence on what each process would lose now."""
    from agent.adapters.render_text import status_screen as screen

    return screen(report, exposed)


def forecast_screen(judged: "Assessment") -> str:
    """The timetable on one screen."""
    from agent.adapters.render_text import forecast_screen as screen
    from agent.core.report_forecast import forecast

    return screen(forecast(judged))


def write_report(file: str, text: str) -> None:
    """Put a rendered report into a file, whole or not at all."""
    from agent.adapters.report_file import write_report as write

    take_file_rights()
    write(file, text)


def write_metrics(file: str, text: str) -> None:
    """Put figures into a file that everybody may read, whole or not at all."""
    from agent.adapters.report_file import PUBLIC
    from agent.adapters.report_file import write_report as write

    take_file_rights()
    write(file, text, PUBLIC)
