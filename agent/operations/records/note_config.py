"""Record the objectives of the config before anything is measured against them."""

from contextlib import suppress

from agent.core.configuration.config import Config
from agent.core.model.config_record import ConfigRecord, config_to_note
from agent.errors import StateError
from agent.operations.ports.clock import Clock
from agent.operations.ports.ledger import Ledger


def note_config(config: Config, ledger: Ledger, clock: Clock) -> None:
    """Append a record when the config differs from the newest one that was recorded.

    A ledger that cannot be written keeps nobody from working: the work will say so when it records itself.
    """
    with suppress(StateError):
        record = config_to_note(config, ledger.newest(ConfigRecord))
        if record is not None:
            ledger.append(record, clock.now())
