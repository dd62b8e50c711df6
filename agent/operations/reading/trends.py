"""Read the last twelve months of every process out of the ledger, one record at a time."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.model.config_record import ConfigRecord
from agent.core.model.drills import DrillRecord
from agent.core.model.objectives import Objectives
from agent.core.model.records import Entry
from agent.core.model.snapshots import SnapshotRecord
from agent.core.trends.axis import Months, last_months
from agent.core.trends.history import History, Saved, history, saved
from agent.operations.ports.ledger import LedgerReader


def gather_trends(config: Config, ledger: LedgerReader, now: datetime) -> tuple[History, ...]:
    """The histories in the order of the config; reads every snapshot and drill of a year."""
    months = last_months(now, ZoneInfo(config.business.time_zone), _first(config, ledger))
    begin = datetime.fromtimestamp(months.begin, months.zone)
    configs = [entry for entry in ledger.since(ConfigRecord, begin) if entry.at <= now]
    return tuple(_history(process, ledger, months, configs) for process in config.processes)


def _history(
    process: CriticalProcess, ledger: LedgerReader, months: Months, configs: Sequence[Entry]
) -> History:
    begin = datetime.fromtimestamp(months.begin, months.zone)
    entries = ledger.since(DrillRecord, begin, process=process.name)
    drills = [entry.body for entry in entries if isinstance(entry.body, DrillRecord)]
    return history(process, months, _saved(process, ledger, begin), drills, _promises(process, configs))


def _saved(process: CriticalProcess, ledger: LedgerReader, begin: datetime) -> Iterator[Saved]:
    for entry in ledger.since(SnapshotRecord, begin, process=process.name):
        if isinstance(entry.body, SnapshotRecord):
            good = saved(entry.body)
            if good is not None:
                yield good


def _promises(process: CriticalProcess, configs: Sequence[Entry]) -> Iterator[tuple[datetime, Objectives]]:
    for entry in configs:
        promised = entry.body.processes if isinstance(entry.body, ConfigRecord) else ()
        for one in promised:
            if one.name == process.name:
                yield entry.at, Objectives(rto=one.rto, rpo=one.rpo, steps=one.steps)


def _first(config: Config, ledger: LedgerReader) -> datetime | None:
    """When the oldest record that a picture could show was written."""
    found = [
        entry.at
        for process in config.processes
        for kind in (SnapshotRecord, DrillRecord)
        if (entry := ledger.first(kind, process=process.name))
    ]
    return min(found, default=None)
