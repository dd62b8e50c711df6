"""When a snapshot would lie: the rules about how much the sources hold, at their boundaries."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.drill.verification import MovingFiles
from agent.core.model.records import RootIdentity, SnapshotRecord, TableCounts
from agent.core.model.repository import BackupSummary, StoredSnapshot, matching
from agent.core.snapshot.extent import Moved, Scan, blemishes, replaced_roots, why_refuse
from agent.core.snapshot.kept import fewer_rows, find_snapshot, identity_findings, what_is_missing
from support.builders.shop import process, snapshot

MIB = 1 << 20
ROOT = RootIdentity("/srv/orders", 1, 2, 100)
ORDERS = process(paths=("/srv/orders",))


def scan(**changes: Any) -> Scan:
    usual = Scan(
        files=100,
        size=10 * MIB,
        allocated=10 * MIB,
        entries=110,
        begun_ns=0,
        witness_sha256="ab" * 32,
        roots=(ROOT,),
    )
    return replace(usual, **changes)


def good(**changes: Any) -> SnapshotRecord:
    return snapshot(files=100, bytes=10 * MIB, roots=(ROOT,), **changes)


def _codes(findings: list[Any]) -> list[str]:
    return [found.code for found in findings]


@pytest.mark.parametrize(
    ("now", "before", "refused"),
    [
        ({"files": 50}, {"files": 100}, False),
        ({"files": 49}, {"files": 100}, True),
        ({"files": 0, "size": 10 * MIB}, {"files": 2}, False),
        ({"files": 0, "size": 10 * MIB}, {"files": 3}, True),
        ({"size": 5 * MIB}, {"bytes": 10 * MIB}, False),
        ({"size": 5 * MIB - 1}, {"bytes": 10 * MIB}, True),
        ({"size": 0}, {"bytes": (1 << 16) - 1}, False),
        ({"size": 0}, {"bytes": 1 << 16}, True),
    ],
)
def test_below_half_it_has_collapsed_unless_it_was_tiny(
    now: dict[str, int], before: dict[str, int], refused: bool
) -> None:
    findings = why_refuse(ORDERS, scan(**now), replace(good(), **before))

    assert _codes(findings) == (["source-collapsed"] if refused else [])


def test_without_a_good_snapshot_any_extent_will_do() -> None:
    assert why_refuse(ORDERS, scan(files=1, size=1), None) == []


def test_an_excluded_file_that_the_last_good_snapshot_held_is_refused() -> None:
    findings = why_refuse(ORDERS, scan(excluded_held=(b"srv/orders/db",)), good())

    assert _codes(findings) == ["exclude-drops-data"]
    assert findings[0].path == "/srv/orders/db"


@pytest.mark.parametrize(
    ("root", "refused", "warned"),
    [
        (RootIdentity("/srv/orders", 9, 9, 40), ["source-collapsed"], ["source-replaced"]),
        (RootIdentity("/srv/orders", 9, 9, 50), [], ["source-replaced"]),
        (RootIdentity("/srv/orders", 9, 2, 40), [], []),  # the device's number changed with a reboot
        (RootIdentity("/srv/orders", 1, 9, 40), [], []),  # the directory was made anew
    ],
)
def test_another_file_system_is_told_and_refused_when_it_holds_less(
    root: RootIdentity, refused: list[str], warned: list[str]
) -> None:
    now = scan(roots=(root,))

    assert _codes(why_refuse(ORDERS, now, good())) == refused
    assert _codes(replaced_roots(ORDERS, now, good())) == warned


def test_a_file_that_is_being_written_may_be_zero_for_a_moment() -> None:
    zeroed = scan(zeroed=(b"srv/orders/a", b"srv/orders/b"))

    assert [found.path for found in blemishes(ORDERS, zeroed, {b"srv/orders/a"})] == ["/srv/orders/b"]


def test_of_many_unreadable_files_twenty_are_named_and_the_others_counted() -> None:
    unreadable = tuple((b"srv/orders/%d" % number, "denied") for number in range(25))

    findings = blemishes(ORDERS, scan(unreadable=unreadable), set())

    assert _codes(findings) == ["file-unreadable"] * 21
    assert "5 more" in findings[-1].message


SUMMARY = BackupSummary(snapshot="ab" * 32, files=104, bytes=10 * MIB + 4000)


@pytest.mark.parametrize(
    ("summary", "moved", "bad"),
    [
        ({}, Moved(), False),
        ({"files": 103}, Moved(), True),
        ({"files": 105}, Moved(), True),
        ({"bytes": 10 * MIB}, Moved(), True),
        ({"files": 103}, Moved((b"srv/orders/a",), 1), False),
        ({"files": 102}, Moved((b"srv/orders/a",), 1), True),
        ({"files": 103}, Moved((b"srv/orders/log",), 0), True),  # it was only written to
        ({"bytes": 10 * MIB}, Moved((b"srv/orders/log",), 0), False),
        ({"files": 140}, Moved((b"srv/orders",), 0), False),  # files came and went in a directory
    ],
)
def test_restic_must_have_what_the_witness_lists(summary: dict[str, int], moved: Moved, bad: bool) -> None:
    findings = what_is_missing(ORDERS, scan(), (4, 4000), replace(SUMMARY, **summary), moved)

    assert _codes(findings) == (["snapshot-incomplete"] if bad else [])


def test_what_restic_could_not_read_is_named_unless_it_is_known() -> None:
    summary = replace(SUMMARY, unreadable=("/srv/orders/a", "/srv/orders/b"), complete=False)

    findings = what_is_missing(ORDERS, scan(), (4, 4000), summary, Moved((b"srv/orders/a",), 1))

    assert [(found.code, found.path) for found in findings] == [("file-unreadable", "/srv/orders/b")]


def test_a_table_may_lose_half_of_its_rows_and_no_more() -> None:
    def table(rows: int) -> TableCounts:
        return TableCounts("/srv/orders/orders.db", "0-orders.db", {"orders": rows})

    before = replace(good(), tables=(table(100),))

    assert fewer_rows(ORDERS, [table(50)], before) == []
    assert _codes(fewer_rows(ORDERS, [table(49)], before)) == ["database-collapsed"]
    gone = TableCounts("/srv/orders/orders.db", "0-orders.db", {})
    assert _codes(fewer_rows(ORDERS, [gone], before)) == ["database-collapsed"]
    assert fewer_rows(ORDERS, [table(0)], None) == []


def test_another_identity_is_another_repository() -> None:
    assert _codes(identity_findings("orders", "primary", "aa", "bb", [("cc", None)])) == [
        "repository-changed"
    ]
    assert _codes(identity_findings("orders", "primary", "aa", "aa", [("cc", None)])) == [
        "snapshots-vanished"
    ]
    assert identity_findings("orders", "primary", "aa", "aa", []) == []


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
    ours = StoredSnapshot(id="aa", time=good().started, host="shop", paths=("/srv/orders", "/w"), tags=tags)
    newer = replace(ours, id="bb", time=ours.time + timedelta(hours=1), **other)

    assert matching([newer, ours], process="orders", host="shop", paths=("/srv/orders",)) == [ours]


def test_a_short_id_must_be_the_only_one_that_fits() -> None:
    def stored(name: str) -> StoredSnapshot:
        return StoredSnapshot(id=name, time=good().started, host="shop", paths=())

    assert find_snapshot([stored("abcd1"), stored("ffff")], "abcd") == stored("abcd1")
    assert find_snapshot([stored("abcd1"), stored("abcd2")], "abcd") is None
    assert find_snapshot([], "abcd") is None


def test_what_came_and_went_in_a_moving_directory_is_explained_and_nothing_else() -> None:
    moving = MovingFiles(paths=frozenset({b"srv/orders/mail"}))

    assert moving.explains_new(b"srv/orders/mail/tmp-1", 0)
    assert moving.explains_new(b"srv/orders/mail/new/deep", 0)
    assert not moving.explains_new(b"srv/orders/other", 0)
    assert not moving.holds(b"srv/orders/mail/file", None)
