"""Which snapshots have to be in a repository as far as the ledger knows, and which of them are not."""

from typing import Any

from msgspec import structs

from agent.core.model.records import Body, Entry, ListingRecord, RetentionRecord
from agent.core.model.repository import StoredSnapshot
from agent.core.upkeep.vanished import NOTED_AFTER, Known, known_snapshots, removed_by, under_new_ids
from support.builders.shop import NOW, ago, wrong
from support.builders.vanishing import A, B, C, listed, retained, taken


def entry(number: int, body: Body) -> Entry:
    return Entry(sequence=number, at=NOW, body=body, hash="")


def listing(number: int, *names: str) -> Entry:
    noted = ListingRecord(process="orders", repository="primary", started=NOW, host="shop", snapshots=names)
    return entry(number, noted)


def known(*entries: Entry, note: Entry | None = None, **other: Any) -> tuple[str, ...]:
    """Newest first, as far as these records of the primary repository tell."""
    retentions = [each for each in entries if isinstance(each.body, RetentionRecord)]
    snapshots = [each for each in entries if each not in retentions]
    where = {"process": "orders", "repository": "primary", "host": "shop"} | other
    return known_snapshots(snapshots, retentions, note, **where).ids


# ---- what is known --------------------------------------------------------------------------


def test_what_was_taken_has_to_be_there_newest_first() -> None:
    assert known(entry(1, taken(A)), entry(2, taken(B))) == (B, A)


def test_what_was_put_into_another_repository_is_missed_in_none() -> None:
    there = structs.replace(taken(B), outcome="failed", findings=(wrong("repository-changed"),))
    assert known(entry(1, taken(A)), entry(2, there)) == (A,)


def test_what_we_removed_since_is_not_missed() -> None:
    assert known(entry(1, taken(A)), entry(2, taken(B)), entry(3, retained(removed=(A,)))) == (B,)


def test_a_note_of_what_was_there_counts_more_than_what_was_taken_before_it() -> None:
    assert known(entry(4, taken(B)), note=listing(3, C, A)) == (B, C, A)


def test_of_a_retention_and_a_listing_the_newer_note_counts() -> None:
    left = entry(5, retained(B))

    assert known(left, note=listing(3, C, A)) == (B,)
    assert known(left, note=listing(7, C, A)) == (C, A)


def test_a_person_who_accepts_begins_anew_whatever_was_noted_before() -> None:
    assert known(entry(5, taken(B, accepted=True)), note=listing(3, A)) == (B,)


def test_snapshots_of_another_machine_or_repository_are_not_looked_for_here() -> None:
    others = entry(1, taken(A, host="other")), entry(2, taken(B, repository="planb")), entry(3, taken(C))

    assert known(*others) == (C,)
    assert known(*others, host="other") == (A,)


# ---- what became of it ----------------------------------------------------------------------


def test_what_is_not_listed_is_missing() -> None:
    assert Known((C, B, A)).missing(listed(B)) == [C, A]


def test_the_end_of_a_removal_says_more_than_what_it_meant_to_do() -> None:
    begun, ended = retained(removed=(A, B)), retained(removed=(A,))

    assert removed_by([begun]) == {A, B}
    assert removed_by([begun, ended]) == {A}
    assert removed_by([begun, retained(run=1, removed=(C,))]) == {A, B, C}


def test_what_is_there_is_noted_when_more_is_there_than_is_known() -> None:
    assert Known((A,)).is_outdated(listed(A, B))
    assert not Known((A,)).is_outdated(listed(A))
    assert not Known((A, C)).is_outdated(listed(A, B)), "something is missing: that is no state to note"


def test_what_is_tedious_to_know_is_noted_as_well() -> None:
    assert Known((A,), NOTED_AFTER + 1).is_outdated(listed(A))
    assert not Known((A,), NOTED_AFTER).is_outdated(listed(A))


# ---- under another ID -------------------------------------------------------------------------


def changed(original: str, tree: str = "t", hours: float = 1) -> StoredSnapshot:
    return StoredSnapshot(id=C, time=ago(hours), host="shop", paths=(), tree=tree, original=original)


def test_the_same_content_of_the_same_time_under_another_id_is_the_same_snapshot() -> None:
    record = taken(A, tree="t", accepted=True)
    found = under_new_ids([A], [record], [changed(A)])[A]
    assert (found.snapshot, found.copy_of, found.accepted, found.outcome) == (C, A, False, "passed")


def test_a_copy_is_found_by_what_it_is_a_copy_of() -> None:
    assert under_new_ids([A], [taken(A, tree="t", copy_of=B)], [changed(B)])[A].copy_of == B


def test_other_content_or_time_or_a_tree_that_nobody_noted_is_another_snapshot() -> None:
    record = taken(A, tree="t")
    assert under_new_ids([A], [record], [changed(A, tree="less")]) == {}
    assert under_new_ids([A], [record], [changed(A, hours=2)]) == {}
    assert under_new_ids([A], [record], [changed(B)]) == {}
    assert under_new_ids([A], [taken(A)], [changed(A, tree="")]) == {}
    assert under_new_ids([B], [record], [changed(A)]) == {}


def test_what_was_wrong_with_it_stays_wrong_and_what_was_said_of_the_repository_does_not() -> None:
    robbed = taken(A, tree="t", outcome="failed", findings=(wrong("snapshots-vanished"),))
    assert (under_new_ids([A], [robbed], [changed(A)])[A].outcome) == "passed"
    bad = taken(A, tree="t", outcome="failed", findings=(wrong("file-zeroed"), wrong("mass-change")))
    found = under_new_ids([A], [bad], [changed(A)])[A]
    assert (found.outcome, [each.code for each in found.findings]) == ("failed", ["file-zeroed"])
