"""Which snapshots have to be in a repository, and what is said when they are not."""

from pathlib import Path
from typing import Self

import pytest

from agent.adapters.ledger.ledger import open_ledger
from agent.core.model.records import RepositoryRecord
from agent.core.model.repository import StoredSnapshot
from agent.operations.records.vanished import Vanished
from support.builders.shop import NOW, ago
from support.builders.vanishing import A, B, C, D, known, listed, retained, taken
from support.doubles.fakes import FakeLedger


class Same:
    """A repository that says who it is, and holds nothing under other tags."""

    def __init__(self, identity: str = "4a5b") -> None:
        self.identity = identity

    def repository_id(self) -> str:
        return self.identity

    def start_listing(self, *_: str) -> Self:
        return self

    def result(self) -> list[StoredSnapshot]:
        return []


def test_an_empty_ledger_knows_nothing() -> None:
    assert known() == set()


def test_every_snapshot_that_was_taken_is_known_good_or_not() -> None:
    assert known(taken(A), taken(B, outcome="failed"), taken("", outcome="not_tested")) == {A, B}


def test_what_was_removed_is_not_missed() -> None:
    assert known(taken(A), taken(B), retained(B, removed=(A,))) == {B}


def test_what_was_left_is_known_and_so_is_what_came_after() -> None:
    """Also what no record of ours names: it was seen there."""
    assert known(taken(A), retained(B, removed=(A,)), taken(C)) == {B, C}


def test_a_retention_that_noted_nothing_changes_nothing() -> None:
    assert known(taken(A), retained(), taken(B), retained(run=1)) == {A, B}


def test_a_removal_that_was_killed_may_have_removed_all_that_it_meant_to() -> None:
    assert known(taken(A), taken(B), retained(removed=(A,), outcome="not_tested")) == {B}


def test_the_end_of_a_removal_says_what_really_went() -> None:
    begun = retained(removed=(A, B), outcome="not_tested")
    assert known(taken(A), taken(B), taken(C), begun, retained(removed=(A,))) == {B, C}


def test_another_hosts_process_or_repository_is_another_matter() -> None:
    others = [taken(A, host="other"), taken(B, process="mail"), taken(C, repository="plan-b")]
    assert known(*others, taken(D)) == {D}
    assert known(taken(A), retained(B, removed=(A,), host="other")) == {A}
    assert known(*others, repository="plan-b") == {C}


def test_a_person_who_accepts_begins_anew() -> None:
    assert known(taken(A), taken(B, accepted=True), taken(C)) == {B, C}
    assert known(taken(A), retained(A, B, removed=(D,)), taken(C, accepted=True)) == {C}


def test_a_person_who_accepts_forgives_in_every_repository() -> None:
    accepted = taken(B, accepted=True)
    assert known(taken(A, repository="plan-b"), accepted, repository="plan-b") == set()


def test_what_is_left_after_a_person_accepted_is_known_again() -> None:
    assert known(taken(A), taken(B, accepted=True), retained(A, B, removed=(D,))) == {A, B}


def test_a_snapshot_that_was_accepted_but_is_not_good_begins_nothing() -> None:
    assert known(taken(A), taken(B, accepted=True, outcome="failed")) == {A, B}


def test_nothing_is_said_while_all_is_there() -> None:
    look = Vanished(FakeLedger(taken(A)), "orders", "primary", "shop")
    assert look.findings(listed(A, B), Same()) == []  # type: ignore[arg-type]


def test_how_many_are_missing_and_the_newest_of_them_are_named() -> None:
    records = [taken(name * 64, hours) for name, hours in (("1", 9), ("2", 8), ("3", 7), ("4", 6), ("5", 5))]
    look = Vanished(FakeLedger(*records), "orders", "primary", "shop")

    (found,) = look.findings(listed("3" * 64), Same())  # type: ignore[arg-type]

    assert (found.code, found.severity, found.process) == ("snapshots-vanished", "error", "orders")
    assert "4 snapshots of orders" in found.message
    assert f"55555555 ({ago(5):%Y-%m-%d %H:%M} UTC), 44444444" in found.message
    assert found.message.endswith("and 1 more.")
    assert "readiness snapshot --accept orders" in found.hint


def test_another_repository_in_its_place_is_said_even_to_a_person_who_accepts() -> None:
    ledger = FakeLedger(RepositoryRecord(repository="primary", repository_id="4a5b"), taken(A))
    look = Vanished(ledger, "orders", "primary", "shop")

    assert [f.code for f in look.findings([], Same("ffff"), forgiven=True)] == ["repository-changed"]  # type: ignore[arg-type]
    assert look.findings([], Same(), forgiven=True) == []  # type: ignore[arg-type]


def test_what_came_while_it_was_listed_is_not_missed() -> None:
    ledger = FakeLedger(taken(A))
    look = Vanished(ledger, "orders", "primary", "shop")
    known = look.known()
    ledger.append(taken(B), NOW)

    assert [f.code for f in look.findings(listed(A), Same())] == ["snapshots-vanished"]  # type: ignore[arg-type]
    assert look.findings(listed(A), Same(), known=known) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("idle", [0, 3, 40])
def test_only_what_came_after_the_last_removal_is_read_however_many_runs_removed_nothing(
    tmp_path: Path, idle: int
) -> None:
    with open_ledger(tmp_path / "ledger.db") as ledger:
        for hours in range(30, 10, -1):
            ledger.append(taken(f"{hours:064x}", hours), NOW)
        ledger.append(retained(A, removed=(D,)), NOW)
        for run in range(idle):
            ledger.append(retained(run=run + 1), NOW)
        ledger.append(taken(B), NOW)
        found = Vanished(ledger, "orders", "primary", "shop").known()
    assert (set(found.ids), found.records) == ({A, B}, 1)


@pytest.mark.parametrize(
    ("unreadable", "told"),
    [((B[:8],), ["mail"]), ((B,), ["mail"]), ((C,), []), (("d" * 8,), []), ((A, B), ["orders", "mail"])],
)
def test_a_damaged_snapshot_of_another_process_is_told_unless_it_was_removed_or_nobody_knows_it(
    unreadable: tuple[str, ...], told: list[str]
) -> None:
    ledger = FakeLedger(
        taken(A),
        taken(B, process="mail"),
        taken(C, process="mail"),
        retained(B, removed=(C,), process="mail"),
    )
    look = Vanished(ledger, "orders", "primary", "shop")
    found = look.findings(listed() if A in unreadable else listed(A), Same(), unreadable=unreadable)  # type: ignore[arg-type]
    assert [(one.process, one.code) for one in found] == [(name, "repository-damaged") for name in told]
