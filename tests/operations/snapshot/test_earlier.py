"""Earlier snapshots, as the one that is being taken is held against them."""

from datetime import timedelta

from agent.operations.snapshot.earlier import Earlier
from support.builders.shop import NOW, ago, process, snapshot
from support.doubles.fakes import FakeLedger


def earlier(*records) -> Earlier:
    return Earlier(process(), "primary", FakeLedger(*records), NOW)


def test_the_last_good_one_here_is_no_copy_elsewhere_and_none_that_failed() -> None:
    here, away = snapshot(3), snapshot(2, repository="planb")
    found = earlier(here, away, snapshot(1, "failed"))
    assert found.last_good_here() == here


def test_a_process_without_snapshots_has_no_last_good_one() -> None:
    assert earlier().last_good_here() is None
    assert earlier().last_good() is None


def test_the_last_good_one_anywhere_may_lie_in_another_repository() -> None:
    here, away = snapshot(3), snapshot(2, repository="planb")
    assert earlier(here, away).last_good() == away


def test_what_was_taken_months_ago_or_elsewhere_is_no_measure_of_shrinkage() -> None:
    found = earlier()
    assert found._counts(snapshot(5))
    assert not found._counts(snapshot(5, repository="planb"))
    assert not found._counts(snapshot(5, copy_of="a"))
    assert not found._counts(snapshot(5, "failed"))
    assert not found._counts(snapshot(5, started=ago(0) - timedelta(days=60)))
