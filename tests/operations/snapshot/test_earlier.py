"""Earlier snapshots, as the one that is being taken is held against them."""

from datetime import timedelta

from agent.operations.snapshot.earlier import Earlier
from support.builders.shop import NOW, ago, process, snapshot
from support.doubles.fakes import FakeLedger


def earlier(*records) -> Earlier:
    return Earlier(process(), "primary", FakeLedger(*records), NOW)


def test_the_measure_is_the_newest_good_one_wherever_it_lies() -> None:
    here, away = snapshot(3), snapshot(2, repository="planb")
    assert earlier(here, away, snapshot(1, "failed")).measure() == away
    assert earlier(here, snapshot(4, repository="planb")).measure() == here
    assert earlier(here, snapshot(1, repository="planb", copy_of="a")).measure() == here
    months_ago = snapshot(3, started=ago(0) - timedelta(days=60))
    assert earlier(months_ago).measure() == months_ago


def test_a_process_without_snapshots_has_no_last_good_one() -> None:
    assert earlier().measure() is None
    assert earlier().last_good() is None


def test_the_last_good_one_anywhere_may_lie_in_another_repository() -> None:
    here, away = snapshot(3), snapshot(2, repository="planb")
    assert earlier(here, away).last_good() == away


def test_what_was_taken_months_ago_or_is_a_copy_is_no_measure_of_shrinkage() -> None:
    found = earlier()
    assert found._counts(snapshot(5))
    assert found._counts(snapshot(5, repository="planb"))
    assert not found._counts(snapshot(5, copy_of="a"))
    assert not found._counts(snapshot(5, "failed"))
    assert not found._counts(snapshot(5, started=ago(0) - timedelta(days=60)))
