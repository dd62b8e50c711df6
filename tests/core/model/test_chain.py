"""The hash chain by itself: what each kind of tampering looks like."""

import json
from datetime import timedelta, timezone

import msgspec
import pytest
from msgspec.structs import replace

from agent.core.model.chain import (
    GENESIS,
    ChainFault,
    StoredRecord,
    canonical,
    chain_faults,
    content_hash,
    open_record,
    seal,
)
from agent.core.model.drills import DrillRecord
from agent.errors import LedgerDamaged, StateError
from support.builders.ledger_records import NOW, REPOSITORY, drill


def chain_of(count: int) -> list[StoredRecord]:
    records: list[StoredRecord] = []
    for number in range(1, count + 1):
        records.append(seal(drill(number), NOW, number, records[-1].hash if records else GENESIS))
    return records


def rehashed(record: StoredRecord) -> StoredRecord:
    return replace(record, hash=content_hash(record))


def found(records: list[StoredRecord]) -> list[tuple[int | None, str]]:
    return [(fault.sequence, fault.what) for fault in chain_faults(records)]


def test_an_untouched_chain_has_no_fault() -> None:
    assert found(chain_of(10)) == []


def test_an_empty_chain_has_no_fault() -> None:
    assert found([]) == []


@pytest.mark.parametrize(
    "column", ["at", "kind", "process", "repository", "outcome", "body", "previous", "hash"]
)
def test_one_altered_column_is_one_fault_of_that_record(column: str) -> None:
    records = chain_of(6)
    text = getattr(records[3], column)
    records[3] = replace(records[3], **{column: ("1" if text[0] == "0" else "0") + text[1:]})
    assert found(records) == [(4, "altered")]


def test_the_last_record_is_protected_as_well() -> None:
    records = chain_of(3)
    records[2] = replace(records[2], body=records[2].body.replace("passed", "failed"))
    assert found(records) == [(3, "altered")]


def test_a_replaced_record_with_a_fresh_hash_breaks_the_link_behind_it() -> None:
    records = chain_of(6)
    records[3] = rehashed(replace(records[3], at="2020-01-01T00:00:00+00:00"))
    assert found(records) == [(5, "reordered")]


def test_removed_records_are_one_fault_that_names_them() -> None:
    records = chain_of(9)
    faults = list(chain_faults(records[:4] + records[7:]))
    assert faults == [ChainFault(sequence=5, what="removed", message="records 5 to 7 are missing")]


def test_a_removed_first_record_is_noticed() -> None:
    assert found(chain_of(4)[1:]) == [(1, "removed")]


def test_removed_records_whose_numbers_were_closed_up_are_noticed() -> None:
    records = chain_of(6)
    closed_up = [replace(record, sequence=record.sequence - 1) for record in records[3:]]
    assert found(records[:2] + closed_up)[0] == (3, "reordered")


def test_two_swapped_records_are_the_only_two_faults() -> None:
    records = chain_of(8)
    records[3], records[4] = replace(records[4], sequence=4), replace(records[3], sequence=5)
    assert found(records) == [(4, "reordered"), (5, "reordered")]


def test_swapped_lines_of_an_export_are_noticed() -> None:
    records = chain_of(5)
    records[2], records[3] = records[3], records[2]
    assert found(records) != []


def test_two_altered_records_are_two_faults() -> None:
    records = chain_of(9)
    for index in (2, 6):
        records[index] = replace(records[index], at="2020-01-01T00:00:00+00:00")
    assert found(records) == [(3, "altered"), (7, "altered")]


def test_a_body_that_is_no_json_under_a_matching_hash_is_altered() -> None:
    records = chain_of(1)
    records[0] = rehashed(replace(records[0], body="{"))
    assert found(records) == [(1, "altered")]


def test_canonical_json_has_one_spelling_for_lone_surrogates_and_key_order() -> None:
    assert canonical({"b": "a\udcff", "a": 1.5}) == '{"a":1.5,"b":"a\\udcff"}'


def test_a_sealed_record_opens_to_the_same_body() -> None:
    body = replace(drill(1), cursor="srv/\udcff\n\x1b", recovery_point_age=3)
    entry = open_record(seal(body, NOW, 1, GENESIS))
    assert entry is not None
    assert entry.body == body


def test_times_are_kept_as_moments_whatever_their_offset() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    entry = open_record(seal(REPOSITORY, local, 1, GENESIS))
    assert entry is not None
    assert entry.at == NOW


def test_an_altered_record_does_not_open() -> None:
    record = seal(drill(1, outcome="failed"), NOW, 1, GENESIS)
    with pytest.raises(LedgerDamaged, match="Record 1 of the ledger was altered"):
        open_record(replace(record, body=record.body.replace("failed", "passed")))


def test_the_outcome_that_records_are_found_by_must_be_the_one_in_the_body() -> None:
    record = seal(drill(1, outcome="failed"), NOW, 1, GENESIS)
    with pytest.raises(LedgerDamaged):
        open_record(replace(record, outcome="passed"))


def test_keys_of_a_newer_readiness_are_passed_over() -> None:
    record = seal(drill(1), NOW, 1, GENESIS)
    newer = canonical({**json.loads(record.body), "invented_later": [1, 2]})
    entry = open_record(rehashed(replace(record, body=newer)))
    assert entry is not None
    assert entry.body == drill(1)


def test_kinds_of_a_newer_readiness_are_passed_over() -> None:
    record = seal(drill(1), NOW, 1, GENESIS)
    assert open_record(rehashed(replace(record, kind="invented-later"))) is None


def test_a_value_of_a_newer_readiness_is_one_clear_sentence() -> None:
    record = seal(drill(1), NOW, 1, GENESIS)
    body = canonical({**json.loads(record.body), "outcome": "half"})
    with pytest.raises(StateError, match="Record 1 of the ledger cannot be understood"):
        open_record(rehashed(replace(record, body=body, outcome="half")))


def test_missing_keys_of_an_older_readiness_take_their_defaults() -> None:
    record = seal(drill(1), NOW, 1, GENESIS)
    old = json.loads(record.body)
    del old["statement"]
    entry = open_record(rehashed(replace(record, body=canonical(old))))
    assert entry is not None
    assert isinstance(entry.body, DrillRecord)
    assert entry.body.statement == ""
    assert msgspec.to_builtins(entry.body)["process"] == "orders"
