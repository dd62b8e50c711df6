"""Composition root of the service: builds what `agent.daemon` needs and lets it run."""

import random
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agent import __version__
from agent.adapters.host.locks import exclusive
from agent.adapters.ledger.ledger import open_ledger
from agent.adapters.service.jobs import CommandJobs
from agent.adapters.service.life_file import LifeFile
from agent.adapters.service.supervisor import Journal, Systemd
from agent.adapters.sources.exposure_file import ExposureFiles
from agent.adapters.watching.watcher import Watcher
from agent.app.clock import SystemClock
from agent.app.config import load_config
from agent.app.ledger import ledger_path, working_ledger
from agent.app.repositories import restic_for
from agent.core.configuration.config import Config
from agent.core.schedule.duties import Task
from agent.core.schedule.holding import SERVICE, everything
from agent.daemon.service import Service, Tools
from agent.errors import Busy

REPORTS = "reports"
LONGEST_REST = 20.0  # seconds between two looks at the clock and the files


class MachineClocks(SystemClock):
    """The time of day, and the time since the machine was started, its sleep included."""

    def elapsed(self) -> float:
        """Seconds."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Watchers:
    """Watches the files of every process of a config."""

    def start(self, config: Config) -> Watcher:
        """Begin."""
        watcher = Watcher(
            {process.name: process.paths for process in config.processes},
            {process.name: process.exclude for process in config.processes},
        )
        watcher.start()
        return watcher


def serve(config: Config, *, verbose: bool) -> None:
    """Run the service until it is told to stop; Busy when there is one already on this state."""
    state = Path(config.settings.state)
    with exclusive(state, [SERVICE]), open_ledger(ledger_path(config), config.repositories) as ledger:
        jobs = CommandJobs(config.file, config.settings.stall_timeout)
        supervisor = Systemd()
        tools = Tools(
            ledger=ledger,
            jobs=jobs,
            watches=Watchers(),
            clocks=MachineClocks(),
            supervisor=supervisor,
            waiter=jobs,
            log=Journal(verbose),
            load=lambda: load_config(config.file),
            output_file=output_file,
            note_troubles=lambda now, found: ExposureFiles(now.settings.state).write_troubles(found),
            sign=LifeFile(config.settings.state),
            chance=random.Random(),  # noqa: S311 - spreads load, guards nothing
            version=__version__,
            longest_rest=min(LONGEST_REST, supervisor.longest_silence),
        )
        Service(config, tools).run()


def clean_up(config: Config) -> None:
    """Clear away what killed runs left in the scratch and in the repositories, but nothing that is in use.

    Who drills for the service has its scratch alone.
    """
    from agent.adapters.drilling.scratch import sweep
    from agent.adapters.host.identity import DRILL_PLACE, only_drills

    apart = only_drills()
    # whoever is at work: rooms in use are left alone
    sweep(Path(config.settings.scratch), DRILL_PLACE if apart else Path(config.settings.state))
    if apart:
        return
    for repository in config.repositories:
        with (
            suppress(Busy),
            working_ledger(config, restic_for(config, repository), everything(repository.name)),
        ):
            continue


def output_file(config: Config, task: Task, now: datetime) -> str:
    """Where the output of a task goes that writes a file; its directory is made."""
    if task.kind == "metrics":
        file = Path(config.settings.metrics)
    elif task.kind == "report":
        day = now.astimezone(ZoneInfo(config.business.time_zone)).date().isoformat()
        file = Path(config.settings.state) / REPORTS / f"owner-{day}.html"
    else:
        return ""
    if file.is_relative_to(config.settings.state):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(file)
