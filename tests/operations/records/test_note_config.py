"""What the config promises is recorded when it changes, and no other time."""

from datetime import timedelta

from msgspec.structs import replace

from agent.core.model.config_record import ConfigRecord
from agent.errors import StateError
from agent.operations.records.note_config import note_config
from support.builders.shop import HOUR, NOW, config, process
from support.doubles.fakes import FakeClock, FakeLedger


def test_each_change_is_recorded_once() -> None:
    first = replace(config(), sha256="aa")
    second = replace(config(process(rto=9 * HOUR)), sha256="bb")
    ledger, clock = FakeLedger(), FakeClock(NOW)
    for each in (first, first, second, second, first):
        clock.time += timedelta(hours=1)
        note_config(each, ledger, clock)

    assert [entry.at.hour for entry in ledger.stored] == [13, 15, 17]
    noted = [entry.body for entry in ledger.stored if isinstance(entry.body, ConfigRecord)]
    assert [body.sha256 for body in noted] == ["aa", "bb", "aa"]
    assert noted[1].processes[0].rto == 9 * HOUR


def test_a_ledger_that_cannot_be_written_keeps_nobody_from_working() -> None:
    def full(body: object, at: object) -> None:
        raise StateError("The disk is full.")

    ledger = FakeLedger()
    ledger.append = full  # type: ignore[method-assign,assignment]
    note_config(config(), ledger, FakeClock(NOW))

    assert ledger.stored == []
