"""The ledger of a config, to append to under its locks."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agent.app.config import take_file_rights
from agent.core.configuration.config import Config
from agent.core.schedule.holding import everything
from agent.errors import Busy, StateError

if TYPE_CHECKING:
    from agent.adapters.ledger.ledger import SqliteLedger
    from agent.adapters.restic.repository import Restic


def ledger_path(config: Config) -> Path:
    """Where the ledger of a config lies."""
    return Path(config.settings.state) / "ledger.db"


def write_lines(file: str, lines: Iterable[str]) -> int:
    """Put an export into a file, for its owner alone, and count its lines. Raises OSError."""
    from agent.adapters.host.whole_file import written_whole

    take_file_rights()
    with written_whole(file) as new:
        return sum(new.write(line.encode("ascii")) > 0 for line in lines)


@contextmanager
def working_ledger(
    config: Config, restic: "Restic | None", names: Collection[str]
) -> Iterator["SqliteLedger"]:
    """The ledger to append to, with the locks `names` (see `held`); Busy when one is somebody else's.

    First clears away what a killed readiness left: restored files, which are business data in the open,
    and the locks in the repository of `restic`. Files that cannot be removed keep nobody from saving: the
    next drill complains of them.
    """
    from agent.adapters.drilling.scratch import sweep
    from agent.adapters.host.locks import exclusive
    from agent.adapters.ledger.ledger import open_ledger

    with (
        exclusive(Path(config.settings.state), names) as killed,
        open_ledger(ledger_path(config), config.repositories, by_address=False) as ledger,
        restic.unlocked_at_interrupt() if restic else nullcontext(),
    ):
        with suppress(OSError, StateError):
            sweep(Path(config.settings.scratch), Path(config.settings.state))
        if restic:
            _free_locks(config, restic, names, killed)
        yield ledger


def _free_locks(config: Config, restic: "Restic", names: Collection[str], killed: Collection[str]) -> None:
    """Where a run was `killed`, or one that could have been at work beside the one that holds `names`."""
    from agent.adapters.host.locks import exclusive, marked

    state = Path(config.settings.state)
    with ExitStack() as held_meanwhile:
        others: Collection[str] = ()
        with suppress(Busy):
            beside = marked(state, everything(restic.repository.name) - set(names))
            others = held_meanwhile.enter_context(exclusive(state, beside))
        if killed or others:
            restic.unlock()
