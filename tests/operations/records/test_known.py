"""Which of the snapshots that are listed a run of ours took."""

from agent.core.model.records import ListingRecord
from agent.core.model.repository import StoredSnapshot
from agent.operations.records.known import AT_ONCE, known_and_strange
from support.builders.shop import NOW, snapshot
from support.doubles.fakes import FakeLedger


def listed(*names: str) -> list[StoredSnapshot]:
    return [StoredSnapshot(id=name, time=NOW, host="shop", paths=()) for name in names]


def test_what_a_record_names_is_ours_and_what_was_only_listed_is_not() -> None:
    noted = ListingRecord(
        process="orders", repository="primary", started=NOW, host="shop", snapshots=("a", "b", "c")
    )
    ledger = FakeLedger(snapshot(snapshot="a"), noted, snapshot(snapshot="d", copy_of="c"))

    ours, strange = known_and_strange(ledger, "orders", listed("a", "b", "c", "d"), [])

    assert [one.id for one in ours] == ["a", "d"]
    assert [one.id for one in strange] == ["b", "c"]


def test_records_that_were_read_are_not_asked_for_again_and_many_are_asked_in_parts() -> None:
    names = [f"{number:064x}" for number in range(2 * AT_ONCE + 1)]
    ledger = FakeLedger(*(snapshot(snapshot=name) for name in names[1:]))

    ours, strange = known_and_strange(ledger, "orders", listed(*names), [snapshot(snapshot=names[0])])

    assert (len(ours), strange) == (len(names), [])
