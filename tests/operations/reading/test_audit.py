"""The whole ledger is read once for an auditor: its chain is checked, and what counts is kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.model.chain import GENESIS, StoredRecord, seal
from agent.core.model.notices import MessageRecord
from agent.core.model.records import Body, RepositoryRecord
from agent.core.model.runs import AgentRecord
from agent.errors import LedgerDamaged
from agent.operations.reading.audit import gather
from support.builders.mails import message
from support.builders.shop import NOW, drill, snapshot

AT = datetime(2026, 12, 1, tzinfo=UTC)


def chain(*bodies: Body) -> list[StoredRecord]:
    records: list[StoredRecord] = []
    previous = GENESIS
    for number, body in enumerate(bodies, 1):
        records.append(seal(body, NOW, number, previous))
        previous = records[-1].hash
    return records


def alarm_test(**changes: Any) -> MessageRecord:
    return message(message="t", kind="alarm-test", **changes)


RECORDS = chain(
    RepositoryRecord(repository="primary", repository_id="4a5b"),
    snapshot(witness_sha256="ab" * 32, snapshot="cd" * 32),
    drill(),
    AgentRecord(event="started"),
    message(),
    alarm_test(),
)


def test_what_counts_is_kept_and_the_rest_only_copied() -> None:
    found = gather(RECORDS, 6, AT)
    history = found.history
    assert (history.records, history.head, history.at) == (6, RECORDS[-1].hash, AT)
    assert [entry.sequence for entry in history.drills] == [3]
    assert [entry.sequence for entry in history.agents] == [4]
    assert [entry.sequence for entry in history.tests] == [6]  # alarms are none of the auditor's
    assert history.witnesses == {"cd" * 32: 2}


def test_every_piece_of_evidence_can_be_shown_as_it_is_stored() -> None:
    exported = gather(RECORDS, 6, AT).exported
    assert list(exported) == [3]
    assert exported[3]["hash"] == RECORDS[2].hash


def test_what_was_written_meanwhile_is_left_out() -> None:
    found = gather(RECORDS, 3, AT)
    assert (found.history.records, found.history.agents) == (3, ())


def test_a_snapshot_without_a_witness_is_no_evidence() -> None:
    assert gather(chain(snapshot(witness_sha256="")), 1, AT).history.witnesses == {}


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([RECORDS[0], *RECORDS[2:]], "record 2 is missing"),
        (
            [*RECORDS[:2], replace(RECORDS[2], outcome="failed"), *RECORDS[3:]],
            "ecord 3 (of the ledger )?was altered",
        ),
        (RECORDS[:4], "it ends with record 4, not 6"),
    ],
    ids=["removed", "altered", "cut"],
)
def test_of_a_ledger_that_is_not_whole_nobody_gets_evidence(records: list[StoredRecord], says: str) -> None:
    with pytest.raises(LedgerDamaged, match=says):
        gather(records, 6, AT)


def test_a_fault_in_the_very_last_record_is_one_as_well() -> None:
    last = chain(drill(), RepositoryRecord(repository="primary", repository_id="4a5b"))
    with pytest.raises(LedgerDamaged, match="record 2 was altered"):
        gather([last[0], replace(last[1], repository="planb")], 2, AT)
