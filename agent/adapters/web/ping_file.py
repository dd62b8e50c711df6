"""The last ping to the outside watcher, for the next run to know of: a small file in the state directory."""

import json
from contextlib import suppress
from pathlib import Path

from msgspec import ValidationError, convert, to_builtins

from agent.adapters.host.whole_file import write_report
from agent.core.telling.heartbeat import Ping
from agent.errors import StateError

LARGEST = 4096  # bytes


class PingFile:
    """Implements the port `PingMemory`."""

    def __init__(self, state: str) -> None:
        self._file = Path(state) / "pinged.json"

    def last(self) -> Ping | None:
        """None where there was none, or none that can be understood."""
        try:
            with self._file.open("rb") as opened:
                return convert(json.loads(opened.read(LARGEST)), Ping)
        except (OSError, ValueError, RecursionError, ValidationError):
            return None

    def remember(self, ping: Ping) -> None:
        """In place of the last; where that is impossible there are more pings, not fewer."""
        with suppress(StateError):
            write_report(str(self._file), json.dumps(to_builtins(ping)) + "\n")
