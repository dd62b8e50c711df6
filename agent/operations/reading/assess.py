"""Gather the newest records that a verdict needs, with few indexed queries, and judge them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from agent.core.configuration.config import Config, CriticalProcess
from agent.core.evidence.evidence import Copy, Evidence, is_full, is_whole, refuted, taken_at
from agent.core.evidence.post import MEASURED, Post
from agent.core.model.drills import DrillRecord
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, DeliveryRecord, PingRecord
from agent.core.model.records import (
    CheckRecord,
    CopyRecord,
    PruneRecord,
    RepositoryRecord,
    RetentionRecord,
    UpkeepRecord,
    WatchRecord,
)
from agent.core.model.runs import AgentRecord
from agent.core.model.sights import Kept, Look, SightRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.resting import rests_on
from agent.core.verdict.verdict import assess
from agent.operations.records.freezing import freezes
from agent.operations.records.last_check import last_checked

if TYPE_CHECKING:  # `readiness status` has few milliseconds, and the Protocols alone would take four
    from agent.operations.ports.clock import Clock
    from agent.operations.ports.ledger import LedgerReader

B = TypeVar("B", SightRecord, RepositoryRecord)

SNAPSHOTS = 6  # that are read anyway: enough to see a trend
DRILLS = 4  # likewise
MORE = 4  # times as many are read when those do not settle it
ALL = 1 << 62
TURNS = 12  # starts and stops of the service, and jumps of the clock among them
DELIVERIES = 50  # attempts to send mail
ACKNOWLEDGEMENTS = 100
FEW = 0.01  # of the bytes of a drill, that were on the move in it: then older ones matter


def assess_now(
    config: Config,
    ledger: "LedgerReader",
    clock: "Clock",
    signs: Signs | None = None,
    glance: Callable[[tuple[Kept, ...]], tuple[Look, ...]] | None = None,
) -> Assessment:
    """The answer at this moment; reads the ledger, writes nothing.

    Without `glance` nothing is said of how the repositories are now: there is none for a moment that is past.
    """
    now, evidence = clock.now(), gather(config, ledger, signs)
    if glance:
        evidence = replace(evidence, looks=glance(tuple(rests_on(config, evidence, now))))
    return assess(config, evidence, now)


def gather(config: Config, ledger: "LedgerReader", signs: Signs | None = None) -> Evidence:
    """The same work for a hundred records in the ledger as for a million.

    Without `signs` nothing is said of the service: there are none for a moment that is past.
    """
    sequence, head = ledger.head()
    copies = tuple(copy for process in config.processes for copy in _copies(ledger, process, config))
    watches = [watch for p in config.processes for watch in ledger.newest(WatchRecord, process=p.name)]
    checks = (last_checked(ledger, repository.name) for repository in config.repositories)
    removes = any(process.keep for process in config.processes)
    return Evidence(
        copies=copies,
        watches=tuple(watches),
        checks=tuple(check for check in checks if check),
        freezes={process.name: freezes(ledger, process.name) for process in config.processes if removes},
        upkeep=tuple(_upkeep(config, ledger, removes)),
        pings=tuple(ledger.newest(PingRecord)) if config.alarm.ping else (),
        post=_post(ledger) if config.mail else Post(),
        sights=tuple(_each(ledger, SightRecord, config)),
        repositories=tuple(_each(ledger, RepositoryRecord, config)),
        life=Life(signs=signs, turns=tuple(_turns(ledger))) if signs else Life(),
        sequence=sequence,
        head=head,
    )


def _each(ledger: "LedgerReader", body: type[B], config: Config) -> Iterator[B]:
    """The newest of one kind for each configured repository."""
    for repository in config.repositories:
        yield from ledger.newest(body, repository=repository.name)


def _post(ledger: "LedgerReader") -> Post:
    return Post(
        deliveries=tuple(ledger.newest(DeliveryRecord, limit=DELIVERIES)),
        tests=tuple(ledger.newest(AlarmTestRecord, limit=MEASURED)),
        acknowledged=tuple(ledger.newest(AcknowledgementRecord, limit=ACKNOWLEDGEMENTS)),
    )


def _turns(ledger: "LedgerReader") -> Iterator[Turn]:
    for entry in ledger.newest_entries(AgentRecord, limit=TURNS):
        assert isinstance(entry.body, AgentRecord)
        if entry.body.event != "clock-jumped":
            yield Turn(entry.body.event, entry.at)


def _upkeep(config: Config, ledger: "LedgerReader", removes: bool) -> Iterator[UpkeepRecord]:
    for repository in config.repositories:
        yield from ledger.newest(CheckRecord, repository=repository.name)
        if repository.fed_by == "copy":
            for process in config.processes:
                yield from ledger.newest(CopyRecord, process=process.name, repository=repository.name)
        if removes:
            yield from ledger.newest(PruneRecord, repository=repository.name)
        for process in config.processes:
            if process.keep:
                yield from ledger.newest(RetentionRecord, process=process.name, repository=repository.name)


def _copies(ledger: "LedgerReader", process: CriticalProcess, config: Config) -> Iterator[Copy]:
    """As many records of each copy of a process as decide it, however many that are.

    Drills that are not read are settled by later ones. They matter only where what would be restored is so
    old that they may have refuted it, here or in the copy that it comes from.
    """
    copies = [_copy(ledger, process, one.name, _drills) for one in config.repositories]
    unread = [copy.drills[-1].started for copy in copies if len(copy.drills) >= DRILLS]
    newest = [_newest_at_rest(copy) for copy in copies if copy.snapshots]
    if unread and any(record is None or taken_at(record) < max(unread) for record in newest):
        copies = [_copy(ledger, process, copy.repository, _with_all_failures) for copy in copies]
    yield from copies


def _copy(
    ledger: "LedgerReader",
    process: CriticalProcess,
    repository: str,
    drills: Callable[["LedgerReader", CriticalProcess, str], tuple[DrillRecord, ...]],
) -> Copy:
    copy = Copy(process=process.name, repository=repository, drills=drills(ledger, process, repository))
    return replace(copy, snapshots=_snapshots(ledger, copy))


def _newest_at_rest(copy: Copy) -> SnapshotRecord | None:
    bad = refuted(copy)
    return next((record for record in copy.snapshots if _is_at_rest(record, bad)), None)


def _snapshots(ledger: "LedgerReader", copy: Copy) -> tuple[SnapshotRecord, ...]:
    """The newest, and back to the newest that no drill refused, however long ago that was."""
    bad = refuted(copy)
    newest = ledger.newest(SnapshotRecord, process=copy.process, repository=copy.repository, limit=SNAPSHOTS)
    limit = 1
    while len(newest) >= SNAPSHOTS and not any(_is_at_rest(r, bad) for r in newest):
        passed = ledger.newest(
            SnapshotRecord,
            process=copy.process,
            repository=copy.repository,
            outcome="passed",
            limit=limit,
        )
        newest += [record for record in passed if record not in newest]
        if len(passed) < limit:
            break
        limit *= MORE
    return tuple(newest)


def _is_at_rest(record: SnapshotRecord, bad: frozenset[str]) -> bool:
    return is_whole(record) and record.snapshot not in bad and not record.vital_moving


def _with_all_failures(
    ledger: "LedgerReader", process: CriticalProcess, repository: str
) -> tuple[DrillRecord, ...]:
    return _and_failures(_drills(ledger, process, repository), ledger, process, repository)


def _and_failures(
    newest: Sequence[DrillRecord], ledger: "LedgerReader", process: CriticalProcess, repository: str
) -> tuple[DrillRecord, ...]:
    failed = ledger.newest(
        DrillRecord, process=process.name, repository=repository, outcome="failed", limit=ALL
    )
    return (*newest, *(record for record in failed if record not in newest))


def _drills(ledger: "LedgerReader", process: CriticalProcess, repository: str) -> tuple[DrillRecord, ...]:
    """The newest back to where those before cannot count any more.

    That is a full pass of the newest snapshot; or a moment so long ago that no proof of then is current,
    behind the newest failure, which later passes may have cleared. Then all other failures are read besides.
    """
    last = ledger.newest(DrillRecord, process=process.name, repository=repository, outcome="failed")
    limit = DRILLS
    while True:
        newest = ledger.newest(DrillRecord, process=process.name, repository=repository, limit=limit)
        if len(newest) < limit or any(_settles(record) for record in newest):
            return tuple(newest)
        reach = newest[0].started - timedelta(seconds=process.max_proof_age)
        if newest[-1].started < min([reach, *(one.started for one in last)]):
            break
        limit *= MORE
    return _and_failures(newest, ledger, process, repository)


def _settles(drill: DrillRecord) -> bool:
    return (
        drill.outcome == "passed"
        and is_full(drill)
        and drill.selection == "latest"
        and not _leaves_open(drill)
    )


def _leaves_open(full: DrillRecord) -> bool:
    """Files were on the move in it: whether another drill compared them, older ones tell."""
    seen = full.compared
    return bool(full.vital_uncompared) or bool(seen and seen.uncompared_bytes > FEW * seen.of_bytes)
