"""Composition root of drills: which way each is made, and from which repository."""

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import structs

from agent.adapters.host.identity import drills_apart
from agent.adapters.ledger.ledger import open_reader
from agent.app.clock import SystemClock
from agent.app.config import chosen_repository
from agent.app.drill_apart import drill_apart
from agent.app.drill_here import Wish, drill_here
from agent.app.ledger import ledger_path, working_ledger
from agent.app.telling.alarm import announce_drill
from agent.app.turns import in_turn
from agent.core.configuration.config import Config, CriticalProcess
from agent.core.configuration.config import Repository as RepositoryConfig
from agent.core.drill.plan_b import plan_b_may_help
from agent.errors import Busy

if TYPE_CHECKING:
    from agent.core.model.drills import DrillRecord
    from agent.operations.ports.progress import Progress


def drills(
    config: Config, processes: list[CriticalProcess], wish: Wish, progress: "Progress"
) -> Generator[tuple["DrillRecord", str], None, None]:
    """Drill each process; yields each record, and where a kept tree lies.

    When the first repository fails in a way that plan B may not share, the same drill runs from plan B.
    """
    repository = chosen_repository(config, wish.source)
    announce_drill(config)
    yield from in_turn(
        processes, lambda process: _drill_anywhere(config, process, repository, wish, progress)
    )


def _drill_anywhere(
    config: Config,
    process: CriticalProcess,
    repository: RepositoryConfig,
    wish: Wish,
    progress: "Progress",
) -> Generator[tuple["DrillRecord", str], None, None]:
    drilled = _drill(config, process, repository, wish, progress)
    yield drilled
    primary, *others = config.repositories
    for other in others if repository is primary else ():
        if not plan_b_may_help(drilled[0]):
            break
        drilled = _drill_instead(config, process, other, wish, progress)
        yield drilled


def _drill(
    config: Config,
    process: CriticalProcess,
    repository: RepositoryConfig,
    wish: Wish,
    progress: "Progress",
) -> tuple["DrillRecord", str]:
    way = drill_apart if drills_apart() else drill_here
    return way(config, process, repository, wish, progress)


def _drill_instead(
    config: Config, process: CriticalProcess, repository: RepositoryConfig, wish: Wish, progress: "Progress"
) -> tuple["DrillRecord", str]:
    """The same drill from plan B; that a copy is at work there is no reason to lose the first result."""
    from agent.operations.drill.instead import busy_drill, same_snapshot

    primary = config.repositories[0].name
    try:
        with closing(open_reader(ledger_path(config), config.repositories)) as ledger:
            select = same_snapshot(ledger, wish.select, process.name, repository.name)
        wish = structs.replace(wish, select=select, instead_of=primary)
        return _drill(config, process, repository, wish, progress)
    except Busy as busy:
        with working_ledger(config, None, ()) as ledger:
            return busy_drill(ledger, SystemClock(), process.name, repository.name, primary, busy), ""
