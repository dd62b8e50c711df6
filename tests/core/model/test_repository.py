"""Which of the listed snapshots are ours: of this host, this process and all of its paths."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.model.repository import StoredSnapshot, matching
from support.builders.shop import NOW


@pytest.mark.parametrize(
    "other",
    [
        {"host": "elsewhere"},
        {"tags": ("readiness", "process=mail")},
        {"tags": ("process=orders",)},
        {"paths": ("/srv/orders/a",)},
    ],
)
def test_a_newer_snapshot_of_another_host_process_or_path_is_not_ours(other: dict[str, Any]) -> None:
    tags = ("readiness", "process=orders")
    ours = StoredSnapshot(id="aa", time=NOW, host="shop", paths=("/srv/orders", "/w"), tags=tags)
    newer = replace(ours, id="bb", time=ours.time + timedelta(hours=1), **other)

    assert matching([newer, ours], process="orders", host="shop", paths=("/srv/orders",)) == [ours]
