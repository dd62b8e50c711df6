"""Composition root of the verdict, for all that shows it."""

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.app.ledger import ledger_path
from agent.core.configuration.config import Config

if TYPE_CHECKING:
    from agent.core.verdict.judgement import Assessment


def assess(config: Config) -> "Assessment":
    """The verdict from what was recorded so far, and from how the service is.

    A ledger that does not exist yet holds nothing.
    """
    from agent.adapters.ledger.ledger import open_reader
    from agent.adapters.restic.glance import glances
    from agent.adapters.service.life_file import read_signs
    from agent.operations.reading.assess import assess_now

    with closing(open_reader(ledger_path(config), config.repositories)) as ledger:
        signs = read_signs(config.settings.state)
        look = partial(glances, config.repositories, config.processes)
        return assess_now(config, ledger, SystemClock(), signs, look)
