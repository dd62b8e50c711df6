"""What travels between a drill and the desk: nothing is lost on the way, and nonsense is one refusal."""

from datetime import UTC, datetime

import pytest

from agent.adapters.apart.wire import WireBroken, packed, unpacked
from agent.core.model.records import Entry
from support.builders.shop import snapshot


def test_names_that_are_no_text_survive() -> None:
    body = snapshot(moving_paths=("/srv/\udcff",))
    record = packed(Entry(sequence=7, at=datetime(2026, 11, 30, tzinfo=UTC), body=body, hash="ab"))

    assert record.body.isascii()
    assert unpacked(record.kind, record.body) == body


@pytest.mark.parametrize(
    ("kind", "body"),
    [("snapshot", "{}"), ("nothing", "{}"), ("drill", "["), ("drill", "[" * 100_000), ("drill", "NaN")],
)
def test_what_is_no_record_is_refused(kind: str, body: str) -> None:
    with pytest.raises(WireBroken, match="a record that is none"):
        unpacked(kind, body)
