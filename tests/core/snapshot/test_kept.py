"""Whether a snapshot kept what the witness lists, its tables, its repository and its place in the listing."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.core.model.repository import BackupSummary, Complaint, StoredSnapshot
from agent.core.model.swapped import Swaps
from agent.core.snapshot.extent import Moved
from agent.core.snapshot.kept import find_snapshot, what_is_missing
from support.builders.live_files import MIB, good, scan
from support.builders.shop import process

ORDERS = process(paths=("/srv/orders",))


def _codes(findings: list[Any]) -> list[str]:
    return [found.code for found in findings]


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
    findings = what_is_missing(ORDERS, scan(), (4, 4000), replace(SUMMARY, **summary), moved, "primary")

    assert _codes(findings) == (["snapshot-incomplete"] if bad else [])


def test_what_restic_could_not_read_is_named_unless_it_is_known() -> None:
    summary = replace(SUMMARY, unreadable=("/srv/orders/a", "/srv/orders/b"), complete=False)

    findings = what_is_missing(ORDERS, scan(), (4, 4000), summary, Moved((b"srv/orders/a",), 1), "primary")

    assert [(found.code, found.path) for found in findings] == [("file-unreadable", "/srv/orders/b")]


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        (Complaint(path="/"), "repository-damaged"),
        (Complaint(path="/", words="something new"), "repository-damaged"),
        (Complaint(path="/srv/orders/d", words="something new"), "repository-damaged"),
        (Complaint(path="/srv/orders/b"), "repository-damaged"),
        (Complaint(path="/srv/orders/b", words="something new"), "file-unreadable"),
        (Complaint(path="/srv/orders/b", code="repository-unreadable", words="no"), "repository-unreadable"),
        (Complaint(path="/srv/orders/a"), ""),
        (Complaint(path="/srv/orders/a", code="repository-damaged"), "repository-damaged"),
    ],
)
def test_what_our_walk_read_without_trouble_speaks_against_the_repository(
    complaint: Complaint, code: str
) -> None:
    summary = replace(SUMMARY, complaints=(complaint,), complete=False)
    walked = scan(extents={b"srv/orders/d": (1, 1)})

    findings = what_is_missing(ORDERS, walked, (4, 4000), summary, Moved((b"srv/orders/a",), 1), "primary")

    assert _codes(findings) == ([code] if code else [])
    if code == "repository-damaged":
        assert "readiness check primary" in findings[0].hint


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/srv/orders/d", "file-unreadable"),
        ("/srv/orders/d/e/page", "file-unreadable"),
        ("/srv/orders/link/data", "file-unreadable"),
        ("/srv/orders/still/data", "repository-damaged"),
        ("/srv/orders/page", "repository-damaged"),
        ("/srv/orders", "repository-damaged"),
        ("/", "repository-damaged"),
    ],
)
def test_what_may_have_been_a_link_while_restic_read_speaks_against_nobody_else(path: str, code: str) -> None:
    """The first restic has no words for it."""
    summary = replace(SUMMARY, complaints=(Complaint(path=path),), complete=False)
    walked = scan(extents={b"srv/orders": (4, 4), b"srv/orders/d": (1, 1), b"srv/orders/still": (1, 1)})
    swaps = Swaps(stirred=("/srv/orders",), steady={"/srv/orders/still"})

    findings = what_is_missing(ORDERS, walked, (4, 4000), summary, Moved(swaps=swaps), "primary")
    above = what_is_missing(
        ORDERS, walked, (4, 4000), summary, Moved(swaps=Swaps(whole=("/srv/orders",))), "primary"
    )

    assert _codes(findings) == [code]
    assert _codes(above) == ["repository-damaged" if path == "/" else "file-unreadable"]


def test_what_restic_has_no_words_for_may_have_come_and_gone() -> None:
    said = (Complaint(path="/a"), Complaint(path="/b", words="load(<tree>)"))
    assert replace(SUMMARY, absent=("/c",), complaints=said).missed == ("/c", "/a")


def test_a_short_id_must_be_the_only_one_that_fits() -> None:
    def stored(name: str) -> StoredSnapshot:
        return StoredSnapshot(id=name, time=good().started, host="shop", paths=())

    assert find_snapshot([stored("abcd1"), stored("ffff")], "abcd") == stored("abcd1")
    assert find_snapshot([stored("abcd1"), stored("abcd2")], "abcd") is None
    assert find_snapshot([], "abcd") is None
