"""What the ledger knows of earlier runs, on the clock as it is now."""

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.model.config_record import ConfigRecord, config_to_note
from agent.core.model.drills import DrillRecord
from agent.core.model.records import Entry
from agent.core.model.runs import RUNS, AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.schedule.duties import Duty, Task
from agent.core.schedule.past import JUMPS, REMEMBERED, failed_by_hand, past_of, past_of_drills
from agent.core.schedule.schedule import Past, next_run
from agent.operations.ports.ledger import LedgerReader


def pasts(duties: Iterable[Duty], ledger: LedgerReader) -> dict[Task, Past]:
    """The past of every task that has one."""
    jumps = ledger.newest_entries(AgentRecord, limit=JUMPS)
    found = {duty.task: _past(duty.task, ledger, jumps) for duty in duties}
    return {task: past for task, past in found.items() if past is not None}


def drilled_by_hand(duties: Iterable[Duty], ledger: LedgerReader) -> dict[Task, datetime | None]:
    """For each process: when a drill that somebody made since the last run failed."""
    jumps = ledger.newest_entries(AgentRecord, limit=JUMPS)
    tasks = [duty.task for duty in duties if duty.task.kind == "drill"]
    return {task: failed_by_hand(_runs(task, ledger), _drills(task, ledger), jumps) for task in tasks}


def _past(task: Task, ledger: LedgerReader, jumps: list[Entry]) -> Past | None:
    runs = _runs(task, ledger)
    if task.kind == "drill":
        return past_of_drills(runs, _drills(task, ledger), jumps)
    return past_of(runs, jumps)


def _drills(task: Task, ledger: LedgerReader) -> list[Entry]:
    return ledger.newest_entries(DrillRecord, process=task.process, limit=REMEMBERED)


def _runs(task: Task, ledger: LedgerReader) -> list[Entry]:
    """Newest first. A drill is one task, whichever repository it is made from."""
    kind = RUNS.get(task.kind)
    if kind is None:
        return []
    return ledger.newest_entries(
        kind,  # type: ignore[type-var]
        process=task.process,
        repository=task.repository,
        limit=REMEMBERED,
    )


def newest_at(ledger: LedgerReader) -> datetime | None:
    """The time of the newest record of the service's own."""
    entries = [
        *ledger.newest_entries(AgentRecord),
        *ledger.newest_entries(SnapshotRecord),
    ]
    return max(entries, key=lambda entry: entry.sequence).at if entries else None


def turns(config: Config, ledger: LedgerReader) -> dict[str, str]:
    """From which repository each process is drilled next: of those that hold a good snapshot of it, the
    one that was not drilled for longest. A process without any snapshot is left out."""
    names = [repository.name for repository in config.repositories]
    found = {}
    for process in config.processes:
        holding = [name for name in names if _holds(process.name, name, ledger)]
        if holding:
            last = {name: _last_drill(process.name, name, ledger) for name in holding}
            found[process.name] = min(holding, key=lambda name: last[name])
    return found


def with_repeats(
    config: Config, ledger: LedgerReader, turns: Mapping[str, str], now: datetime
) -> tuple[Mapping[str, str], Set[str]]:
    """The same turns but for the processes, named besides, of which a copy is drilled again at once: its last
    drill came to nothing, one of another copy took its place, and it has taken a snapshot since.

    Once until the next drill is due: a copy that takes snapshots but cannot be drilled would never rest.
    """
    names = [repository.name for repository in config.repositories]
    zone = ZoneInfo(config.business.time_zone)
    found = {}
    for process in (one for one in config.processes if one.name in turns):
        counts = partial(_counts, process, zone, now)
        instead = _newest_result(process.name, ledger)
        if instead and counts(instead):
            again = [name for name in names if _is_back(process.name, name, ledger, instead, counts)]
            if again:
                found[process.name] = again[0]
    return {**turns, **found}, found.keys()


def _counts(process: CriticalProcess, zone: ZoneInfo, now: datetime, entry: Entry) -> bool:
    """The drill after this one is not due yet."""
    assert isinstance(entry.body, DrillRecord)
    due = next_run(process.drill, Past(done=entry.body.started, bad=entry.body.outcome == "failed"), zone)
    return due is not None and due > now


def _newest_result(process: str, ledger: LedgerReader) -> Entry | None:
    outcomes = ("passed", "failed")
    done = [e for o in outcomes for e in ledger.newest_entries(DrillRecord, process=process, outcome=o)]
    return max(done, key=lambda entry: entry.sequence, default=None)


def _is_back(
    process: str, repository: str, ledger: LedgerReader, instead: Entry, counts: Callable[[Entry], bool]
) -> bool:
    """It takes snapshots again, and its newest drill, which came to nothing, was no repeat."""
    drills = ledger.newest_entries(DrillRecord, process=process, repository=repository, limit=2)
    taken = ledger.newest_entries(SnapshotRecord, process=process, repository=repository, outcome="passed")
    if not drills or not taken or not drills[0].sequence < min(instead.sequence, taken[0].sequence):
        return False
    newest, *before = (_came_to_nothing(drill) for drill in drills)
    return newest and not (any(before) and counts(drills[1]))


def _came_to_nothing(entry: Entry) -> bool:
    return isinstance(entry.body, DrillRecord) and entry.body.outcome == "not_tested"


def _holds(process: str, repository: str, ledger: LedgerReader) -> bool:
    return bool(ledger.newest(SnapshotRecord, process=process, repository=repository, outcome="passed"))


def _last_drill(process: str, repository: str, ledger: LedgerReader) -> int:
    """Where in the ledger it stands; 0 for never."""
    entries = ledger.newest_entries(DrillRecord, process=process, repository=repository)
    return entries[0].sequence if entries else 0


def config_news(config: Config, ledger: LedgerReader) -> ConfigRecord | None:
    """What to record of the config; None when the newest record says the same."""
    return config_to_note(config, ledger.newest(ConfigRecord))
