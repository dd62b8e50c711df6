"""Read the whole ledger once, for an auditor: check its chain, keep what counts, copy every record."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from agent.core.audit.archive import Compressed
from agent.core.audit.bundle import Gathered
from agent.core.audit.records import History
from agent.core.model.chain import GENESIS, StoredRecord, chain_faults, exported, open_record
from agent.core.model.config_record import ConfigRecord
from agent.core.model.drills import DrillRecord
from agent.core.model.notices import AcknowledgementRecord, MessageRecord
from agent.core.model.records import KINDS, Entry, RetentionRecord
from agent.core.model.runs import AgentRecord, DrillRun
from agent.core.model.snapshots import SnapshotRecord
from agent.errors import LedgerDamaged

EVIDENCE = (DrillRecord, DrillRun, ConfigRecord)
LOOKED_AT = (*EVIDENCE, AgentRecord, RetentionRecord, AcknowledgementRecord, MessageRecord)
OPENED = {KINDS[body] for body in (*LOOKED_AT, SnapshotRecord)}


def gather(records: Iterable[StoredRecord], until: int, at: datetime) -> Gathered:
    """Everything up to record number `until`, seen from the moment `at`.

    Raises LedgerDamaged: of a ledger that is not whole nobody gets evidence.
    """
    reading = _Reading(until)
    fault = next(chain_faults(reading.noted(records)), None)
    if fault is not None or reading.last != until:
        what = fault.message if fault else f"it ends with record {reading.last:,}, not {until:,}"
        raise LedgerDamaged(
            f"The ledger is not whole: {what}.",
            "No bundle was written. Run readiness ledger verify to see every fault.",
        )
    return reading.gathered(at)


class _Reading:
    """One pass over all records, with what is noted on the way."""

    def __init__(self, until: int) -> None:
        self._until = until
        self.last, self._head = 0, GENESIS
        self._kept: list[Entry] = []
        self._exported: dict[int, dict[str, Any]] = {}
        self._witnesses: dict[str, int] = {}
        self._ledger = Compressed()

    def noted(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        for record in records:
            if record.sequence > self._until:  # written while we were reading
                return
            self.last, self._head = record.sequence, record.hash
            line = exported(record)
            self._ledger.add(json.dumps(line) + "\n")
            if record.kind in OPENED:
                self._note(open_record(record), line)
            yield record

    def _note(self, entry: Entry | None, line: dict[str, Any]) -> None:
        if entry is None:
            return
        if isinstance(entry.body, SnapshotRecord):
            if entry.body.witness_sha256:
                self._witnesses[entry.body.snapshot] = entry.sequence
        elif not isinstance(entry.body, MessageRecord) or entry.body.kind == "alarm-test":
            self._kept.append(entry)
        if isinstance(entry.body, EVIDENCE):
            self._exported[entry.sequence] = line

    def gathered(self, at: datetime) -> Gathered:
        history = History(
            at=at,
            records=self.last,
            head=self._head,
            drills=self._of(DrillRecord, DrillRun),
            configs=self._of(ConfigRecord),
            agents=self._of(AgentRecord),
            retentions=self._of(RetentionRecord),
            tests=self._of(AcknowledgementRecord, MessageRecord),
            witnesses=self._witnesses,
        )
        return Gathered(history=history, exported=self._exported, ledger=self._ledger.finished())

    def _of(self, *kinds: type) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._kept if isinstance(entry.body, kinds))
