"""`readiness ack`: only what is open can be acknowledged, and nothing is closed by it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord, IncidentRecord
from agent.errors import UsageError
from agent.operations.telling.acknowledge import acknowledge
from support.builders.shop import NOW
from support.doubles.fakes import FakeClock, FakeLedger

OPENED = IncidentRecord(
    key="drill|orders|primary",
    incident=0,
    happening="opened",
    started=NOW,
    severity=1,
    verdict="NOT_READY",
    code="drill-failed",
    processes=("orders",),
)
CLOSED = replace(OPENED, key="drill|shop|primary")


def ledger() -> FakeLedger:
    """F-1 is open, F-2 is closed, T-20261124 was written an hour ago."""
    ended = replace(CLOSED, incident=2, happening="closed")
    return FakeLedger(
        OPENED, CLOSED, ended, AlarmTestRecord(name="T-20261124", started=NOW - timedelta(hours=1))
    )


def acknowledged(found: FakeLedger) -> list[AcknowledgementRecord]:
    return found.newest(AcknowledgementRecord, limit=9)


@pytest.mark.parametrize("name", ["F-1", " f-1\n"])
def test_an_open_finding_is_left_alone_for_a_day(name: str) -> None:
    found = ledger()
    told = acknowledge(found, FakeClock(NOW), name, "anna")

    assert told.name == "F-1"
    assert told.until == NOW + timedelta(days=1)
    assert told.incident is not None
    assert told.incident.closed is None
    assert told.reaction is None
    assert acknowledged(found) == [AcknowledgementRecord(name="F-1", started=NOW, by="anna")]


def test_an_alarm_test_tells_how_long_it_took() -> None:
    told = acknowledge(ledger(), FakeClock(NOW), "T-20261124", "anna")
    assert (told.reaction, told.until, told.incident) == (3600.0, None, None)


def test_a_clock_that_went_back_makes_no_time_negative() -> None:
    assert acknowledge(ledger(), FakeClock(NOW - timedelta(days=1)), "T-20261124", "anna").reaction == 0.0


@pytest.mark.parametrize("name", ["F-2", "F-3", "T-20261125", "", "1"])
def test_what_does_not_wait_for_anybody_is_refused_and_what_does_is_named(name: str) -> None:
    found = ledger()
    with pytest.raises(UsageError) as error:
        acknowledge(found, FakeClock(NOW), name, "anna")

    assert (error.value.message == "F-2 is over: there is nothing to acknowledge.") == (name == "F-2")
    assert error.value.hint == "Open findings: F-1."
    assert acknowledged(found) == []


def test_where_nothing_is_open_that_is_said() -> None:
    with pytest.raises(UsageError) as error:
        acknowledge(FakeLedger(), FakeClock(NOW), "F-1", "anna")
    assert error.value.hint == "Open findings: none."
