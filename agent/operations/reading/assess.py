"""Gather the newest records that a verdict needs, with few indexed queries, and judge them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.core.configuration.config import Config
from agent.core.evidence.evidence import WHOLE, Copy, Evidence
from agent.core.evidence.post import MEASURED, Post
from agent.core.model.drills import DrillRecord
from agent.core.model.life import Life, Signs, Turn
from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, DeliveryRecord, PingRecord
from agent.core.model.records import CheckRecord, PruneRecord, RetentionRecord, WatchRecord
from agent.core.model.runs import AgentRecord
from agent.core.model.snapshots import SnapshotRecord
from agent.core.verdict.judgement import Assessment
from agent.core.verdict.verdict import assess
from agent.operations.records.freezing import freezes
from agent.operations.records.last_check import last_checked

if TYPE_CHECKING:  # `readiness status` has few milliseconds, and the Protocols alone would take four
    from agent.operations.ports.clock import Clock
    from agent.operations.ports.ledger import LedgerReader

SNAPSHOTS = 6  # that are read anyway: enough to see a trend
DRILLS = 4  # likewise; without a full pass among them more are looked through
SAMPLES = 100  # passing drills that are looked through when only samples were drilled lately
TURNS = 12  # starts and stops of the service, and jumps of the clock among them
DELIVERIES = 50  # attempts to send mail
ACKNOWLEDGEMENTS = 100
FAILURES = 5  # failed drills that are looked for behind those


def assess_now(
    config: Config, ledger: "LedgerReader", clock: "Clock", signs: Signs | None = None
) -> Assessment:
    """The answer at this moment; reads the ledger, writes nothing."""
    return assess(config, gather(config, ledger, signs), clock.now())


def gather(config: Config, ledger: "LedgerReader", signs: Signs | None = None) -> Evidence:
    """The same work for a hundred records in the ledger as for a million.

    Without `signs` nothing is said of the service: there are none for a moment that is past.
    """
    sequence, head = ledger.head()
    copies = tuple(
        Copy(
            process=process.name,
            repository=repository.name,
            snapshots=_snapshots(ledger, process.name, repository.name),
            drills=_drills(ledger, process.name, repository.name),
        )
        for process in config.processes
        for repository in config.repositories
    )
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
        life=Life(signs=signs, turns=tuple(_turns(ledger))) if signs else Life(),
        sequence=sequence,
        head=head,
    )


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


def _upkeep(
    config: Config, ledger: "LedgerReader", removes: bool
) -> Iterator[RetentionRecord | CheckRecord | PruneRecord]:
    for repository in config.repositories:
        yield from ledger.newest(CheckRecord, repository=repository.name)
        if removes:
            yield from ledger.newest(PruneRecord, repository=repository.name)
        for process in config.processes:
            if process.keep:
                yield from ledger.newest(RetentionRecord, process=process.name, repository=repository.name)


def _snapshots(ledger: "LedgerReader", process: str, repository: str) -> tuple[SnapshotRecord, ...]:
    """The newest, and the newest good one however long ago that was."""
    newest = ledger.newest(SnapshotRecord, process=process, repository=repository, limit=SNAPSHOTS)
    if len(newest) == SNAPSHOTS and not any(record.outcome == "passed" for record in newest):
        newest += ledger.newest(SnapshotRecord, process=process, repository=repository, outcome="passed")
    return tuple(newest)


def _drills(ledger: "LedgerReader", process: str, repository: str) -> tuple[DrillRecord, ...]:
    """The newest back to a full pass, which settles what went before; without one, as far as samples go."""
    newest = ledger.newest(DrillRecord, process=process, repository=repository, limit=DRILLS)
    if len(newest) < DRILLS or any(r.outcome == "passed" and r.share >= WHOLE for r in newest):
        return tuple(newest)
    older = [
        record
        for outcome, limit in (("passed", SAMPLES), ("failed", FAILURES))
        for record in ledger.newest(
            DrillRecord, process=process, repository=repository, outcome=outcome, limit=limit
        )
        if record not in newest
    ]
    return (*newest, *sorted(older, key=lambda record: record.started, reverse=True))
