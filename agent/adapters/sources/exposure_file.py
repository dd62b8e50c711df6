"""What the last look at a process's exposure found, and what the service's watcher said that it misses."""

import json
from collections.abc import Sequence
from pathlib import Path

from msgspec import ValidationError, convert, to_builtins

from agent.core.model.findings import Finding
from agent.core.snapshot.exposed import Exposure

TROUBLES = "watching.json"


class ExposureFiles:
    """Implements the port `ExposureNotes` below the state directory. Reading never raises."""

    def __init__(self, state: str) -> None:
        self._state = Path(state)

    def write(self, exposure: Exposure) -> None:
        """Put it in the place of the last one, whole or not at all. Raises StateError."""
        from agent.adapters.host.whole_file import write_report  # noqa: PLC0415 - `status` only reads

        directory = self._state / "exposure"
        directory.mkdir(mode=0o700, exist_ok=True)
        write_report(str(directory / f"{exposure.process}.json"), _text(exposure))

    def read(self, process: str) -> Exposure | None:
        """The last one; None when there is none, or none that can be understood."""
        try:
            return convert(json.loads((self._state / "exposure" / f"{process}.json").read_bytes()), Exposure)
        except (OSError, ValueError, RecursionError, ValidationError):
            return None

    def write_troubles(self, troubles: Sequence[Finding]) -> None:
        """Note what the service's watcher cannot see, for the next look to record. Raises StateError."""
        from agent.adapters.host.whole_file import write_report  # noqa: PLC0415

        write_report(str(self._state / TROUBLES), _text(list(troubles)))

    def troubles(self, process: str) -> list[Finding]:
        """What the service's watcher said that it cannot see of a process."""
        try:
            found = convert(json.loads((self._state / TROUBLES).read_bytes()), list[Finding])
        except (OSError, ValueError, RecursionError, ValidationError):
            return []
        return [each for each in found if each.process == process]


def _text(value: object) -> str:
    return json.dumps(to_builtins(value)) + "\n"
