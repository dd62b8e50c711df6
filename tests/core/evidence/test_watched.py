"""Which findings of the looks at live files are still open: until a snapshot passes, or a person accepts."""

from typing import Any

from agent.core.evidence.evidence import Copy
from agent.core.evidence.watched import open_watch_findings
from agent.core.model.findings import Finding
from agent.core.model.records import WatchRecord
from support.builders.shop import ago, copy, snapshot, wrong


def look(hours: float, *findings: Finding) -> WatchRecord:
    return WatchRecord(process="orders", started=ago(hours), outcome="passed", findings=findings)


def still_open(watch: WatchRecord | None, *records: Any, more: tuple[Copy, ...] = ()) -> list[str]:
    return [found.code for found in open_watch_findings(watch, (copy(*records), *more))]


def test_what_is_wrong_with_a_path_is_over_once_a_snapshot_has_passed() -> None:
    seen = look(2, wrong("source-missing"))

    assert still_open(seen, snapshot(3)) == ["source-missing"]
    assert still_open(seen, snapshot(1, "failed", findings=()), snapshot(3)) == ["source-missing"]
    assert still_open(seen, snapshot(1)) == []


def test_a_mass_change_is_over_only_when_a_person_accepts_it() -> None:
    seen = look(2, wrong("mass-change"))

    assert still_open(seen, snapshot(1)) == ["mass-change"]
    assert still_open(seen, snapshot(1, accepted=True)) == []
    assert still_open(seen, snapshot(3, accepted=True)) == ["mass-change"]


def test_a_mass_change_that_a_snapshot_told_of_is_open_without_any_look() -> None:
    assert still_open(None, snapshot(1), snapshot(2, findings=(wrong("mass-change"),))) == ["mass-change"]


def test_an_accepted_snapshot_in_another_repository_counts_as_well() -> None:
    accepted = copy(snapshot(1, accepted=True), repository="planb")

    assert still_open(look(2, wrong("mass-change")), snapshot(3), more=(accepted,)) == []


def test_what_neither_snapshot_nor_person_ends_is_open_as_long_as_the_newest_look_says_so() -> None:
    assert still_open(look(2, wrong("watch-limit")), snapshot(1, accepted=True)) == ["watch-limit"]


def test_what_only_informs_is_nothing_that_is_open() -> None:
    assert still_open(look(1, wrong("no-events"))) == []


def test_what_failed_the_newest_snapshot_is_said_there_and_not_twice() -> None:
    missing = wrong("source-missing")

    assert still_open(look(1, missing), snapshot(0.5, "failed", findings=(missing,)), snapshot(3)) == []


def test_the_same_seen_twice_is_one_finding() -> None:
    seen = look(1, wrong("mass-change"))

    assert still_open(seen, snapshot(2, findings=(wrong("mass-change"),))) == ["mass-change"]
