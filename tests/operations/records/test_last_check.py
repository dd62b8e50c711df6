"""The newest check of a repository that came to a result, and what damage that it found forbids."""

from datetime import datetime, timedelta
from typing import Any

from agent.core.model.records import CheckRecord
from agent.operations.records.last_check import frozen_by_damage, last_checked
from support.builders.shop import NOW, wrong
from support.doubles.fakes import FakeLedger

DAMAGED = wrong("repository-damaged", "", "Pack 0a39 is damaged.")


def check(number: int, outcome: Any = "passed", *findings: Any, repository: str = "primary") -> CheckRecord:
    started: datetime = NOW + timedelta(hours=number)
    return CheckRecord(
        repository=repository,
        started=started,
        outcome=outcome,
        seconds=1,
        part=number,
        parts=28,
        findings=findings,
    )


def part(*checks: CheckRecord) -> int | None:
    found = last_checked(FakeLedger(*checks), "primary")
    return found.part if found else None


def test_the_newest_that_passed_or_found_damage_counts() -> None:
    assert part(check(1), check(2, "failed", DAMAGED)) == 2
    assert part(check(1, "failed", DAMAGED), check(2)) == 2


def test_one_that_found_no_repository_or_could_not_be_made_is_none() -> None:
    missing = check(2, "failed", wrong("repository-missing", ""))
    assert part(check(1), missing, check(3, "not_tested", wrong("timed-out", ""))) == 1
    assert part(missing) is None


def test_those_of_other_repositories_are_none_of_it() -> None:
    assert part(check(1), check(2, repository="planb")) == 1


def test_while_damage_is_known_nothing_is_removed_and_it_is_said_why() -> None:
    [found] = frozen_by_damage(FakeLedger(check(1, "failed", DAMAGED)), "primary", "Nothing is removed.")
    assert (found.code, found.message) == ("retention-frozen", "Nothing is removed. Pack 0a39 is damaged.")
    assert found.hint == "When it is mended: readiness check primary"


def test_a_sound_repository_forbids_nothing() -> None:
    assert frozen_by_damage(FakeLedger(check(1, "failed", DAMAGED), check(2)), "primary", "x") == []
    assert frozen_by_damage(FakeLedger(), "primary", "x") == []
