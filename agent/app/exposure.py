"""Composition root of `readiness exposure`."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from agent.app.clock import SystemClock
from agent.app.ledger import ledger_path
from agent.core.configuration.config import Config, CriticalProcess
from agent.core.schedule.holding import held

if TYPE_CHECKING:
    from agent.core.report.metrics import Exposed
    from agent.core.snapshot.exposed import Exposure


def noted_exposures(config: Config) -> dict[str, "Exposure"]:
    """What the last look at each process found; those that were never looked at are left out."""
    from agent.adapters.sources.exposure_file import ExposureFiles

    files = ExposureFiles(config.settings.state)
    found = {process.name: files.read(process.name) for process in config.processes}
    return {name: exposure for name, exposure in found.items() if exposure is not None}


def exposed(config: Config) -> list["Exposed"]:
    """The same as figures for Prometheus."""
    from agent.core.report.metrics import Exposed

    now = SystemClock().now()
    return [
        Exposed(process=name, files=one.files, bytes=one.bytes, oldest_s=one.age(now), at=one.at)
        for name, one in noted_exposures(config).items()
    ]


def exposures(config: Config, processes: list[CriticalProcess]) -> Generator["Exposure", None, None]:
    """Look at the exposure of each process; yields each once it is noted. Busy while one is worked on."""
    from agent.adapters.host.locks import exclusive
    from agent.adapters.ledger.ledger import open_ledger
    from agent.adapters.sources.exposure_file import ExposureFiles
    from agent.adapters.sources.exposure_scan import ExposureScan
    from agent.operations.snapshot.exposure import ExposureTools, look_at_exposure

    state = config.settings.state
    for process in processes:
        with (
            exclusive(Path(state), held("exposure", process.name)),
            open_ledger(ledger_path(config), config.repositories) as ledger,
            closing(ExposureScan(process, state)) as files,
        ):
            tools = ExposureTools(files=files, notes=ExposureFiles(state), ledger=ledger, clock=SystemClock())
            exposure = look_at_exposure(process, tools)
        yield exposure
